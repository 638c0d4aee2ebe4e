//! Making bodies: families with help, type and samples, in text 0.0.4 or OpenMetrics 1.0.
//!
//! A family is given by its OpenMetrics name, without `_total`; the writer puts the suffixes where the
//! format wants them. What was written is what [`crate::Parser`] reads.

mod escape;

use model::{BUCKET_LABEL, MetricType, QUANTILE_LABEL, TimestampMs, is_valid_legacy_metric_name};

use crate::content_type::Format;
use crate::number::push_float;
use escape::{push_help, push_label_name, push_quoted};

/// Name and value of a label.
pub type Label<'l> = (&'l str, &'l str);

/// A body being written.
#[derive(Clone, Debug)]
pub struct Writer {
    out: String,
    openmetrics: bool,
}

impl Writer {
    /// A writer of text 0.0.4.
    #[must_use]
    pub fn text() -> Self {
        Self { out: String::new(), openmetrics: false }
    }

    /// A writer of OpenMetrics 1.0.
    #[must_use]
    pub fn openmetrics() -> Self {
        Self { out: String::new(), openmetrics: true }
    }

    /// A writer for `format`; the protobuf formats, which cannot be written, fall back to their text
    /// counterparts (see [`Writer::format`] for what it became).
    #[must_use]
    pub fn new(format: Format) -> Self {
        match format {
            Format::Text | Format::Protobuf => Self::text(),
            Format::OpenMetrics | Format::OpenMetricsProtobuf => Self::openmetrics(),
        }
    }

    /// The format being written.
    #[must_use]
    pub fn format(&self) -> Format {
        if self.openmetrics { Format::OpenMetrics } else { Format::Text }
    }

    /// Begins a family: HELP (unless `help` is empty) and TYPE. In text 0.0.4, which knows fewer types, info
    /// and stateset become gauges and a gauge histogram a histogram.
    pub fn family<'w>(&'w mut self, name: &'w str, metric_type: MetricType, help: &str) -> Family<'w> {
        self.family_with_unit(name, metric_type, help, "")
    }

    /// As [`Writer::family`], with a unit (OpenMetrics; `name` must end in it). Text 0.0.4 has none.
    pub fn family_with_unit<'w>(
        &'w mut self,
        name: &'w str,
        metric_type: MetricType,
        help: &str,
        unit: &str,
    ) -> Family<'w> {
        let suffix = match metric_type {
            MetricType::Counter if !self.openmetrics => "_total",
            MetricType::Info if !self.openmetrics => "_info",
            _ => "",
        };
        if !help.is_empty() {
            self.metadata("HELP", name, suffix);
            push_help(&mut self.out, help, self.openmetrics);
            self.out.push('\n');
        }
        self.metadata("TYPE", name, suffix);
        self.out.push_str(match metric_type {
            _ if self.openmetrics => metric_type.as_str(),
            MetricType::Info | MetricType::StateSet => "gauge",
            MetricType::GaugeHistogram => "histogram",
            MetricType::Unknown => "untyped",
            _ => metric_type.as_str(),
        });
        self.out.push('\n');
        if self.openmetrics && !unit.is_empty() {
            self.metadata("UNIT", name, suffix);
            self.out.push_str(unit);
            self.out.push('\n');
        }
        Family { writer: self, name, metric_type }
    }

    /// Begins a counter whose name does not end in `_total`, as older exporters write them. Only text 0.0.4
    /// can say that; in OpenMetrics the family becomes one of unknown type.
    pub fn bare_counter<'w>(&'w mut self, name: &'w str, help: &str) -> Family<'w> {
        if self.openmetrics {
            return self.family(name, MetricType::Unknown, help);
        }
        if !help.is_empty() {
            self.metadata("HELP", name, "");
            push_help(&mut self.out, help, false);
            self.out.push('\n');
        }
        self.metadata("TYPE", name, "");
        self.out.push_str("counter\n");
        Family { writer: self, name, metric_type: MetricType::Unknown }
    }

    fn metadata(&mut self, keyword: &str, name: &str, suffix: &str) {
        self.out.push_str("# ");
        self.out.push_str(keyword);
        self.out.push(' ');
        if is_valid_legacy_metric_name(name) {
            self.out.push_str(name);
            self.out.push_str(suffix);
        } else {
            push_quoted(&mut self.out, &[name, suffix]);
        }
        self.out.push(' ');
    }

    /// The body, closed by `# EOF` where the format wants it.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.openmetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }
}

/// A family being written.
#[derive(Debug)]
pub struct Family<'w> {
    writer: &'w mut Writer,
    name: &'w str,
    metric_type: MetricType,
}

/// An exemplar to write; text 0.0.4 leaves it out.
#[derive(Clone, Copy, Debug)]
pub struct ExemplarRef<'e> {
    /// Its labels.
    pub labels: &'e [Label<'e>],
    /// Observed value.
    pub value: f64,
    /// When it was observed.
    pub timestamp_ms: Option<TimestampMs>,
}

/// What a classic histogram or summary holds besides its buckets or quantiles.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Sum of the observations.
    pub sum: f64,
    /// Number of observations.
    pub count: u64,
}

impl Family<'_> {
    /// A sample of a counter (`_total` is added), gauge, info (`_info` is added) or untyped family.
    pub fn sample(&mut self, labels: &[Label<'_>], value: f64) -> &mut Self {
        self.sample_with(labels, value, None, None)
    }

    /// As [`Family::sample`], with a time and an exemplar.
    pub fn sample_with(
        &mut self,
        labels: &[Label<'_>],
        value: f64,
        timestamp_ms: Option<TimestampMs>,
        exemplar: Option<ExemplarRef<'_>>,
    ) -> &mut Self {
        let suffix = match self.metric_type {
            MetricType::Counter => "_total",
            MetricType::Info => "_info",
            _ => "",
        };
        self.line(suffix, labels, None, value, timestamp_ms, exemplar)
    }

    /// A classic histogram: `buckets` are upper bounds in ascending order with their cumulative counts,
    /// without +Inf, which is `totals.count`.
    pub fn histogram(&mut self, labels: &[Label<'_>], buckets: &[(f64, u64)], totals: Totals) -> &mut Self {
        let mut bound = String::new();
        for (upper, count) in buckets.iter().copied().chain([(f64::INFINITY, totals.count)]) {
            bound.clear();
            push_float(&mut bound, upper, true);
            self.line("_bucket", labels, Some((BUCKET_LABEL, &bound)), count as f64, None, None);
        }
        let gauge = self.metric_type == MetricType::GaugeHistogram && self.writer.openmetrics;
        let (sum, count) = if gauge { ("_gsum", "_gcount") } else { ("_sum", "_count") };
        self.line(sum, labels, None, totals.sum, None, None);
        self.line(count, labels, None, totals.count as f64, None, None)
    }

    /// A summary with its quantiles.
    pub fn summary(&mut self, labels: &[Label<'_>], quantiles: &[(f64, f64)], totals: Totals) -> &mut Self {
        for (quantile, value) in quantiles {
            let mut text = String::new();
            push_float(&mut text, *quantile, true);
            self.line("", labels, Some((QUANTILE_LABEL, &text)), *value, None, None);
        }
        self.line("_sum", labels, None, totals.sum, None, None);
        self.line("_count", labels, None, totals.count as f64, None, None)
    }

    /// A line of any suffix, for what the other methods do not cover.
    pub fn line(
        &mut self,
        suffix: &str,
        labels: &[Label<'_>],
        extra: Option<Label<'_>>,
        value: f64,
        timestamp_ms: Option<TimestampMs>,
        exemplar: Option<ExemplarRef<'_>>,
    ) -> &mut Self {
        let openmetrics = self.writer.openmetrics;
        let out = &mut self.writer.out;
        let legacy = is_valid_legacy_metric_name(self.name);
        if legacy {
            out.push_str(self.name);
            out.push_str(suffix);
        }
        if !legacy || !labels.is_empty() || extra.is_some() {
            out.push('{');
            let mut first = legacy;
            if !legacy {
                push_quoted(out, &[self.name, suffix]);
            }
            for (name, value) in labels.iter().copied().chain(extra) {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                push_label_name(out, name);
                out.push('=');
                push_quoted(out, &[value]);
            }
            out.push('}');
        }
        out.push(' ');
        push_float(out, value, openmetrics && !value.is_nan());
        if let Some(timestamp_ms) = timestamp_ms {
            out.push(' ');
            push_timestamp(out, timestamp_ms, openmetrics);
        }
        if let Some(exemplar) = exemplar.filter(|_| openmetrics) {
            push_exemplar(out, exemplar);
        }
        out.push('\n');
        self
    }
}

fn push_timestamp(out: &mut String, timestamp_ms: TimestampMs, openmetrics: bool) {
    use std::fmt::Write as _;
    // Writing into a String cannot fail.
    let _ = if openmetrics {
        let sign = if timestamp_ms < 0 { "-" } else { "" };
        let magnitude = timestamp_ms.unsigned_abs();
        write!(out, "{sign}{}.{:03}", magnitude / 1000, magnitude % 1000)
    } else {
        write!(out, "{timestamp_ms}")
    };
}

fn push_exemplar(out: &mut String, exemplar: ExemplarRef<'_>) {
    out.push_str(" # {");
    for (at, (name, value)) in exemplar.labels.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_label_name(out, name);
        out.push('=');
        push_quoted(out, &[value]);
    }
    out.push_str("} ");
    push_float(out, exemplar.value, true);
    if let Some(timestamp_ms) = exemplar.timestamp_ms {
        out.push(' ');
        push_timestamp(out, timestamp_ms, true);
    }
}
