//! `tombstones`: stretches of time that were deleted from series.
//!
//! Format: magic, version, then series reference, first and last time of each stretch, then the CRC32C of all
//! between version and checksum (Prometheus' tombstones format).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use platform::Disk;

use super::codec::{CRC_BYTES, Decoder, put_uvarint, put_varint, verify};
use super::error::Fault;
use super::{BlockError, file};

/// Name of the file in a block's directory.
pub(crate) const TOMBSTONES_FILE: &str = "tombstones";
const MAGIC: u32 = 0x0130_BA30;
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 5;

/// A stretch of time, both ends included, in milliseconds.
pub(crate) type Interval = (i64, i64);

/// Stretches in ascending order; they neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intervals(Vec<Interval>);

impl Intervals {
    /// Adds a stretch, merging it with those that it meets.
    pub(crate) fn add(&mut self, (start, end): Interval) {
        let first = self.0.partition_point(|held| held.1.saturating_add(1) < start);
        let met = self.0[first..].iter().take_while(|held| held.0 <= end.saturating_add(1)).count();
        let mut merged = (start, end);
        if met > 0 {
            merged = (start.min(self.0[first].0), end.max(self.0[first + met - 1].1));
        }
        self.0.splice(first..first + met, [merged]);
    }

    /// Whether all of a stretch is deleted.
    pub(crate) fn cover(&self, (start, end): Interval) -> bool {
        self.from(start).is_some_and(|held| held.0 <= start && end <= held.1)
    }

    /// Whether some of a stretch is deleted.
    pub(crate) fn meet(&self, (start, end): Interval) -> bool {
        self.from(start).is_some_and(|held| held.0 <= end)
    }

    /// Whether a time is deleted.
    pub(crate) fn contain(&self, t: i64) -> bool {
        self.from(t).is_some_and(|held| held.0 <= t)
    }

    /// The first stretch that does not end before `t`.
    fn from(&self, t: i64) -> Option<&Interval> {
        self.0.get(self.0.partition_point(|held| held.1 < t))
    }
}

impl From<Vec<Interval>> for Intervals {
    fn from(mut stretches: Vec<Interval>) -> Self {
        stretches.sort_unstable();
        let mut intervals = Self::default();
        for stretch in stretches {
            intervals.add(stretch);
        }
        intervals
    }
}

/// The deleted stretches of a block, by series reference.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tombstones(BTreeMap<u64, Arc<Intervals>>);

impl Tombstones {
    pub(crate) fn of(&self, series: u64) -> Option<&Arc<Intervals>> {
        self.0.get(&series)
    }

    pub(crate) fn add(&mut self, series: u64, interval: Interval) {
        Arc::make_mut(self.0.entry(series).or_default()).add(interval);
    }

    /// The series that lost a stretch, in ascending order.
    pub(crate) fn series(&self) -> impl Iterator<Item = u64> {
        self.0.keys().copied()
    }

    /// How many stretches there are.
    pub(crate) fn len(&self) -> u64 {
        self.0.values().map(|intervals| intervals.0.len() as u64).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let body_end = bytes.len().checked_sub(CRC_BYTES).filter(|end| *end >= HEADER_BYTES);
        let body_end = body_end.ok_or_else(|| Fault::new(bytes.len(), "ends too early"))?;
        let mut decoder = Decoder::new(bytes, 0..body_end)?;
        if decoder.be32()? != MAGIC {
            return Err(Fault::new(0, "is no tombstones file"));
        }
        verify(bytes, body_end, crc32c::crc32c(&bytes[HEADER_BYTES..body_end]))?;
        let version = decoder.u8()?;
        if version != VERSION {
            return Err(Fault::new(4, format!("version {version} is not known")));
        }
        let mut found: BTreeMap<u64, Vec<Interval>> = BTreeMap::new();
        while !decoder.is_empty() {
            let at = decoder.position();
            let (series, start, end) = (decoder.uvarint()?, decoder.varint()?, decoder.varint()?);
            if start > end {
                return Err(Fault::new(at, "a stretch that ends before it begins"));
            }
            found.entry(series).or_default().push((start, end));
        }
        Ok(Self(found.into_iter().map(|(series, found)| (series, Arc::new(found.into()))).collect()))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_be_bytes().to_vec();
        out.push(VERSION);
        for (series, intervals) in &self.0 {
            for (start, end) in &intervals.0 {
                put_uvarint(&mut out, *series);
                put_varint(&mut out, *start);
                put_varint(&mut out, *end);
            }
        }
        let crc = crc32c::crc32c(&out[HEADER_BYTES..]);
        out.extend_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads the file of a block; none is the same as an empty one.
    pub(crate) fn read(disk: &dyn Disk, dir: &Path) -> Result<Self, BlockError> {
        let path = dir.join(TOMBSTONES_FILE);
        match disk.map(&path) {
            Ok(bytes) => Self::parse(&bytes).map_err(|fault| fault.within(&path)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(BlockError::io("read", &path, e)),
        }
    }

    /// Writes or replaces the file. The directory is left to the caller to sync.
    pub(crate) fn write(&self, disk: &dyn Disk, dir: &Path) -> Result<(), BlockError> {
        file::replace(disk, &dir.join(TOMBSTONES_FILE), &self.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_file_is_as_prometheus_writes_it() {
        let bytes = Tombstones::default().to_bytes();
        assert_eq!(bytes, [0x01, 0x30, 0xba, 0x30, 1, 0, 0, 0, 0]);
        assert!(Tombstones::parse(&bytes).unwrap().is_empty());
    }

    #[test]
    fn every_mutated_byte_is_noticed() {
        let mut tombstones = Tombstones::default();
        tombstones.add(3, (5, 10));
        tombstones.add(3, (-20, -10));
        tombstones.add(900, (i64::MIN, i64::MAX));
        let bytes = tombstones.to_bytes();
        assert_eq!(Tombstones::parse(&bytes).unwrap().0, tombstones.0);
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut broken = bytes.clone();
                broken[at] ^= flip;
                assert!(Tombstones::parse(&broken).is_err(), "byte {at}");
            }
            assert!(Tombstones::parse(&bytes[..at]).is_err());
        }
    }

    proptest! {
        #[test]
        fn intervals_are_the_set_of_their_times(
            added in proptest::collection::vec((0i64..40, 0i64..10), 0..12),
            asked in (0i64..40, 0i64..10),
        ) {
            let mut intervals = Intervals::default();
            let mut times = std::collections::BTreeSet::new();
            for (start, length) in &added {
                intervals.add((*start, start + length));
                times.extend(*start..=start + length);
            }
            prop_assert!(intervals.0.windows(2).all(|w| w[0].1 + 1 < w[1].0), "{intervals:?}");
            for t in -1..60 {
                prop_assert_eq!(intervals.contain(t), times.contains(&t));
            }
            let asked = (asked.0, asked.0 + asked.1);
            prop_assert_eq!(intervals.cover(asked), (asked.0..=asked.1).all(|t| times.contains(&t)));
            prop_assert_eq!(intervals.meet(asked), (asked.0..=asked.1).any(|t| times.contains(&t)));
        }
    }
}
