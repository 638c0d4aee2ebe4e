//! What outlives the process, as plain records. Where they are kept is the caller's matter.

use serde::{Deserialize, Serialize};

use model::{Matcher, TimestampMs};

use crate::matcher::{flags, operator};

/// Everything that outlives the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Records {
    /// Silences, expired ones included.
    pub silences: Vec<SilenceRecord>,
    /// What receivers were told.
    pub notifications: Vec<NotificationRecord>,
}

/// A matcher as the API has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatcherRecord {
    /// Label name.
    pub name: String,
    /// Value or regular expression.
    pub value: String,
    /// Whether the value is a regular expression.
    pub is_regex: bool,
    /// Whether a match is asked for, or none.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

impl From<&Matcher> for MatcherRecord {
    fn from(matcher: &Matcher) -> Self {
        let (is_regex, is_equal) = flags(matcher.op);
        Self { name: matcher.name.clone(), value: matcher.value.clone(), is_regex, is_equal }
    }
}

impl From<MatcherRecord> for Matcher {
    fn from(record: MatcherRecord) -> Self {
        Self::new(record.name, operator(record.is_regex, record.is_equal), record.value)
    }
}

/// A silence. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are those of a silence")]
pub struct SilenceRecord {
    pub id: String,
    pub matchers: Vec<MatcherRecord>,
    pub starts_at_ms: TimestampMs,
    pub ends_at_ms: TimestampMs,
    pub updated_at_ms: TimestampMs,
    pub created_by: String,
    pub comment: String,
}

/// What a receiver was told last about a group. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationRecord {
    /// Key of the group.
    pub group_key: String,
    /// Name of the receiver.
    pub receiver: String,
    /// Kind of its integration.
    pub integration: String,
    /// The how-manieth of its kind.
    pub index: u32,
    /// When it was decided.
    pub at_ms: TimestampMs,
    /// Fingerprints of the alerts that fired, sorted.
    pub firing: Vec<u64>,
    /// Fingerprints of the alerts that were resolved, sorted.
    pub resolved: Vec<u64>,
    /// When the record is of no use any more.
    pub expires_at_ms: TimestampMs,
}

/// Where records are kept.
pub trait RecordStore {
    /// Why records cannot be kept or found.
    type Error;

    /// The records that were kept last; none if there never were any.
    ///
    /// # Errors
    /// When they cannot be read.
    fn load(&mut self) -> Result<Records, Self::Error>;

    /// Keeps records in place of those before.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn save(&mut self, records: &Records) -> Result<(), Self::Error>;
}
