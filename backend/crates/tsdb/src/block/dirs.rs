//! Names of directories in a data directory. They are Prometheus', so that either cleans up after the other.

use ulid::Ulid;

const BEING_CREATED: &str = ".tmp-for-creation";
const BEING_DELETED: &str = ".tmp-for-deletion";
/// As older versions of Prometheus called both.
const UNFINISHED: &str = ".tmp";

/// Of a block that is being written.
pub(crate) fn being_created(ulid: Ulid) -> String {
    format!("{ulid}{BEING_CREATED}")
}

/// Of a block that is being removed.
pub(crate) fn being_deleted(ulid: Ulid) -> String {
    format!("{ulid}{BEING_DELETED}")
}

/// The block that a directory holds, going by its name.
pub(crate) fn block_of(name: &str) -> Option<Ulid> {
    let ulid = Ulid::from_string(name).ok()?;
    (ulid.to_string() == name).then_some(ulid)
}

/// Whether a directory is what a crash left of a block that was being written or removed.
pub(crate) fn is_leftover(name: &str) -> bool {
    let suffixes = [BEING_CREATED, BEING_DELETED, UNFINISHED];
    suffixes.iter().any(|suffix| name.strip_suffix(suffix).and_then(block_of).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_blocks_from_leftovers() {
        let ulid = Ulid::from(77u128);
        assert_eq!(block_of(&ulid.to_string()), Some(ulid));
        for name in [being_created(ulid), being_deleted(ulid), format!("{ulid}.tmp")] {
            assert!(is_leftover(&name) && block_of(&name).is_none(), "{name}");
        }
        for name in ["wal", "chunks_head", "wal.tmp", &ulid.to_string().to_lowercase()] {
            assert!(!is_leftover(name) && block_of(name).is_none(), "{name}");
        }
    }
}
