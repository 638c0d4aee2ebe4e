//! How long blocks are kept.

use ulid::Ulid;

use super::Block;

/// What bounds the blocks that are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// A block goes when all of it is this much older than the end of the newest, in milliseconds; 0 for no
    /// bound.
    pub time_ms: i64,
    /// The oldest blocks go when the store takes more bytes on disk than this; 0 for no bound.
    pub bytes: u64,
}

/// Why a block goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// It is too old.
    Time,
    /// There is no room for it.
    Size,
}

/// A block in the eyes of retention.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) ulid: Ulid,
    pub(crate) max_time: i64,
    pub(crate) bytes: u64,
}

impl Kept {
    pub(crate) fn new(block: &Block) -> Self {
        let meta = block.meta();
        Self { ulid: meta.ulid, max_time: meta.max_time, bytes: block.size_bytes() }
    }
}

impl Retention {
    /// Which blocks go, oldest last, as Prometheus decides it. `other_bytes` is what else the store has on
    /// disk: log and chunks of the head. The newest block never goes for its age.
    pub(crate) fn expired(&self, blocks: &[Kept], other_bytes: u64) -> Vec<(Ulid, Expiry)> {
        let mut newest_first = blocks.to_vec();
        newest_first.sort_by_key(|block| (std::cmp::Reverse(block.max_time), block.ulid));
        let Some(newest) = newest_first.first().map(|block| block.max_time) else { return Vec::new() };
        let mut bytes = other_bytes;
        let mut over = None;
        let mut expired = Vec::new();
        for block in newest_first {
            bytes = bytes.saturating_add(block.bytes);
            let old = self.time_ms > 0 && newest.saturating_sub(block.max_time) >= self.time_ms;
            let large = self.bytes > 0 && bytes > self.bytes;
            over = over.or(old.then_some(Expiry::Time)).or(large.then_some(Expiry::Size));
            expired.extend(over.map(|reason| (block.ulid, reason)));
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expired(retention: Retention, other_bytes: u64) -> Vec<(u128, Expiry)> {
        let kept = |id: u128| Kept { ulid: Ulid::from(id), max_time: id as i64 * 10, bytes: 100 };
        let blocks: Vec<Kept> = (1..=5).map(kept).collect();
        retention
            .expired(&blocks, other_bytes)
            .into_iter()
            .map(|(id, reason)| (u128::from(id), reason))
            .collect()
    }

    #[test]
    fn by_age() {
        let time_ms = |time_ms| Retention { time_ms, bytes: 0 };
        assert_eq!(expired(time_ms(0), 0), []);
        assert_eq!(expired(time_ms(41), 0), []);
        assert_eq!(expired(time_ms(30), 0), [(2, Expiry::Time), (1, Expiry::Time)]);
        assert_eq!(expired(time_ms(1), 0).len(), 4);
    }

    #[test]
    fn by_size() {
        let bytes = |bytes| Retention { time_ms: 0, bytes };
        assert_eq!(expired(bytes(500), 0), []);
        assert_eq!(expired(bytes(499), 0), [(1, Expiry::Size)]);
        assert_eq!(expired(bytes(500), 101), [(2, Expiry::Size), (1, Expiry::Size)]);
        assert_eq!(expired(bytes(1), 0).len(), 5);
    }

    #[test]
    fn without_blocks_nothing_goes() {
        assert!(Retention { time_ms: 1, bytes: 1 }.expired(&[], 10).is_empty());
    }
}
