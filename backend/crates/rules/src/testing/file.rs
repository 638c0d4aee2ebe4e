//! Reading a file of tests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::{Document, Duration, Node, Place, Problem, Section};
use model::{Histogram, Labels, Value};
use promql::script::{read_histogram, read_metric, read_values};

/// Where nothing is said.
const INTERVAL: Duration = Duration::from_secs(60);

/// A file of tests.
#[derive(Debug)]
pub(super) struct TestFile {
    pub(super) rule_files: Vec<PathBuf>,
    pub(super) interval_ms: i64,
    pub(super) group_order: Vec<String>,
    /// Whether values that differ by less than a millionth are equal.
    pub(super) fuzzy: bool,
    pub(super) tests: Vec<Test>,
}

/// A test: series, and questions.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) name: String,
    pub(super) interval_ms: i64,
    pub(super) series: Vec<(Labels, Vec<Option<Value>>)>,
    pub(super) alerts: Vec<AlertTest>,
    pub(super) queries: Vec<QueryTest>,
    pub(super) external_labels: Labels,
    pub(super) external_url: String,
    /// The time of the first sample.
    pub(super) start_ms: i64,
}

/// Which alerts of a name fire at a time.
#[derive(Debug)]
pub(super) struct AlertTest {
    pub(super) place: Place,
    pub(super) at_ms: i64,
    pub(super) name: String,
    pub(super) expected: Vec<ExpectedAlert>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ExpectedAlert {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
}

/// What a query gives at a time.
#[derive(Debug)]
pub(super) struct QueryTest {
    pub(super) place: Place,
    pub(super) at_ms: i64,
    pub(super) query: String,
    pub(super) expected: Vec<(Labels, Expected)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expected {
    Float(f64),
    Histogram(Box<Histogram>),
}

pub(super) fn read(document: &Document) -> Result<TestFile, Problem> {
    let mut top = Section::of(document.root(), "tests of rules")?;
    let rule_files = top.get_or::<Vec<String>>("rule_files", Vec::new())?;
    let interval = top.get::<Duration>("evaluation_interval")?.filter(|interval| interval.as_ms() > 0);
    let interval_ms = interval.unwrap_or(INTERVAL).as_ms();
    let group_order = top.get_or("group_eval_order", Vec::new())?;
    let fuzzy = top.get_or("fuzzy_compare", false)?;
    let tests = top.list("tests", |node| test(node, interval_ms))?;
    top.finish()?;
    let rule_files = rule_files.iter().map(|pattern| document.folder().join(pattern)).collect();
    Ok(TestFile { rule_files, interval_ms, group_order, fuzzy, tests })
}

fn test(node: &Node, interval_ms: i64) -> Result<Test, Problem> {
    let mut section = Section::of(node, "test")?;
    let interval = section.get::<Duration>("interval")?.filter(|interval| interval.as_ms() > 0);
    let labels: BTreeMap<String, String> = section.get_or("external_labels", BTreeMap::new())?;
    let start = match section.node("start_timestamp") {
        None => 0,
        Some(node) => start_time(node)?,
    };
    let test = Test {
        name: section.get_or("name", String::new())?,
        interval_ms: interval.map_or(interval_ms, Duration::as_ms),
        series: section.list("input_series", series)?,
        alerts: section.list("alert_rule_test", alert_test)?,
        queries: section.list("promql_expr_test", query_test)?,
        external_labels: Labels::from_pairs(labels),
        external_url: section.get_or("external_url", String::new())?,
        start_ms: start,
    };
    section.finish()?;
    Ok(test)
}

/// Seconds since the epoch, or a time of RFC 3339.
fn start_time(node: &Node) -> Result<i64, Problem> {
    let text = <String as config::Read>::read(node, "start_timestamp")?;
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e12);
    let ms = seconds.map(|seconds| (seconds * 1000.0) as i64);
    ms.or_else(|| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)).ok_or_else(
        || {
            Problem::new(
                node.place(),
                format!(
                    "start_timestamp: {text:?} is neither seconds nor a time such as 2024-01-01T00:00:00Z"
                ),
            )
        },
    )
}

fn series(node: &Node) -> Result<(Labels, Vec<Option<Value>>), Problem> {
    let mut section = Section::of(node, "input_series")?;
    let metric: String = section.require("series")?;
    let values: String = section.get_or("values", String::new())?;
    let labels = read_metric(&metric).map_err(|reason| section.problem("series", reason))?;
    let values = read_values(&values).map_err(|reason| section.problem("values", reason))?;
    section.finish()?;
    Ok((labels, values))
}

fn alert_test(node: &Node) -> Result<AlertTest, Problem> {
    let mut section = Section::of(node, "alert_rule_test")?;
    let test = AlertTest {
        place: section.place(),
        at_ms: section.get_or("eval_time", Duration::default())?.as_ms(),
        name: section.require("alertname")?,
        expected: section.list("exp_alerts", |node| {
            let mut section = Section::of(node, "exp_alerts")?;
            let labels = section.get_or("exp_labels", BTreeMap::new())?;
            let annotations = section.get_or("exp_annotations", BTreeMap::new())?;
            section.finish()?;
            Ok(ExpectedAlert { labels, annotations })
        })?,
    };
    section.finish()?;
    Ok(test)
}

fn query_test(node: &Node) -> Result<QueryTest, Problem> {
    let mut section = Section::of(node, "promql_expr_test")?;
    let test = QueryTest {
        place: section.place(),
        at_ms: section.get_or("eval_time", Duration::default())?.as_ms(),
        query: section.require("expr")?,
        expected: section.list("exp_samples", |node| {
            let mut section = Section::of(node, "exp_samples")?;
            let labels: String = section.get_or("labels", String::new())?;
            let labels = read_metric(&labels).map_err(|reason| section.problem("labels", reason))?;
            let value = section.get_or("value", 0.0)?;
            let histogram: String = section.get_or("histogram", String::new())?;
            let expected = match histogram.as_str() {
                "" => Expected::Float(value),
                text => {
                    let histogram =
                        read_histogram(text).map_err(|reason| section.problem("histogram", reason))?;
                    Expected::Histogram(Box::new(histogram))
                }
            };
            section.finish()?;
            Ok((labels, expected))
        })?,
    };
    section.finish()?;
    Ok(test)
}
