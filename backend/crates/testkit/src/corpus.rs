//! Test data that does not live in the repository.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

/// The folder of external corpora (`WATCHFIRE_CORPORA`) joined with `name`, if it is there. A test that
/// gets `None` calls [`skip`] and returns.
#[must_use]
pub fn corpus(name: &str) -> Option<PathBuf> {
    let root = env::var_os("WATCHFIRE_CORPORA").filter(|root| !root.is_empty())?;
    let path = PathBuf::from(root).join(name);
    path.exists().then_some(path)
}

/// Says that the calling test did not run, and why. `cargo xtask test` collects these lines from the file
/// named by `WATCHFIRE_SKIPPED` and counts the tests as skipped, not as passed.
#[allow(clippy::print_stderr, reason = "a test's reader looks at its output")]
pub fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("unnamed test").to_owned();
    eprintln!("skipped: {test}: {reason}");
    if let Some(path) = env::var_os("WATCHFIRE_SKIPPED")
        && let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path)
    {
        // A lost line counts a skipped test as passed; the message above still tells.
        let _ = writeln!(file, "{test}: {reason}");
    }
}
