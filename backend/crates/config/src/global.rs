//! The section `global` of `prometheus.yml`, and what scrape sections share with it.

use model::{Labels, is_valid_label_name};

use crate::document::Document;
use crate::error::Problem;
use crate::node::Node;
use crate::read::{ByteSize, Duration, Read};
use crate::section::Section;

/// A format that a target may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScrapeProtocol {
    /// Protobuf.
    PrometheusProto,
    /// Text 0.0.4.
    PrometheusText0_0_4,
    /// Text 1.0.0 (quoted UTF-8 names).
    PrometheusText1_0_0,
    /// OpenMetrics 0.0.1.
    OpenMetricsText0_0_1,
    /// OpenMetrics 1.0.0.
    OpenMetricsText1_0_0,
}

impl ScrapeProtocol {
    /// What is asked for by default, best first.
    pub const DEFAULT: [Self; 4] = [
        Self::OpenMetricsText1_0_0,
        Self::OpenMetricsText0_0_1,
        Self::PrometheusText1_0_0,
        Self::PrometheusText0_0_4,
    ];

    /// Media type and version for an `Accept` header.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::PrometheusProto => {
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
            Self::PrometheusText0_0_4 => "text/plain;version=0.0.4",
            Self::PrometheusText1_0_0 => "text/plain;version=1.0.0",
            Self::OpenMetricsText0_0_1 => "application/openmetrics-text;version=0.0.1",
            Self::OpenMetricsText1_0_0 => "application/openmetrics-text;version=1.0.0",
        }
    }
}

impl Read for ScrapeProtocol {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        match String::read(node, name)?.as_str() {
            "PrometheusProto" => Ok(Self::PrometheusProto),
            "PrometheusText0.0.4" => Ok(Self::PrometheusText0_0_4),
            "PrometheusText1.0.0" => Ok(Self::PrometheusText1_0_0),
            "OpenMetricsText0.0.1" => Ok(Self::OpenMetricsText0_0_1),
            "OpenMetricsText1.0.0" => Ok(Self::OpenMetricsText1_0_0),
            other => Err(Problem::new(
                node.place(),
                format!(
                    "{name}: unknown scrape protocol {other:?}; known are PrometheusProto, PrometheusText0.0.4, \
                     PrometheusText1.0.0, OpenMetricsText0.0.1 and OpenMetricsText1.0.0"
                ),
            )),
        }
    }
}

/// Which names of metrics and labels are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NameValidation {
    /// Any UTF-8.
    #[default]
    Utf8,
    /// The classic character set.
    Legacy,
}

impl Read for NameValidation {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        match String::read(node, name)?.as_str() {
            "utf8" | "" => Ok(Self::Utf8),
            "legacy" => Ok(Self::Legacy),
            other => {
                Err(Problem::new(node.place(), format!("{name}: expected utf8 or legacy, found {other:?}")))
            }
        }
    }
}

/// `global`. Limits of 0 mean none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalConfig {
    /// Time between scrapes; 1m by default.
    pub scrape_interval: Duration,
    /// Most time a scrape may take; 10s by default, and at most the interval.
    pub scrape_timeout: Duration,
    /// What targets are asked for, best first.
    pub scrape_protocols: Vec<ScrapeProtocol>,
    /// Time between evaluations of a rule group; 1m by default.
    pub evaluation_interval: Duration,
    /// By how much rules look back into the past by default.
    pub rule_query_offset: Duration,
    /// Labels that this server adds when it speaks to others.
    pub external_labels: Labels,
    /// Where queries are logged, if anywhere.
    pub query_log_file: Option<std::path::PathBuf>,
    /// Where scrape failures are logged, if anywhere.
    pub scrape_failure_log_file: Option<std::path::PathBuf>,
    /// Most bytes of a body, unpacked.
    pub body_size_limit: ByteSize,
    /// Most samples of a scrape.
    pub sample_limit: u64,
    /// Most targets of a job.
    pub target_limit: u64,
    /// Most labels of a sample.
    pub label_limit: u64,
    /// Most bytes of a label name.
    pub label_name_length_limit: u64,
    /// Most bytes of a label value.
    pub label_value_length_limit: u64,
    /// Most dropped targets that are remembered per job.
    pub keep_dropped_targets: u64,
    /// Which names are taken.
    pub metric_name_validation_scheme: NameValidation,
    /// How names are to be escaped by the targets, if not at all.
    pub metric_name_escaping_scheme: String,
    /// Whether native histograms are scraped.
    pub scrape_native_histograms: bool,
    /// Whether classic histograms become native ones.
    pub convert_classic_histograms_to_nhcb: bool,
    /// Whether classic histograms are kept besides native ones.
    pub always_scrape_classic_histograms: bool,
    /// Whether series about the limits of a scrape are reported.
    pub extra_scrape_metrics: bool,
}

impl Default for GlobalConfig {
    fn default() -> Self {
        Self {
            scrape_interval: Duration::from_secs(60),
            scrape_timeout: Duration::from_secs(10),
            scrape_protocols: ScrapeProtocol::DEFAULT.to_vec(),
            evaluation_interval: Duration::from_secs(60),
            rule_query_offset: Duration::from_ms(0),
            external_labels: Labels::empty(),
            query_log_file: None,
            scrape_failure_log_file: None,
            body_size_limit: ByteSize(0),
            sample_limit: 0,
            target_limit: 0,
            label_limit: 0,
            label_name_length_limit: 0,
            label_value_length_limit: 0,
            keep_dropped_targets: 0,
            metric_name_validation_scheme: NameValidation::Utf8,
            metric_name_escaping_scheme: "allow-utf-8".to_owned(),
            scrape_native_histograms: false,
            convert_classic_histograms_to_nhcb: false,
            always_scrape_classic_histograms: false,
            extra_scrape_metrics: false,
        }
    }
}

impl GlobalConfig {
    /// Reads the section. `environment` looks variables up for `external_labels`, the only place where
    /// `${NAME}` is replaced.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(
        node: &Node,
        document: &Document,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Problem> {
        let default = Self::default();
        let mut section = Section::of(node, "global")?;
        let interval = section.get("scrape_interval")?.unwrap_or(default.scrape_interval);
        if interval.as_ms() <= 0 {
            return Err(section.problem("scrape_interval", "must be greater than 0"));
        }
        let timeout: Option<Duration> = section.get("scrape_timeout")?;
        if timeout.is_some_and(|timeout| timeout > interval) {
            let why = format!("is greater than the scrape_interval of {interval}");
            return Err(section.problem("scrape_timeout", why));
        }
        let protocols: Vec<ScrapeProtocol> = section.get_or("scrape_protocols", default.scrape_protocols)?;
        check_protocols(&section, &protocols)?;
        let external_labels = match section.node("external_labels") {
            None => Labels::empty(),
            Some(node) => external_labels(node, environment)?,
        };
        let escaping: String =
            section.get_or("metric_name_escaping_scheme", default.metric_name_escaping_scheme)?;
        check_escaping(&section, &escaping)?;
        let global = Self {
            scrape_interval: interval,
            scrape_timeout: timeout.filter(|t| t.as_ms() > 0).unwrap_or(default.scrape_timeout.min(interval)),
            scrape_protocols: protocols,
            evaluation_interval: section.get_or("evaluation_interval", default.evaluation_interval)?,
            rule_query_offset: section.get_or("rule_query_offset", default.rule_query_offset)?,
            external_labels,
            query_log_file: section.path("query_log_file", document.folder())?,
            scrape_failure_log_file: section.path("scrape_failure_log_file", document.folder())?,
            body_size_limit: section.get_or("body_size_limit", default.body_size_limit)?,
            sample_limit: section.get_or("sample_limit", 0)?,
            target_limit: section.get_or("target_limit", 0)?,
            label_limit: section.get_or("label_limit", 0)?,
            label_name_length_limit: section.get_or("label_name_length_limit", 0)?,
            label_value_length_limit: section.get_or("label_value_length_limit", 0)?,
            keep_dropped_targets: section.get_or("keep_dropped_targets", 0)?,
            metric_name_validation_scheme: section
                .get_or("metric_name_validation_scheme", NameValidation::Utf8)?,
            metric_name_escaping_scheme: escaping,
            scrape_native_histograms: section.get_or("scrape_native_histograms", false)?,
            convert_classic_histograms_to_nhcb: section
                .get_or("convert_classic_histograms_to_nhcb", false)?,
            always_scrape_classic_histograms: section.get_or("always_scrape_classic_histograms", false)?,
            extra_scrape_metrics: section.get_or("extra_scrape_metrics", false)?,
        };
        if global.evaluation_interval.as_ms() <= 0 {
            return Err(section.problem("evaluation_interval", "must be greater than 0"));
        }
        section.finish()?;
        Ok(global)
    }
}

pub(crate) fn check_protocols(section: &Section<'_>, protocols: &[ScrapeProtocol]) -> Result<(), Problem> {
    if protocols.is_empty() {
        return Err(section.problem("scrape_protocols", "at least one protocol is needed"));
    }
    for (at, protocol) in protocols.iter().enumerate() {
        if protocols[..at].contains(protocol) {
            return Err(section.problem("scrape_protocols", format!("{protocol:?} is there twice")));
        }
    }
    Ok(())
}

fn check_escaping(section: &Section<'_>, scheme: &str) -> Result<(), Problem> {
    match scheme {
        "" | "allow-utf-8" | "underscores" | "dots" | "values" => Ok(()),
        _ => {
            let why = format!("expected allow-utf-8, underscores, dots or values, found {scheme:?}");
            Err(section.problem("metric_name_escaping_scheme", why))
        }
    }
}

fn external_labels(node: &Node, environment: &dyn Fn(&str) -> Option<String>) -> Result<Labels, Problem> {
    let mut section = Section::of(node, "external_labels")?;
    let mut pairs = Vec::new();
    for entry in section.free_entries() {
        if !is_valid_label_name(&entry.key) || entry.key == model::METRIC_NAME {
            return Err(Problem::new(
                entry.place,
                format!("external_labels: {:?} is not a label name", entry.key),
            ));
        }
        let value = String::read(&entry.value, &entry.key)?;
        pairs.push((entry.key.clone(), expand_environment(&value, environment)));
    }
    Ok(Labels::from_pairs(pairs))
}

/// Replaces `$NAME` and `${NAME}` by the variable's value (nothing if it is not set) and `$$` by `$`, as
/// Prometheus does in external labels.
#[must_use]
pub fn expand_environment(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            out.push_str(&environment(name).unwrap_or_default());
            rest = after;
        } else {
            let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            if length == 0 {
                out.push('$');
            } else {
                out.push_str(&environment(&rest[..length]).unwrap_or_default());
            }
            rest = &rest[length..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_is_put_in() {
        let environment = |name: &str| (name == "ZONE").then(|| "eu-1".to_owned());
        let expand = |text| expand_environment(text, &environment);
        assert_eq!(expand("a-${ZONE}-b $ZONE. $$ZONE ${NOT} $"), "a-eu-1-b eu-1. $ZONE  $");
        assert_eq!(expand("${open"), "${open", "an unclosed brace names no variable");
    }
}
