//! `check config`: the file, the jobs in it, and the files it names.

use std::path::Path;

use promql_syntax::ParseOptions;

use super::Verdict;
use crate::serve::config_file;

pub(super) fn check(path: &Path) -> Verdict {
    match config_file::load(path, &ParseOptions::all_features()) {
        Ok(loaded) => {
            let jobs = loaded.scrape.jobs.len();
            let mut text = format!("{jobs} scrape {}", if jobs == 1 { "job" } else { "jobs" });
            if !loaded.main.rule_files.is_empty() {
                let rules: usize = loaded.rules.iter().map(|group| group.rules.len()).sum();
                text.push_str(&format!(", {rules} {}", if rules == 1 { "rule" } else { "rules" }));
            }
            for warning in loaded.warnings() {
                text.push_str("\n  warning: ");
                text.push_str(&warning);
            }
            Verdict::good(text)
        }
        // The file's name stands in front already, and an included file may be the one that is wrong.
        Err(error) if error.file == path => Verdict::bad(match error.place {
            Some(place) => format!("line {}, column {}: {}", place.line, place.column, error.message),
            None => error.message,
        }),
        Err(error) => Verdict::bad(error.to_string()),
    }
}
