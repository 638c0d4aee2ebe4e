//! `check alertmanager`: the routing tree, the receivers, and the templates in the files it names.

use std::path::Path;

use super::Verdict;
use crate::serve::alerting::LoadedAlerting;

pub(super) fn check(path: &Path) -> Verdict {
    match LoadedAlerting::load(path) {
        Ok(loaded) => {
            let config = &loaded.config;
            let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
            let mut text = format!(
                "{}, {}, {}",
                count(config.receivers.len(), "receiver"),
                count(config.inhibit_rules.len(), "inhibition rule"),
                count(config.time_intervals.len(), "time interval")
            );
            for warning in &config.warnings {
                text.push_str("\n  warning: ");
                text.push_str(warning);
            }
            Verdict::good(text)
        }
        Err(error) if error.file == path => Verdict::bad(match error.place {
            Some(place) => format!("line {}, column {}: {}", place.line, place.column, error.message),
            None => error.message,
        }),
        Err(error) => Verdict::bad(error.to_string()),
    }
}
