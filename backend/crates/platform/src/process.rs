//! What the operating system says about this process. Linux only; elsewhere nothing is known.

use std::time::Duration;

/// Figures of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProcessStatus {
    /// User and system CPU time since its start.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// Virtual memory in bytes.
    pub virtual_bytes: u64,
    /// Open file descriptors.
    pub open_fds: u64,
    /// Most file descriptors it may open; `u64::MAX` for no limit.
    pub max_fds: u64,
    /// Threads.
    pub threads: u64,
    /// Start, seconds since the epoch.
    pub start_seconds: f64,
}

/// Reads the figures; `None` where the operating system does not tell them.
#[must_use]
pub fn process_status() -> Option<ProcessStatus> {
    #[cfg(target_os = "linux")]
    return linux::read();
    #[cfg(not(target_os = "linux"))]
    return None;
}

/// Bytes of memory that belong to this process alone, pages of files not counted; `None` where the operating
/// system does not tell.
#[must_use]
pub fn anonymous_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return linux::anonymous();
    #[cfg(not(target_os = "linux"))]
    return None;
}

/// Gives memory that was freed back to the operating system, where the allocator keeps it otherwise. Takes
/// some milliseconds for each gigabyte.
pub fn return_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    trim();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library's function is declared unsafe")]
fn trim() {
    // SAFETY: malloc_trim may be called at any time from any thread; it takes the allocator's locks itself.
    let _ = unsafe { libc::malloc_trim(0) };
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::time::Duration;

    use super::ProcessStatus;

    /// Clock ticks per second and page size of every Linux this program is built for.
    const TICKS_PER_SECOND: u64 = 100;
    const PAGE_BYTES: u64 = 4096;

    pub(super) fn read() -> Option<ProcessStatus> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The program's name is in parentheses and may hold anything, so fields count from the last one.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let ticks = |count: u64| Duration::from_millis(count * (1000 / TICKS_PER_SECOND));
        Some(ProcessStatus {
            cpu: ticks(field(14)? + field(15)?),
            threads: field(20)?,
            start_seconds: boot_seconds()? + field(22)? as f64 / TICKS_PER_SECOND as f64,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * PAGE_BYTES,
            open_fds: fs::read_dir("/proc/self/fd").ok()?.count() as u64,
            max_fds: max_fds()?,
        })
    }

    pub(super) fn anonymous() -> Option<u64> {
        let statm = fs::read_to_string("/proc/self/statm").ok()?;
        let mut pages = statm.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
        let (resident, of_files) = (pages.next()?.ok()?, pages.next()?.ok()?);
        Some(resident.saturating_sub(of_files) * PAGE_BYTES)
    }

    fn boot_seconds() -> Option<f64> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    }

    fn max_fds() -> Option<u64> {
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        let soft = line.split_ascii_whitespace().next()?;
        Some(soft.parse().unwrap_or(u64::MAX))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_threads_and_files() {
        let status = process_status().unwrap();
        assert!(status.resident_bytes > 100_000 && status.virtual_bytes >= status.resident_bytes);
        assert!(status.threads >= 1 && status.open_fds >= 3 && status.max_fds >= status.open_fds);
        assert!(status.start_seconds > 1.6e9);
        assert!(anonymous_bytes().unwrap() > 100_000);
    }
}
