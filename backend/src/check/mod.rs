//! `watchfire check …` and `watchfire test …`: what is wrong with a file, as a person and a script want to know it. Each file has a
//! line; the exit status is 1 when any has a mistake.

mod alertmanager;
mod config_file;
mod dashboard;
mod exposition;
mod promql_tests;
mod rules;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use platform::{Disk as _, RealDisk};
use promql_syntax::ParseOptions;

use crate::cli::{Check, Test};

/// What was found out about a file.
pub(crate) struct Verdict {
    pub(crate) ok: bool,
    /// Lines, without the file's name.
    pub(crate) text: String,
}

impl Verdict {
    fn good(text: impl Into<String>) -> Self {
        Self { ok: true, text: text.into() }
    }

    fn bad(text: impl Into<String>) -> Self {
        Self { ok: false, text: text.into() }
    }
}

/// Looks at a file.
type Look<'a> = Box<dyn FnMut(&Path) -> Verdict + 'a>;

/// Runs a check.
pub(crate) fn main(check: &Check) -> ExitCode {
    let (files, look): (&[PathBuf], Look<'_>) = match check {
        Check::Config { files } => (files, Box::new(config_file::check)),
        Check::Exposition { format, strict, files } => (
            files,
            Box::new(|path| with_bytes(path, |bytes| exposition::check(path, bytes, *format, *strict))),
        ),
        Check::Alertmanager { files } => (files, Box::new(alertmanager::check)),
        Check::Rules { files } => (files, Box::new(|path| rules::check(path, &ParseOptions::all_features()))),
        Check::PromqlTests { features, files } => return promql_tests::check(features, files),
        Check::Dashboard { files } => (files, Box::new(|path| with_bytes(path, dashboard::check))),
    };
    run(files, look)
}

/// Runs tests.
pub(crate) fn test(test: &Test) -> ExitCode {
    match test {
        Test::Rules { files } => run(files, |path| rules::test(path, &ParseOptions::all_features())),
    }
}

fn run(files: &[PathBuf], mut look: impl FnMut(&Path) -> Verdict) -> ExitCode {
    let mut all_good = true;
    for path in files {
        let verdict = look(path);
        all_good &= verdict.ok;
        let word = if verdict.ok { "ok" } else { "FAILED" };
        say(&format!("{}: {word}: {}", path.display(), verdict.text));
    }
    exit(all_good)
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes a line to the standard output; a reader that is gone (`| head`) is no mistake.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn with_bytes(path: &Path, look: impl FnOnce(&[u8]) -> Verdict) -> Verdict {
    match RealDisk.read(path) {
        Ok(bytes) => look(&bytes),
        Err(error) => Verdict::bad(format!("cannot be read: {error}")),
    }
}
