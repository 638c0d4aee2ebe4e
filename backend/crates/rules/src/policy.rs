//! What an alerting rule does when its query finds no data, or fails.
//!
//! Prometheus takes no data for "all is well", and keeps quiet about errors. A rule may say otherwise with two
//! annotations of our own, so that its file stays one that Prometheus takes:
//!
//! ```yaml
//! annotations:
//!   watchfire_no_data: alert after 10m
//!   watchfire_error: keep 5m
//! ```
//!
//! `resolve` ends the rule's alerts, `keep` leaves them as they are (for so long), `alert after` adds an alert of the
//! rule's own that says what is wrong.

use config::Problem;
use model::{format_duration, parse_duration};

/// Annotation that says what to do without data.
pub(crate) const NO_DATA: &str = "watchfire_no_data";
/// Annotation that says what to do when the query fails.
pub(crate) const ERROR: &str = "watchfire_error";
/// The label of an alert that tells of trouble with its rule.
pub(crate) const TROUBLE_LABEL: &str = "rule_trouble";

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The rule's alerts end.
    Resolve,
    /// The rule's alerts stay as they are, for so many milliseconds if that is said.
    Keep(Option<i64>),
    /// The rule's alerts stay as they are; after so many milliseconds there is one more that tells of it.
    Alert(i64),
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policies {
    /// Without data.
    pub no_data: Policy,
    /// When its query fails.
    pub error: Policy,
}

impl Default for Policies {
    /// As Prometheus does.
    fn default() -> Self {
        Self { no_data: Policy::Resolve, error: Policy::Keep(None) }
    }
}

impl Policy {
    /// Reads `resolve`, `keep`, `keep 5m` or `alert after 10m`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let length = |text: &str| parse_duration(text).map_err(|error| error.to_string());
        match words[..] {
            ["resolve"] => Ok(Self::Resolve),
            ["keep"] => Ok(Self::Keep(None)),
            ["keep", most] => Ok(Self::Keep(Some(length(most)?))),
            ["alert", "after", after] => Ok(Self::Alert(length(after)?)),
            _ => Err(format!("{text:?} is none of \"resolve\", \"keep\", \"keep 5m\", \"alert after 10m\"")),
        }
    }

    /// Whether the rule's alerts stay, given since how many milliseconds there is trouble.
    pub(crate) fn keeps(self, for_ms: i64) -> bool {
        match self {
            Self::Resolve => false,
            Self::Keep(most) => most.is_none_or(|most| for_ms < most),
            Self::Alert(_) => true,
        }
    }

    /// Whether there is an alert that tells of the trouble.
    pub(crate) fn alerts(self, for_ms: i64) -> bool {
        matches!(self, Self::Alert(after) if for_ms >= after)
    }
}

/// Trouble with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The query found no data.
    NoData(Missing),
    /// The query failed.
    Error(String),
}

/// Why there is no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Targets that the query asks for cannot be scraped.
    TargetsDown(Vec<String>),
    /// There is no target that the query asks for.
    NoTarget,
    /// Nothing is known but that the query finds nothing.
    Nothing,
}

impl Trouble {
    /// The value of [`TROUBLE_LABEL`].
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::NoData(_) => "no_data",
            Self::Error(_) => "error",
        }
    }

    /// What people are told.
    pub(crate) fn describe(&self, rule: &str, for_ms: i64) -> String {
        let since = format_duration(for_ms);
        match self {
            Self::NoData(Missing::TargetsDown(targets)) => {
                let all = targets.join(", ");
                format!("{rule} has had no data for {since}: {all} cannot be scraped")
            }
            Self::NoData(Missing::NoTarget) => {
                format!(
                    "{rule} has had no data for {since}: no target has the labels that its query asks for"
                )
            }
            Self::NoData(Missing::Nothing) => {
                format!("{rule} has had no data for {since}: its query finds no series")
            }
            Self::Error(reason) => format!("{rule} could not be evaluated for {since}: {reason}"),
        }
    }
}

/// The policies that annotations ask for.
pub(crate) fn read<'t>(
    annotations: impl Iterator<Item = (&'t str, &'t str, config::Place)>,
) -> Result<Policies, Problem> {
    let mut policies = Policies::default();
    for (name, text, place) in annotations {
        let policy = match name {
            NO_DATA => &mut policies.no_data,
            ERROR => &mut policies.error,
            _ => continue,
        };
        *policy = Policy::parse(text).map_err(|reason| Problem::new(place, format!("{name}: {reason}")))?;
    }
    Ok(policies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read() {
        assert_eq!(Policy::parse("resolve"), Ok(Policy::Resolve));
        assert_eq!(Policy::parse(" keep  5m "), Ok(Policy::Keep(Some(300_000))));
        assert_eq!(Policy::parse("alert after 1h"), Ok(Policy::Alert(3_600_000)));
        for bad in ["", "alert", "alert after", "alert after soon", "keep 5m 5m", "page"] {
            assert!(Policy::parse(bad).is_err(), "{bad}");
        }
        assert!(Policy::Keep(Some(10)).keeps(9) && !Policy::Keep(Some(10)).keeps(10));
        assert!(!Policy::Alert(10).alerts(9) && Policy::Alert(10).alerts(10));
    }
}
