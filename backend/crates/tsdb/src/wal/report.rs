//! What recovery found and did, for those who start the store and those who look at its health.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

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
        for damage in &self.damage {
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
        if self.orphaned_samples > 0 {
            write!(f, "; LOST {} samples whose series could not be read", self.orphaned_samples)?;
        }
        Ok(())
    }
}
