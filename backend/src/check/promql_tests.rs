//! `check promql-tests`: evaluations that pass and fail, per file and in all.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use platform::SystemClock;
use promql::script::{Class, FileReport, ScriptOptions, run};
use promql_syntax::{Features, ParseOptions};

use super::{exit, say};

/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

pub(super) fn check(features: &[String], files: &[PathBuf]) -> ExitCode {
    let mut enabled = Features::default();
    for name in features {
        if name == "all" {
            enabled = Features::all();
        } else if !enabled.enable(name) {
            say(&format!("unknown feature {name:?}"));
            return ExitCode::FAILURE;
        }
    }
    let clock = SystemClock::shared();
    let options = ScriptOptions {
        parse: ParseOptions { features: enabled },
        clock: Arc::new(move || clock.monotonic()),
    };
    let mut good = true;
    let mut total = FileReport::default();
    for path in files {
        let text = match platform::files::read_text(path, FILE_BYTES_MAX) {
            Ok(text) => text,
            Err(error) => {
                good = false;
                say(&format!("{}: cannot be read: {error}", path.display()));
                continue;
            }
        };
        let report = run(&text, &options);
        for (line, reason) in &report.broken {
            say(&format!("{}:{line}: cannot be run: {reason}", path.display()));
        }
        for eval in report.failures() {
            let (expected, got) = eval.failure.clone().unwrap_or_default();
            say(&format!(
                "{}:{}: FAILED: {}\n  expected: {}\n  got:      {}",
                path.display(),
                eval.line,
                eval.query,
                indented(&expected),
                indented(&got)
            ));
        }
        say(&format!("{}: {}", path.display(), score(&report)));
        total.evals.extend(report.evals);
        total.broken.extend(report.broken);
    }
    say(&format!("total: {}", score(&total)));
    exit(good && total.broken.is_empty() && total.failures().next().is_none())
}

fn score(report: &FileReport) -> String {
    let (passed, all) = report.score(None);
    let mut text = format!("{passed} of {all} evals passed, {} failed", all - passed);
    let classes = [
        (Class::Float, "floats"),
        (Class::Histogram, "native histograms"),
        (Class::Feature, "behind features"),
    ];
    let parts: Vec<String> = classes
        .into_iter()
        .filter_map(|(class, name)| match report.score(Some(class)) {
            (_, 0) => None,
            (passed, all) => Some(format!("{name} {passed}/{all}")),
        })
        .collect();
    if !parts.is_empty() {
        text.push_str(&format!(" ({})", parts.join(", ")));
    }
    if !report.broken.is_empty() {
        text.push_str(&format!(", {} commands could not be run", report.broken.len()));
    }
    text
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n            ")
}
