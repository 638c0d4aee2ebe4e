//! Groups that are evaluated when the caller says so: for tests of rules.

use std::sync::Arc;

use model::TimestampMs;
use telemetry::Registry;

use crate::config::GroupConfig;
use crate::group::Group;
use crate::manager::{RuleDeps, RuleSettings, Shared};
use crate::status::GroupStatus;

/// Groups without tasks and clocks.
pub(crate) struct OfflineGroups {
    groups: Vec<Group>,
}

impl OfflineGroups {
    /// The groups, in this order.
    #[must_use]
    pub(crate) fn new(
        deps: RuleDeps,
        settings: RuleSettings,
        configs: Vec<GroupConfig>,
        registry: &Registry,
    ) -> Self {
        let default_ms = settings.interval_ms;
        let shared = Arc::new(Shared::new(deps, settings, registry));
        let group = |config: GroupConfig| {
            let interval_ms = config.interval_ms.unwrap_or(default_ms);
            Group::new(Arc::new(config), interval_ms, Arc::clone(&shared), true)
        };
        Self { groups: configs.into_iter().map(group).collect() }
    }

    /// Evaluates all groups at `t`, one after another.
    pub(crate) fn evaluate(&mut self, t: TimestampMs) {
        self.groups.iter_mut().for_each(|group| group.evaluate(t));
    }

    /// The groups as they are now.
    #[must_use]
    pub(crate) fn groups(&self) -> Vec<GroupStatus> {
        self.groups.iter().map(|group| group.view.status()).collect()
    }
}
