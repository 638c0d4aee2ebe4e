//! Silences: matchers and a time, during which alerts that match are not told.

mod index;
mod keep;
mod make;
mod query;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Labels, Matcher, TimestampMs};
use platform::Entropy;
use thiserror::Error;

use crate::matcher::Matchers;
use index::SilenceIndex;
use make::{build, check_matchers, uuid};

/// Where a silence stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SilenceState {
    /// In force.
    Active,
    /// Not begun yet.
    Pending,
    /// Over.
    Expired,
}

/// A silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Identifier, a UUID.
    pub id: Arc<str>,
    /// Matchers in the order in which they were given; at least one asks for something.
    pub written: Vec<Matcher>,
    /// The same, compiled.
    pub matchers: Matchers,
    /// From when.
    pub starts_at_ms: TimestampMs,
    /// Until when.
    pub ends_at_ms: TimestampMs,
    /// When it was changed last.
    pub updated_at_ms: TimestampMs,
    /// By whom.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// A silence as somebody asks for it.
#[derive(Clone, Debug, Default)]
pub struct NewSilence {
    /// The silence to change; a new one if not said.
    pub id: Option<String>,
    /// Matchers.
    pub matchers: Vec<Matcher>,
    /// From when; from now if not said.
    pub starts_at_ms: Option<TimestampMs>,
    /// Until when.
    pub ends_at_ms: TimestampMs,
    /// By whom.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// Why a silence is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SilenceError {
    /// There is none with this identifier.
    #[error("silence {0} not found")]
    NotFound(String),
    /// It is not valid.
    #[error("invalid silence: {0}")]
    Invalid(String),
    /// There are too many.
    #[error("there are {0} silences already, expired ones included; at most {1} are kept")]
    TooMany(usize, usize),
    /// It is too large.
    #[error("the silence has {0} bytes; at most {1} are taken")]
    TooLarge(usize, usize),
}

/// Bounds; 0 means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SilenceLimits {
    /// Silences, expired ones included.
    pub most: usize,
    /// Bytes of the texts of a silence.
    pub most_bytes: usize,
    /// How long expired silences are kept, in milliseconds.
    pub retention_ms: i64,
}

impl Default for SilenceLimits {
    fn default() -> Self {
        Self { most: 100_000, most_bytes: 256 << 10, retention_ms: 120 * 3_600_000 }
    }
}

/// All silences.
#[derive(Clone, Debug, Default)]
pub struct Silences {
    limits: SilenceLimits,
    silences: BTreeMap<Arc<str>, Arc<Silence>>,
    index: SilenceIndex,
}

impl Silence {
    /// Where it stands at a moment.
    #[must_use]
    pub fn state(&self, at_ms: TimestampMs) -> SilenceState {
        if at_ms < self.starts_at_ms {
            SilenceState::Pending
        } else if at_ms < self.ends_at_ms {
            SilenceState::Active
        } else {
            SilenceState::Expired
        }
    }

    /// Whether it can become `new` without changing what was silenced in the past.
    fn can_become(&self, new: &NewSilence, starts_at_ms: TimestampMs, now_ms: TimestampMs) -> bool {
        self.written == new.matchers
            && match self.state(now_ms) {
                SilenceState::Active => {
                    starts_at_ms.div_euclid(1000) == self.starts_at_ms.div_euclid(1000)
                        && new.ends_at_ms >= now_ms
                }
                SilenceState::Pending => starts_at_ms >= now_ms,
                SilenceState::Expired => false,
            }
    }
}

impl Silences {
    /// No silences, with bounds.
    #[must_use]
    pub fn new(limits: SilenceLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Makes or changes a silence and gives its identifier. A change that would alter what was silenced in the
    /// past ends the silence and makes another one.
    ///
    /// # Errors
    /// When there is none with the identifier, the silence is not valid, or a bound is reached.
    pub fn set(
        &mut self,
        new: NewSilence,
        now_ms: TimestampMs,
        entropy: &dyn Entropy,
    ) -> Result<Arc<str>, SilenceError> {
        let starts_at_ms = new.starts_at_ms.unwrap_or(now_ms);
        let matchers = self.check(&new, starts_at_ms, now_ms)?;
        let known = match new.id.as_deref().filter(|id| !id.is_empty()) {
            None => None,
            Some(id) => {
                let found = self.silences.get(id).cloned();
                Some(found.ok_or_else(|| SilenceError::NotFound(id.chars().take(100).collect()))?)
            }
        };
        if let Some(known) = known.as_ref().filter(|known| known.can_become(&new, starts_at_ms, now_ms)) {
            let id = known.id.clone();
            self.put(build(id.clone(), new, matchers, starts_at_ms, now_ms));
            return Ok(id);
        }
        if self.limits.most > 0 && self.silences.len() >= self.limits.most {
            return Err(SilenceError::TooMany(self.silences.len(), self.limits.most));
        }
        if let Some(known) = known {
            self.expire(&known.id, now_ms)?;
        }
        let id: Arc<str> = Arc::from(uuid(entropy));
        self.put(build(id.clone(), new, matchers, starts_at_ms.max(now_ms), now_ms));
        Ok(id)
    }

    fn check(
        &self,
        new: &NewSilence,
        starts_at_ms: TimestampMs,
        now_ms: TimestampMs,
    ) -> Result<Matchers, SilenceError> {
        let invalid = |why: &str| SilenceError::Invalid(why.to_owned());
        let bytes = new.matchers.iter().map(|m| m.name.len() + m.value.len() + 4).sum::<usize>()
            + new.created_by.len()
            + new.comment.len();
        if self.limits.most_bytes > 0 && bytes > self.limits.most_bytes {
            return Err(SilenceError::TooLarge(bytes, self.limits.most_bytes));
        }
        if new.ends_at_ms <= starts_at_ms {
            return Err(invalid("the end must be after the start"));
        }
        if new.ends_at_ms < now_ms {
            return Err(invalid("the end must not be in the past"));
        }
        check_matchers(&new.matchers)
    }

    fn put(&mut self, silence: Silence) {
        let silence = Arc::new(silence);
        if let Some(before) = self.silences.insert(silence.id.clone(), silence.clone()) {
            self.index.remove(&before);
        }
        self.index.insert(&silence);
    }

    /// Ends a silence. Ending one that is over changes nothing.
    ///
    /// # Errors
    /// When there is none with the identifier.
    pub fn expire(&mut self, id: &str, now_ms: TimestampMs) -> Result<(), SilenceError> {
        let Some(known) = self.silences.get(id) else {
            return Err(SilenceError::NotFound(id.chars().take(100).collect()));
        };
        let state = known.state(now_ms);
        if state == SilenceState::Expired {
            return Ok(());
        }
        let mut silence = Silence::clone(known);
        if state == SilenceState::Pending {
            silence.starts_at_ms = now_ms;
        }
        silence.ends_at_ms = now_ms;
        silence.updated_at_ms = now_ms;
        self.index.remove(known);
        self.silences.insert(silence.id.clone(), Arc::new(silence));
        Ok(())
    }

    /// A silence.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Silence>> {
        self.silences.get(id)
    }

    /// The silences in force that match, by identifier.
    #[must_use]
    pub fn silencing(&self, labels: &Labels, now_ms: TimestampMs) -> Vec<Arc<str>> {
        let mut ids: Vec<Arc<str>> = self
            .index
            .candidates(labels)
            .filter(|silence| {
                silence.state(now_ms) == SilenceState::Active && silence.matchers.matches(labels)
            })
            .map(|silence| silence.id.clone())
            .collect();
        ids.sort();
        ids
    }

    /// Forgets silences whose retention is over and takes expired ones out of the index. To be called from time
    /// to time; gives how many were forgotten.
    pub fn maintain(&mut self, now_ms: TimestampMs) -> usize {
        let before = self.silences.len();
        let retention_ms = self.limits.retention_ms;
        let index = &mut self.index;
        self.silences.retain(|_, silence| {
            if silence.state(now_ms) == SilenceState::Expired {
                index.remove(silence);
            }
            silence.ends_at_ms.saturating_add(retention_ms) > now_ms
        });
        before - self.silences.len()
    }
}

#[cfg(test)]
mod tests;
