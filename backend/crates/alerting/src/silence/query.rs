//! Asking for silences, as the API does.

use std::cmp::Reverse;
use std::sync::Arc;

use model::{Matcher, TimestampMs};

use super::{Silence, SilenceState, Silences};

impl Silences {
    /// The silences that hold each matcher of the filter as their own, in the order of the API: those in force
    /// by their end, those to come by their start, those that are over by their end with the latest first.
    #[must_use]
    pub fn query(&self, filter: &[Matcher], now_ms: TimestampMs) -> Vec<Arc<Silence>> {
        let holds_all = |silence: &&Arc<Silence>| filter.iter().all(|m| silence.written.contains(m));
        let mut found: Vec<Arc<Silence>> = self.silences.values().filter(holds_all).cloned().collect();
        found.sort_by_cached_key(|silence| {
            let state = silence.state(now_ms);
            let time = match state {
                SilenceState::Active => (silence.ends_at_ms, Reverse(0)),
                SilenceState::Pending => (silence.starts_at_ms, Reverse(0)),
                SilenceState::Expired => (0, Reverse(silence.ends_at_ms)),
            };
            (state, time, silence.id.clone())
        });
        found
    }

    /// How many silences there are in each state: active, pending, expired.
    #[must_use]
    pub fn counts(&self, now_ms: TimestampMs) -> [usize; 3] {
        let mut counts = [0; 3];
        for silence in self.silences.values() {
            match silence.state(now_ms) {
                SilenceState::Active => counts[0] += 1,
                SilenceState::Pending => counts[1] += 1,
                SilenceState::Expired => counts[2] += 1,
            }
        }
        counts
    }
}
