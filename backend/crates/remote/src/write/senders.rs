//! Who sends, and how it goes: so that a bad sender can be found by its name and its reason.

use hashbrown::HashMap;
use model::TimestampMs;
use parking_lot::Mutex;

use crate::write::{WriteMessage, WriteOutcome};

/// Longest reason and user agent that are kept, in bytes.
const TEXT_BYTES_MAX: usize = 2 << 10;

/// Where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sender {
    /// Network address without port, or "".
    pub address: String,
    /// What the sender calls itself, or "".
    pub user_agent: String,
}

/// How it goes with a sender, since the start of the server or since it was forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SenderStatus {
    /// Who.
    pub sender: Sender,
    /// Version of the protocol of its last request, or "".
    pub version: &'static str,
    /// When its last request came, milliseconds since the epoch.
    pub last_seen_ms: TimestampMs,
    /// Requests.
    pub requests: u64,
    /// Requests that were not written or only in part.
    pub failed_requests: u64,
    /// Floats and histograms stored.
    pub samples: u64,
    /// Samples, histograms and exemplars refused.
    pub refused: u64,
    /// When a request last failed, milliseconds since the epoch; 0 for never.
    pub last_failure_ms: TimestampMs,
    /// Why, or "".
    pub last_failure: String,
}

#[derive(Debug)]
pub(crate) struct Senders {
    limit: usize,
    known: Mutex<HashMap<Sender, SenderStatus>>,
}

impl Senders {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), known: Mutex::default() }
    }

    pub(crate) fn list(&self) -> Vec<SenderStatus> {
        let mut list: Vec<SenderStatus> = self.known.lock().values().cloned().collect();
        list.sort_by(|a, b| {
            b.last_seen_ms.cmp(&a.last_seen_ms).then_with(|| a.sender.address.cmp(&b.sender.address))
        });
        list
    }

    pub(crate) fn observe(
        &self,
        sender: &Sender,
        message: WriteMessage,
        outcome: &WriteOutcome,
        now_ms: TimestampMs,
    ) {
        self.update(sender, now_ms, outcome.message().as_deref(), |status| {
            let written = outcome.written();
            status.version = message.version();
            status.samples += written.samples + written.histograms;
            if let WriteOutcome::Partial { refused, .. } = outcome {
                status.refused += refused.total();
            }
        });
    }

    pub(crate) fn refused_unread(&self, sender: &Sender, why: &str, now_ms: TimestampMs) {
        self.update(sender, now_ms, Some(why), |_| {});
    }

    fn update(
        &self,
        sender: &Sender,
        now_ms: TimestampMs,
        failure: Option<&str>,
        update: impl FnOnce(&mut SenderStatus),
    ) {
        let mut known = self.known.lock();
        if !known.contains_key(sender) {
            if known.len() >= self.limit {
                let oldest = known.values().min_by_key(|status| status.last_seen_ms);
                if let Some(oldest) = oldest.map(|status| status.sender.clone()) {
                    known.remove(&oldest);
                }
            }
            let status = SenderStatus { sender: sender.clone(), ..SenderStatus::default() };
            known.insert(sender.clone(), status);
        }
        let Some(status) = known.get_mut(sender) else { return };
        status.last_seen_ms = now_ms;
        status.requests += 1;
        if let Some(failure) = failure {
            status.failed_requests += 1;
            status.last_failure_ms = now_ms;
            status.last_failure = failure[..failure.floor_char_boundary(TEXT_BYTES_MAX)].to_owned();
        }
        update(status);
    }
}

impl Sender {
    /// A sender; a long user agent is cut.
    #[must_use]
    pub fn new(address: String, user_agent: &str) -> Self {
        let user_agent = user_agent[..user_agent.floor_char_boundary(TEXT_BYTES_MAX)].to_owned();
        Self { address, user_agent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::Written;

    #[test]
    fn the_sender_that_was_silent_longest_is_forgotten() {
        let senders = Senders::new(2);
        let sender = |name: &str| Sender::new(name.to_owned(), "agent");
        let good = WriteOutcome::Written(Written { samples: 3, histograms: 1, exemplars: 2 });
        senders.observe(&sender("a"), WriteMessage::V1, &good, 1);
        senders.observe(&sender("b"), WriteMessage::V2, &WriteOutcome::Unavailable("disk".into()), 2);
        senders.observe(&sender("a"), WriteMessage::V1, &good, 3);
        senders.refused_unread(&sender("c"), "what is this?", 4);
        let list = senders.list();
        assert_eq!(list.iter().map(|s| s.sender.address.as_str()).collect::<Vec<_>>(), ["c", "a"]);
        assert_eq!((list[1].requests, list[1].samples, list[1].failed_requests), (2, 8, 0));
        assert_eq!((list[0].last_failure.as_str(), list[0].last_failure_ms), ("what is this?", 4));
    }
}
