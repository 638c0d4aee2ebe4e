//! A process that is measured from outside: what the kernel says of its time, memory and writing.

use std::process::{Child, Command, ExitStatus};

use anyhow::{Context, Result};

/// The kernel counts CPU time for `/proc/PID/stat` in hundredths of a second, on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process that is killed when it is no longer looked at.
pub(super) struct Process(Child);

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// All of it, mapped files included.
    pub(super) resident: f64,
    /// Without mapped files, which the kernel can drop.
    pub(super) anonymous: f64,
    /// The most that was resident at a time.
    pub(super) peak: f64,
}

/// What a process has written since its start, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Sent towards a disk; pages that were written several times before they went count once.
    pub(super) disk: f64,
    /// Given to `write` calls, sockets included.
    pub(super) calls: f64,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.spawn().with_context(|| format!("failed to start {command:?}"))?))
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// User and system time of all threads, in seconds.
    ///
    /// # Errors
    /// When the process is gone.
    pub(super) fn cpu_s(&self) -> Result<f64> {
        let stat = self.proc("stat")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| -> Result<f64> { Ok(fields.get(at).context("short stat line")?.parse()?) };
        Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
    }

    /// Memory now.
    ///
    /// # Errors
    /// When the process is gone.
    pub(super) fn memory(&self) -> Result<Memory> {
        let status = self.proc("status")?;
        let bytes = |name: &str| number_behind(&status, name).map(|kib| kib * 1024.0);
        Ok(Memory { resident: bytes("VmRSS:")?, anonymous: bytes("RssAnon:")?, peak: bytes("VmHWM:")? })
    }

    /// Bytes written until now.
    ///
    /// # Errors
    /// When the process is gone or belongs to somebody else.
    pub(super) fn written(&self) -> Result<Written> {
        let io = self.proc("io")?;
        Ok(Written { disk: number_behind(&io, "write_bytes:")?, calls: number_behind(&io, "wchar:")? })
    }

    fn proc(&self, file: &str) -> Result<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).context("the server ended")
    }
}

impl Drop for Process {
    /// Ends it with a signal that it cannot catch.
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first number of the line that begins with `name`.
fn number_behind(text: &str, name: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    Ok(line.split_whitespace().next().context("no number")?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_exactly_that_name() {
        let io = "wchar: 7\nwrite_bytes: 4096\ncancelled_write_bytes: 1\n";
        assert_eq!(number_behind(io, "write_bytes:").unwrap(), 4096.0);
        assert_eq!(number_behind("VmRSS:\t  12 kB\n", "VmRSS:").unwrap(), 12.0);
        assert!(number_behind(io, "rchar:").is_err());
    }
}
