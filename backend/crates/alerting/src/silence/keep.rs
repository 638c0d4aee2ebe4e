//! Silences as records, for keeping them.

use std::sync::Arc;

use model::Matcher;

use super::make::check_matchers;
use super::{Silence, SilenceError, Silences};
use crate::records::SilenceRecord;

impl Silences {
    /// All silences as records.
    #[must_use]
    pub fn records(&self) -> Vec<SilenceRecord> {
        let record = |silence: &Arc<Silence>| SilenceRecord {
            id: silence.id.to_string(),
            matchers: silence.written.iter().map(Into::into).collect(),
            starts_at_ms: silence.starts_at_ms,
            ends_at_ms: silence.ends_at_ms,
            updated_at_ms: silence.updated_at_ms,
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
        };
        self.silences.values().map(record).collect()
    }

    /// Takes records in. Of two with the same identifier the one that was changed later counts. Gives what is
    /// wrong with those that are left out.
    pub fn restore(&mut self, records: Vec<SilenceRecord>) -> Vec<SilenceError> {
        let mut errors = Vec::new();
        for record in records {
            let known = self.silences.get(record.id.as_str());
            if known.is_some_and(|known| known.updated_at_ms >= record.updated_at_ms) {
                continue;
            }
            let written: Vec<Matcher> = record.matchers.into_iter().map(Into::into).collect();
            match check_matchers(&written) {
                Ok(matchers) => self.put(Silence {
                    id: Arc::from(record.id),
                    written,
                    matchers,
                    starts_at_ms: record.starts_at_ms,
                    ends_at_ms: record.ends_at_ms,
                    updated_at_ms: record.updated_at_ms,
                    created_by: record.created_by,
                    comment: record.comment,
                }),
                Err(error) => errors.push(error),
            }
        }
        errors
    }
}
