//! What became of alerts that have left their groups, as far as memory is given to it.

use std::collections::VecDeque;

use model::TimestampMs;

use super::explain::{Explanation, explanation};
use super::group::{Group, Member};
use crate::fingerprint::Fingerprint;
use crate::route::Route;

/// How many are remembered.
const MOST: usize = 10_000;

/// The latest alerts that have left, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    past: VecDeque<(Fingerprint, Explanation)>,
}

impl History {
    /// Takes note of alerts that leave a group.
    pub(super) fn note(&mut self, route: &Route, group: &Group, members: Vec<Member>, now_ms: TimestampMs) {
        for Member { alert, verdict } in members {
            if self.past.len() >= MOST {
                self.past.pop_front();
            }
            let left = Explanation { left_at_ms: Some(now_ms), ..explanation(route, group, verdict) };
            self.past.push_back((alert.fingerprint, left));
        }
    }

    /// What became of an alert, the latest first.
    pub(super) fn of(&self, fingerprint: Fingerprint) -> impl Iterator<Item = &Explanation> {
        self.past.iter().rev().filter(move |(other, _)| *other == fingerprint).map(|(_, past)| past)
    }
}
