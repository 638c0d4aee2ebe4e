//! What recovery found and did, for those who start the store and those who look at its health.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Places of damage that are told one by one.
const DAMAGE_SHOWN: usize = 10;

/// What recovery found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Number of the checkpoint that was loaded.
    pub checkpoint: Option<u64>,
    /// Segments that were replayed.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Series in the head afterwards.
    pub series: u64,
    /// Samples replayed from segments (those in a checkpoint's chunks are not counted).
    pub samples: u64,
    /// How long it took.
    pub duration: Duration,
    /// What was cut off the end of the last segment: a write that was never acknowledged, as a crash
    /// leaves it.
    pub torn_tail: Option<TornTail>,
    /// What could not be read, and where it was kept.
    pub damage: Vec<Damage>,
    /// Samples whose series could not be read.
    pub orphaned_samples: u64,
}

/// An incomplete record at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub file: PathBuf,
    /// Where it was cut, in bytes.
    pub offset: u64,
    /// Bytes cut off.
    pub bytes: u64,
}

/// A stretch of the log that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Start of the stretch in bytes.
    pub offset: u64,
    /// Length of the stretch in bytes.
    pub bytes: u64,
    /// What is wrong with it.
    pub reason: String,
    /// The copy of the file that was set aside; `None` when there was no file.
    pub quarantined: Option<PathBuf>,
}

impl RecoveryReport {
    /// Whether all that was ever acknowledged came back, as far as the log can tell.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.damage.is_empty() && self.orphaned_samples == 0
    }
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} series and {} samples from {} segments ({} bytes) in {:.3} s",
            self.series,
            self.samples,
            self.segments,
            self.bytes,
            self.duration.as_secs_f64()
        )?;
        if let Some(tail) = &self.torn_tail {
            write!(f, "; cut {} bytes of an unfinished write off {}", tail.bytes, tail.file.display())?;
        }
        for damage in self.damage.iter().take(DAMAGE_SHOWN) {
            write!(
                f,
                "; LOST {} bytes at offset {} of {}: {}",
                damage.bytes,
                damage.offset,
                damage.file.display(),
                damage.reason
            )?;
            if let Some(copy) = &damage.quarantined {
                write!(f, " (copy kept as {})", copy.display())?;
            }
        }
        let more = self.damage.iter().skip(DAMAGE_SHOWN);
        if more.len() > 0 {
            let bytes: u64 = more.clone().map(|damage| damage.bytes).sum();
            write!(f, "; LOST {bytes} bytes in {} more places", more.len())?;
        }
        if self.orphaned_samples > 0 {
            write!(f, "; LOST {} samples whose series could not be read", self.orphaned_samples)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_in_many_places_is_summed_up() {
        let one = |number: u64| Damage {
            file: PathBuf::from("wal/00000001"),
            offset: number * 100,
            bytes: 7,
            reason: "no valid record".to_owned(),
            quarantined: None,
        };
        let text = |places| {
            let report = RecoveryReport { damage: (0..places).map(one).collect(), ..Default::default() };
            report.to_string()
        };
        assert_eq!(text(10).matches("; LOST 7 bytes at offset").count(), 10);
        assert!(!text(10).contains("more places"));
        assert!(text(2000).ends_with("; LOST 13930 bytes in 1990 more places"), "{}", text(2000));
    }
}
