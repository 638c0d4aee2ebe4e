//! `GET /api/v1/rules` and `/api/v1/alerts`: the groups that run, their rules and alerts, in Prometheus' form.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use model::{CompiledMatcher, Labels, TimestampMs};
use rules::{ActiveAlert, GroupStatus, RuleManager, RuleStatus};
use serde_json::{Map, Value, json};

use super::success;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::params::Params;
use crate::wire::time::rfc3339;

/// What Go writes for a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Who knows the rules.
pub trait Rules: Send + Sync {
    /// All groups as they are now, by file and name.
    fn groups(&self) -> Vec<GroupStatus>;
}

impl Rules for RuleManager {
    fn groups(&self) -> Vec<GroupStatus> {
        self.groups()
    }
}

/// Which rules are asked for.
struct Filter<'p> {
    alerting: bool,
    recording: bool,
    names: Vec<&'p str>,
    groups: Vec<&'p str>,
    files: Vec<&'p str>,
    selectors: Vec<Vec<CompiledMatcher>>,
}

pub(crate) async fn rules(State(app): State<App>, params: Params) -> Result<Response, ApiError> {
    let kind = params.get("type").to_ascii_lowercase();
    let (alerting, recording) = match kind.as_str() {
        "" => (true, true),
        "alert" => (true, false),
        "record" => (false, true),
        _ => return Err(ApiError::parameter("type", &format!("not supported value {kind:?}"))),
    };
    let filter = Filter {
        alerting,
        recording,
        names: params.all("rule_name[]").collect(),
        groups: params.all("rule_group[]").collect(),
        files: params.all("file[]").collect(),
        selectors: params.selectors()?,
    };
    let without_alerts = flag(&params, "exclude_alerts")?;
    let limit = params.limit("group_limit")?;
    let token = params.get("group_next_token");
    if limit == 0 && !token.is_empty() {
        let reason = "group_limit needs to be present in order to paginate over the groups";
        return Err(ApiError::parameter("group_next_token", reason));
    }
    let all = app.rules.groups();
    let mut rest = all.as_slice();
    if !token.is_empty() {
        let at = all.iter().position(|group| next_token(group) == token);
        let gone = || {
            ApiError::parameter("group_next_token", "invalid group_next_token, the groups may have changed")
        };
        rest = &all[at.ok_or_else(gone)?..];
    }
    let mut groups = Vec::new();
    let mut next = None;
    for status in rest {
        let Some(group) = filter.group(status, without_alerts) else { continue };
        if limit > 0 && groups.len() == limit {
            next = Some(next_token(status));
            break;
        }
        groups.push(group);
    }
    let mut data = json!({"groups": groups});
    if let Some(next) = next {
        data["groupNextToken"] = next.into();
    }
    Ok(success(data))
}

pub(crate) async fn alerts(State(app): State<App>) -> Response {
    let groups = app.rules.groups();
    let rules = groups.iter().flat_map(|group| &group.rules);
    let active = rules.filter_map(|rule| rule.alerts.as_ref()).flat_map(|alerts| &alerts.active);
    success(json!({"alerts": active.map(alert).collect::<Vec<Value>>()}))
}

impl Filter<'_> {
    /// The group with the rules that are asked for, if it has any.
    fn group(&self, status: &GroupStatus, without_alerts: bool) -> Option<Value> {
        let any = |wanted: &[&str], name: &str| wanted.is_empty() || wanted.contains(&name);
        if !any(&self.groups, &status.config.name) || !any(&self.files, &status.config.file) {
            return None;
        }
        let wanted = |rule: &&RuleStatus| {
            let kind = if rule.config.alerting().is_some() { self.alerting } else { self.recording };
            kind && any(&self.names, &rule.config.name) && self.selects(rule)
        };
        let rules: Vec<Value> =
            status.rules.iter().filter(wanted).map(|status| rule(status, without_alerts)).collect();
        let narrowed =
            !(self.alerting && self.recording && self.names.is_empty() && self.selectors.is_empty());
        if rules.is_empty() && narrowed {
            return None;
        }
        Some(json!({
            "name": status.config.name,
            "file": status.config.file,
            "rules": rules,
            "interval": seconds(status.interval_ms),
            "limit": status.config.limit,
            "evaluationTime": status.took.as_secs_f64(),
            "lastEvaluation": time(status.last_ms),
        }))
    }

    /// Whether the labels of the rule match one of the selectors.
    fn selects(&self, rule: &RuleStatus) -> bool {
        if self.selectors.is_empty() {
            return true;
        }
        let labels = Labels::from_pairs(rule.config.labels.iter().map(|(name, text)| (name, text.source())));
        self.selectors.iter().any(|selector| selector.iter().all(|matcher| matcher.matches(&labels)))
    }
}

fn rule(status: &RuleStatus, without_alerts: bool) -> Value {
    let config = &status.config;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    let texts = |texts: &[(String, rules::Text)]| -> Value {
        texts.iter().map(|(name, text)| (name.clone(), text.source().into())).collect::<Map<_, _>>().into()
    };
    if let (Some(alerting), Some(alerts)) = (config.alerting(), &status.alerts) {
        put("state", alerts.state.as_str().into());
        put("name", config.name.clone().into());
        put("query", config.query.clone().into());
        put("duration", seconds(alerting.hold_ms));
        put("keepFiringFor", seconds(alerting.keep_firing_ms));
        put("labels", texts(&config.labels));
        put("annotations", texts(&alerting.annotations));
        let active: Vec<Value> = alerts.active.iter().map(alert).collect();
        put("alerts", if without_alerts { Value::Null } else { active.into() });
        put("type", "alerting".into());
    } else {
        put("name", config.name.clone().into());
        put("query", config.query.clone().into());
        if !config.labels.is_empty() {
            put("labels", texts(&config.labels));
        }
        put("type", "recording".into());
    }
    put("health", status.health.as_str().into());
    if let Some(error) = &status.error {
        put("lastError", error.clone().into());
    }
    put("evaluationTime", status.took.as_secs_f64().into());
    put("lastEvaluation", time(status.last_ms).into());
    out.into()
}

fn alert(alert: &ActiveAlert) -> Value {
    let labels: BTreeMap<&str, &str> = alert.labels.iter().collect();
    let annotations: BTreeMap<&str, &str> =
        alert.annotations.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut out = json!({
        "labels": labels,
        "annotations": annotations,
        "state": alert.state.as_str(),
        "activeAt": rfc3339(alert.active_at_ms),
        "value": exponential(alert.value),
    });
    if let Some(since) = alert.keep_firing_since_ms {
        out["keepFiringSince"] = rfc3339(since).into();
    }
    out
}

fn time(ms: Option<TimestampMs>) -> String {
    ms.map_or_else(|| NEVER.to_owned(), rfc3339)
}

/// Milliseconds as seconds; whole ones without a point, as Go writes them.
fn seconds(ms: i64) -> Value {
    if ms % 1000 == 0 { (ms / 1000).into() } else { (ms as f64 / 1000.0).into() }
}

/// As Go's `'e'` with the fewest digits: `1e+00`.
fn exponential(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".to_owned()
        } else {
            format!("{}Inf", if value > 0.0 { '+' } else { '-' })
        };
    }
    let text = format!("{value:e}");
    // Rust always writes an exponent, without a plus and without leading zeros.
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// What a client says to go on with this group.
fn next_token(group: &GroupStatus) -> String {
    let both = format!("{};{}", group.config.file, group.config.name);
    both.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn flag(params: &Params, name: &str) -> Result<bool, ApiError> {
    match params.get(name) {
        "" | "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        _ => Err(ApiError::parameter(name, "must be true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::exponential;

    #[test]
    fn values_as_go_writes_them() {
        let cases = [
            (0.0, "0e+00"),
            (1.0, "1e+00"),
            (-12.5, "-1.25e+01"),
            (1e-7, "1e-07"),
            (1.5e100, "1.5e+100"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, want) in cases {
            assert_eq!(exponential(value), want);
        }
    }
}
