//! Running tests of rules.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::{ConfigError, Document};
use model::{Labels, TimestampMs, Value};
use platform::{Clock, SimulatedClock};
use promql::{Engine, EngineOptions, QueryOptions};
use promql_syntax::ParseOptions;
use storage::Storage as _;
use storage::memory::MemoryStorage;
use telemetry::Registry;

use super::file::{AlertTest, Expected, ExpectedAlert, QueryTest, Test, TestFile, read};
use crate::alerting::{ALERT_NAME, AlertState};
use crate::config::{GroupConfig, RuleConfig};
use crate::group::vector;
use crate::manager::{RuleDeps, RuleSettings};
use crate::offline::OfflineGroups;
use crate::sink::{AlertSink, OutgoingAlert, Transition};

/// Longest that a test may last, in evaluations.
const MOST_EVALUATIONS: i64 = 1_000_000;

/// How a file of tests went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestReport {
    /// Questions asked.
    pub asked: usize,
    /// What was not as expected, each with its place.
    pub failures: Vec<String>,
}

/// Nobody is told.
struct Nobody;

impl AlertSink for Nobody {
    fn send(&self, _alerts: Vec<OutgoingAlert>) {}

    fn changed(&self, _group: &GroupConfig, _rule: &RuleConfig, _transitions: &[Transition]) {}
}

/// Runs the tests in a file.
///
/// # Errors
/// When the file, or a file of rules that it names, cannot be read.
pub fn run(path: &Path, options: &ParseOptions) -> Result<TestReport, ConfigError> {
    let document = Document::read(path)?;
    let file = read(&document).map_err(|problem| document.error(problem))?;
    let groups = groups(&file, options)?;
    let mut report = TestReport::default();
    for test in &file.tests {
        run_test(&file, test, groups.clone(), options, &mut report);
    }
    Ok(report)
}

/// All groups, in the order that the file asks for.
fn groups(file: &TestFile, options: &ParseOptions) -> Result<Vec<GroupConfig>, ConfigError> {
    for pattern in &file.rule_files {
        if platform::files::matching(pattern).is_ok_and(|found| found.is_empty()) {
            let message = "there is no such file of rules".to_owned();
            return Err(ConfigError { file: PathBuf::clone(pattern), place: None, message });
        }
    }
    let mut groups = crate::file::read_files(&file.rule_files, options)?;
    let order = |group: &GroupConfig| {
        file.group_order.iter().position(|name| *name == group.name).unwrap_or(usize::MAX)
    };
    groups.sort_by_key(order);
    Ok(groups)
}

fn run_test(
    file: &TestFile,
    test: &Test,
    groups: Vec<GroupConfig>,
    options: &ParseOptions,
    report: &mut TestReport,
) {
    let times =
        test.alerts.iter().map(|alert| alert.at_ms).chain(test.queries.iter().map(|query| query.at_ms));
    let end_ms = times.max().unwrap_or(0);
    let name = if test.name.is_empty() { String::new() } else { format!("{}: ", test.name) };
    if end_ms / file.interval_ms > MOST_EVALUATIONS {
        report.failures.push(format!("{name}the test lasts more than {MOST_EVALUATIONS} evaluations"));
        return;
    }
    let world = match World::new(file, test, groups, options) {
        Ok(world) => world,
        Err(reason) => return report.failures.push(format!("{name}{reason}")),
    };
    let failures = world.run(file, test);
    report.asked += test.alerts.len() + test.queries.len();
    report.failures.extend(failures.into_iter().map(|failure| format!("{name}{failure}")));
}

/// A store, an engine and the groups of one test.
struct World {
    store: MemoryStorage,
    engine: Arc<Engine>,
    clock: SimulatedClock,
    groups: OfflineGroups,
}

impl World {
    fn new(
        file: &TestFile,
        test: &Test,
        groups: Vec<GroupConfig>,
        options: &ParseOptions,
    ) -> Result<Self, String> {
        let store = MemoryStorage::new();
        for (labels, values) in &test.series {
            load(&store, labels, values, test).map_err(|error| format!("{labels}: {error}"))?;
        }
        let clock = SimulatedClock::new(test.start_ms);
        let monotonic = clock.clone();
        let registry = Registry::new();
        let engine = EngineOptions {
            default_subquery_step: Duration::from_millis(file.interval_ms.unsigned_abs()),
            parse: *options,
            ..EngineOptions::default()
        };
        let engine = Arc::new(Engine::new(engine, Arc::new(move || monotonic.monotonic()), &registry));
        let deps = RuleDeps {
            storage: Arc::new(store.clone()),
            engine: Arc::clone(&engine),
            clock: Arc::new(clock.clone()),
            sink: Arc::new(Nobody),
        };
        let settings = RuleSettings {
            interval_ms: file.interval_ms,
            external_labels: test.external_labels.clone(),
            external_url: test.external_url.clone(),
            ..RuleSettings::default()
        };
        let groups = OfflineGroups::new(deps, settings, groups, &registry);
        Ok(Self { store, engine, clock, groups })
    }

    fn run(mut self, file: &TestFile, test: &Test) -> Vec<String> {
        let mut failures = Vec::new();
        let mut alerts: Vec<&AlertTest> = test.alerts.iter().collect();
        alerts.sort_by_key(|alert| alert.at_ms);
        let mut alerts = alerts.into_iter().peekable();
        let times = test.alerts.iter().map(|alert| alert.at_ms);
        let end_ms = times.chain(test.queries.iter().map(|query| query.at_ms)).max().unwrap_or(0);
        let mut at_ms = 0;
        while at_ms <= end_ms {
            self.groups.evaluate(test.start_ms + at_ms);
            // A question between two evaluations is answered by the earlier one.
            while let Some(alert) = alerts.next_if(|alert| alert.at_ms < at_ms + file.interval_ms) {
                failures.extend(self.check_alerts(alert));
            }
            self.clock.advance(Duration::from_millis(file.interval_ms.unsigned_abs()));
            at_ms += file.interval_ms;
        }
        for query in &test.queries {
            failures.extend(self.check_query(query, test.start_ms, file.fuzzy));
        }
        failures
    }

    fn check_alerts(&self, test: &AlertTest) -> Option<String> {
        let groups = self.groups.groups();
        let rules = groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.config.name == test.name);
        let active = rules.filter_map(|rule| rule.alerts.as_ref()).flat_map(|alerts| &alerts.active);
        let firing = active.filter(|alert| alert.state == AlertState::Firing);
        let mut got: Vec<ExpectedAlert> = firing
            .map(|alert| ExpectedAlert {
                labels: owned(&alert.labels),
                annotations: alert.annotations.iter().cloned().collect(),
            })
            .collect();
        let mut expected = test.expected.clone();
        for alert in &mut expected {
            alert.labels.insert(ALERT_NAME.to_owned(), test.name.clone());
        }
        got.sort();
        expected.sort();
        if got == expected {
            return None;
        }
        let (place, name, at) = (test.place, &test.name, model::format_duration(test.at_ms));
        Some(format!(
            "{place}: alert {name} at {at}:\n    expected {}\n    got      {}",
            show(&expected),
            show(&got)
        ))
    }

    fn check_query(&self, test: &QueryTest, start_ms: TimestampMs, fuzzy: bool) -> Option<String> {
        let at = model::format_duration(test.at_ms);
        let fail = |reason: String| Some(format!("{}: {:?} at {at}: {reason}", test.place, test.query));
        let t = start_ms + test.at_ms;
        let result = self.engine.instant(&self.store, &test.query, t, &QueryOptions::default());
        let samples = match result.map(|result| vector(result.value)) {
            Ok(Some(samples)) => samples,
            Ok(None) => return fail("the query gives no vector".to_owned()),
            Err(error) => return fail(error.to_string()),
        };
        let mut got: Vec<(Labels, Expected)> = samples
            .into_iter()
            .map(|sample| match sample.value {
                Value::Float(value) => (sample.labels, Expected::Float(value)),
                Value::Histogram(histogram) => {
                    (sample.labels, Expected::Histogram(Box::new((*histogram).clone())))
                }
            })
            .collect();
        let mut expected = test.expected.clone();
        got.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        let equal = got.len() == expected.len()
            && got
                .iter()
                .zip(&expected)
                .all(|(got, expected)| got.0 == expected.0 && same(&got.1, &expected.1, fuzzy));
        if equal {
            return None;
        }
        let show = |samples: &[(Labels, Expected)]| -> String {
            let lines: Vec<String> = samples
                .iter()
                .map(|(labels, value)| match value {
                    Expected::Float(value) => format!("{labels} {value}"),
                    Expected::Histogram(histogram) => {
                        format!("{labels} (histogram, count {}, sum {})", histogram.count, histogram.sum)
                    }
                })
                .collect();
            if lines.is_empty() { "nothing".to_owned() } else { lines.join(", ") }
        };
        fail(format!("\n    expected {}\n    got      {}", show(&expected), show(&got)))
    }
}

/// Puts values into the store, the first at the test's start.
fn load(
    store: &MemoryStorage,
    labels: &Labels,
    values: &[Option<Value>],
    test: &Test,
) -> Result<(), storage::AppendError> {
    let mut appender = store.appender();
    let series = appender.resolve(labels)?;
    for (at, value) in values.iter().enumerate() {
        let t = test.start_ms.saturating_add(test.interval_ms.saturating_mul(at as i64));
        match value {
            None => {}
            Some(Value::Float(value)) => appender.append(series, t, *value)?,
            Some(Value::Histogram(histogram)) => appender.append_histogram(series, t, histogram)?,
        }
    }
    appender.commit()
}

fn same(got: &Expected, expected: &Expected, fuzzy: bool) -> bool {
    match (got, expected) {
        (Expected::Float(a), Expected::Float(b)) => {
            let near = fuzzy && (a - b).abs() <= (a.abs() + b.abs()) * 1e-6;
            a == b || near || (a.is_nan() && b.is_nan())
        }
        (Expected::Histogram(a), Expected::Histogram(b)) => promql::script::is_same_histogram(a, b),
        _ => false,
    }
}

fn owned(labels: &Labels) -> std::collections::BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn show(alerts: &[ExpectedAlert]) -> String {
    let one = |alert: &ExpectedAlert| {
        let labels = Labels::from_pairs(alert.labels.iter());
        let annotations = Labels::from_pairs(alert.annotations.iter());
        format!("{labels} with {annotations}")
    };
    if alerts.is_empty() {
        "none".to_owned()
    } else {
        alerts.iter().map(one).collect::<Vec<_>>().join("\n             ")
    }
}
