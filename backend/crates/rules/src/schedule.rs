//! When groups are evaluated.

use md5::{Digest as _, Md5};
use model::TimestampMs;

/// The first time at or after `now_ms` that is the group's: one in each interval, always at the same offset,
/// which follows from its name, so that groups do not all come at once.
pub(crate) fn first_due(file: &str, name: &str, now_ms: TimestampMs, interval_ms: i64) -> TimestampMs {
    let interval = interval_ms.max(1);
    let mut hash = Md5::new();
    hash.update(file);
    hash.update([0]);
    hash.update(name);
    let digest: [u8; 16] = hash.finalize().into();
    let mut low = [0; 8];
    low.copy_from_slice(&digest[8..]);
    let offset = (u64::from_be_bytes(low) % interval.unsigned_abs()) as i64;
    let due = now_ms - now_ms.rem_euclid(interval) + offset;
    if due < now_ms { due + interval } else { due }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_their_offset() {
        for now in [0, 1, 59_999, 1_700_000_000_123] {
            let due = first_due("f", "a", now, 60_000);
            assert!((now..now + 60_000).contains(&due));
            assert_eq!(first_due("f", "a", due, 60_000), due);
            assert_eq!(first_due("f", "a", due + 1, 60_000), due + 60_000);
        }
        let offsets: std::collections::BTreeSet<i64> =
            (0..100).map(|group| first_due("f", &group.to_string(), 0, 60_000)).collect();
        assert!(offsets.len() > 90);
    }
}
