//! After a restart: since when alerts are pending.
//!
//! The series `ALERTS_FOR_STATE` tell what was known before. An alert whose time was nearly over does not fire
//! at once: the outage may have hidden that its query did not hold.
//!
//! Source: Prometheus' documentation of the flags `--rules.alert.*`.

use model::{
    CompiledMatcher, Labels, LabelsBuilder, METRIC_NAME, Matcher, TimeRange, TimestampMs, is_stale_nan,
};
use storage::{QueryError, Samples, SelectHints};

use crate::alerting::{ALERT_NAME, ALERTS_FOR_STATE};
use crate::group::{GroupView, RuleView};
use crate::manager::{RuleSettings, Shared};

/// Takes up for all rules of a group that have not been; to be called once after the first evaluation at `t`.
pub(crate) fn take_up(group: &GroupView, shared: &Shared, t: TimestampMs) {
    let waiting =
        |rule: &&std::sync::Arc<RuleView>| rule.config.alerting().is_some() && !rule.alerts.lock().restored;
    let settings = shared.settings.read().clone();
    for rule in group.rules.iter().filter(waiting) {
        if let Err(error) = restore(rule, shared, &settings, t) {
            tracing::error!(%error, rule = rule.config.name, "cannot read since when alerts are pending");
        }
        rule.alerts.lock().restored = true;
    }
}

fn restore(
    rule: &RuleView,
    shared: &Shared,
    settings: &RuleSettings,
    t: TimestampMs,
) -> Result<(), QueryError> {
    let Some(alerting) = rule.config.alerting().filter(|alerting| alerting.hold_ms >= settings.grace_ms)
    else {
        return Ok(());
    };
    if rule.alerts.lock().counts() == (0, 0) {
        return Ok(());
    }
    let range = TimeRange::new(t.saturating_sub(settings.outage_tolerance_ms), t);
    let querier = shared.deps.storage.querier(range)?;
    let matchers =
        [Matcher::equal(METRIC_NAME, ALERTS_FOR_STATE), Matcher::equal(ALERT_NAME, &*rule.config.name)];
    let matchers = matchers.into_iter().map(CompiledMatcher::new).collect::<Result<Vec<_>, _>>();
    let Ok(matchers) = matchers else { return Ok(()) };
    let found = querier.select(&matchers, &SelectHints::default())?;
    let mut before: Vec<(Labels, TimestampMs, TimestampMs)> = Vec::new();
    for series in found {
        let mut newest = Samples::default();
        series.read_newest(range, &mut newest)?;
        let (Some(at), Some(since)) = (newest.timestamps.last(), newest.floats.last()) else { continue };
        if !is_stale_nan(*since) {
            before.push((series.labels().without_metric_name(), *at, (*since * 1000.0) as TimestampMs));
        }
    }
    rule.alerts.lock().each_active(|alert| {
        let mut labels = LabelsBuilder::new(&alert.labels);
        labels.remove(METRIC_NAME);
        let labels = labels.build();
        let Some((_, down_at, since)) = before.iter().find(|(held, ..)| *held == labels) else { return };
        let left = alerting.hold_ms - (down_at - since);
        alert.active_at_ms = if left <= 0 {
            *since
        } else if left < settings.grace_ms {
            t + settings.grace_ms - alerting.hold_ms
        } else {
            since + (t - down_at)
        };
    });
    Ok(())
}
