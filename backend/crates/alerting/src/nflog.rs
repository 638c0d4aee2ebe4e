//! The notification log: what each receiver was told last about each group, so that it is not told again
//! without a reason, also after a restart.

use std::sync::Arc;

use hashbrown::HashMap;
use model::TimestampMs;

use crate::records::NotificationRecord;

/// How long a record is of use at most, in milliseconds; less if the group is repeated more often.
const RETENTION_MS: i64 = 120 * 3_600_000;

/// Why a receiver is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TellReason {
    /// It knows nothing about the group yet, or only that all was well.
    First,
    /// Alerts fire of which it does not know.
    NewAlerts,
    /// Some alerts are resolved of which it does not know that.
    SomeResolved,
    /// No alert of the group fires any more.
    AllResolved,
    /// Nothing changed for the repeat interval.
    RepeatIntervalPassed,
}

impl TellReason {
    /// The reason in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first notification",
            Self::NewAlerts => "new alerts",
            Self::SomeResolved => "some alerts resolved",
            Self::AllResolved => "all alerts resolved",
            Self::RepeatIntervalPassed => "repeat interval passed",
        }
    }
}

/// Whom a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogKey {
    pub(crate) group_key: Arc<str>,
    pub(crate) receiver: Arc<str>,
    pub(crate) integration: &'static str,
    pub(crate) index: u32,
}

/// What was told, and at which flush. Fingerprints are sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogEntry {
    pub(crate) at_ms: TimestampMs,
    pub(crate) firing: Vec<u64>,
    pub(crate) resolved: Vec<u64>,
    expires_at_ms: TimestampMs,
    /// Counts what is sent, so that a late answer does not undo a newer one.
    number: u64,
}

#[derive(Clone, Debug)]
struct Slot {
    receiver: Arc<str>,
    integration: String,
    index: u32,
    entry: LogEntry,
}

impl Slot {
    fn is(&self, key: &LogKey) -> bool {
        self.index == key.index && self.integration == key.integration && self.receiver == key.receiver
    }
}

/// The log.
#[derive(Clone, Debug, Default)]
pub(crate) struct NotificationLog {
    groups: HashMap<Arc<str>, Vec<Slot>, foldhash::fast::RandomState>,
}

/// Whether and why a receiver is to be told. `firing` and `resolved` are sorted.
pub(crate) fn reason_to_tell(
    entry: Option<&LogEntry>,
    firing: &[u64],
    resolved: &[u64],
    send_resolved: bool,
    repeat_interval_ms: i64,
    now_ms: TimestampMs,
) -> Option<TellReason> {
    let Some(entry) = entry else { return (!firing.is_empty()).then_some(TellReason::First) };
    if !is_subset(firing, &entry.firing) {
        let knew_none = entry.firing.is_empty();
        return Some(if knew_none { TellReason::First } else { TellReason::NewAlerts });
    }
    if firing.is_empty() {
        // Also said to those who are not told of resolved alerts, so that the log forgets what fired.
        return (!entry.firing.is_empty()).then_some(TellReason::AllResolved);
    }
    if send_resolved && !is_subset(resolved, &entry.resolved) {
        return Some(TellReason::SomeResolved);
    }
    // Both times are those of flushes, so that an interval that is a multiple of the group's is met exactly.
    (entry.at_ms <= now_ms.saturating_sub(repeat_interval_ms)).then_some(TellReason::RepeatIntervalPassed)
}

fn is_subset(of: &[u64], all: &[u64]) -> bool {
    of.iter().all(|one| all.binary_search(one).is_ok())
}

impl NotificationLog {
    pub(crate) fn get(&self, key: &LogKey) -> Option<&LogEntry> {
        let slots = self.groups.get(&key.group_key)?;
        slots.iter().find(|slot| slot.is(key)).map(|slot| &slot.entry)
    }

    /// Notes that a receiver was told what a flush at `at_ms` decided. What was sent later than what is noted already counts; `number` is that
    /// of the sending.
    pub(crate) fn note(
        &mut self,
        key: &LogKey,
        number: u64,
        firing: Vec<u64>,
        resolved: Vec<u64>,
        repeat_interval_ms: i64,
        at_ms: TimestampMs,
    ) {
        let lasts_ms = RETENTION_MS.min(repeat_interval_ms.saturating_mul(2));
        let expires_at_ms = at_ms.saturating_add(lasts_ms);
        let entry = LogEntry { at_ms, firing, resolved, expires_at_ms, number };
        let slots = self.groups.entry(key.group_key.clone()).or_default();
        match slots.iter_mut().find(|slot| slot.is(key)) {
            Some(slot) if slot.entry.number > number => {}
            Some(slot) => slot.entry = entry,
            None => slots.push(Slot {
                receiver: key.receiver.clone(),
                integration: key.integration.to_owned(),
                index: key.index,
                entry,
            }),
        }
    }

    /// Forgets what is of no use any more.
    pub(crate) fn maintain(&mut self, now_ms: TimestampMs) {
        self.groups.retain(|_, slots| {
            slots.retain(|slot| slot.entry.expires_at_ms > now_ms);
            !slots.is_empty()
        });
    }

    pub(crate) fn records(&self) -> Vec<NotificationRecord> {
        let mut records: Vec<NotificationRecord> = Vec::new();
        for (group_key, slots) in &self.groups {
            records.extend(slots.iter().map(|slot| NotificationRecord {
                group_key: group_key.to_string(),
                receiver: slot.receiver.to_string(),
                integration: slot.integration.clone(),
                index: slot.index,
                at_ms: slot.entry.at_ms,
                firing: slot.entry.firing.clone(),
                resolved: slot.entry.resolved.clone(),
                expires_at_ms: slot.entry.expires_at_ms,
            }));
        }
        let key = |r: &NotificationRecord| {
            (r.group_key.clone(), r.receiver.clone(), r.integration.clone(), r.index)
        };
        records.sort_by_cached_key(key);
        records
    }

    /// Takes records in, in place of what is noted about the same.
    pub(crate) fn restore(&mut self, records: Vec<NotificationRecord>) {
        for mut record in records {
            record.firing.sort_unstable();
            record.resolved.sort_unstable();
            let slots = self.groups.entry(Arc::from(record.group_key)).or_default();
            slots.retain(|slot| {
                slot.index != record.index
                    || slot.integration != record.integration
                    || *slot.receiver != *record.receiver
            });
            slots.push(Slot {
                receiver: Arc::from(record.receiver),
                integration: record.integration,
                index: record.index,
                entry: LogEntry {
                    at_ms: record.at_ms,
                    firing: record.firing,
                    resolved: record.resolved,
                    expires_at_ms: record.expires_at_ms,
                    number: 0,
                },
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        let entry = |firing: &[u64], resolved: &[u64]| LogEntry {
            at_ms: 100,
            firing: firing.to_vec(),
            resolved: resolved.to_vec(),
            expires_at_ms: 0,
            number: 0,
        };
        use TellReason::{AllResolved, First, NewAlerts, RepeatIntervalPassed, SomeResolved};
        for (entry, firing, resolved, send_resolved, now, expected) in [
            (None, &[1][..], &[][..], true, 100, Some(First)),
            (None, &[], &[1], true, 100, None),
            (Some(entry(&[1], &[])), &[1, 2], &[], true, 100, Some(NewAlerts)),
            (Some(entry(&[], &[1])), &[1], &[], true, 100, Some(First)),
            (Some(entry(&[1, 2], &[])), &[1], &[2], true, 100, Some(SomeResolved)),
            (Some(entry(&[1, 2], &[])), &[1], &[2], false, 100, None),
            (Some(entry(&[1, 2], &[2])), &[1], &[2], true, 100, None),
            (Some(entry(&[1], &[])), &[], &[1], false, 100, Some(AllResolved)),
            (Some(entry(&[], &[1])), &[], &[1, 2], true, 999, None),
            (Some(entry(&[1], &[])), &[1], &[], true, 149, None),
            (Some(entry(&[1], &[])), &[1], &[], true, 150, Some(RepeatIntervalPassed)),
        ] {
            let found = reason_to_tell(entry.as_ref(), firing, resolved, send_resolved, 50, now);
            assert_eq!(found, expected, "{entry:?} {firing:?} {resolved:?}");
        }
    }

    #[test]
    fn noted_kept_and_forgotten() {
        let key =
            LogKey { group_key: Arc::from("g"), receiver: Arc::from("r"), integration: "webhook", index: 0 };
        let mut log = NotificationLog::default();
        log.note(&key, 2, vec![1], vec![], 1000, 10);
        log.note(&key, 1, vec![9], vec![], 1000, 20);
        assert_eq!(log.get(&key).unwrap().firing, [1], "a late answer undoes nothing");
        assert!(log.get(&LogKey { index: 1, ..key.clone() }).is_none());
        let mut other = NotificationLog::default();
        other.restore(log.records());
        assert_eq!(other.records(), log.records());
        assert_eq!(other.get(&key).map(|entry| entry.at_ms), Some(10));
        other.maintain(2009);
        assert!(other.get(&key).is_some());
        other.maintain(2010);
        assert!(other.get(&key).is_none());
    }
}
