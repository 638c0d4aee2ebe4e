//! Warnings and infos that come with an answer, each with the place in the query it is about.
//!
//! Loops over samples only raise [`Flags`]; they become texts once per series and expression.

use std::collections::BTreeMap;

use promql_syntax::ast::Span;

/// How serious an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The answer may be wrong or incomplete.
    Warning,
    /// The answer is right, but perhaps not what was meant.
    Info,
}

/// A remark on the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How serious.
    pub severity: Severity,
    /// The text, without prefix and position.
    pub message: String,
    /// What it is about.
    pub span: Span,
}

impl Annotation {
    /// The text as Prometheus' API gives it, with prefix and the line and column within `query`.
    #[must_use]
    pub fn render(&self, query: &str) -> String {
        let prefix = match self.severity {
            Severity::Warning => "PromQL warning",
            Severity::Info => "PromQL info",
        };
        let (line, column) = line_and_column(query, self.span.start);
        format!("{prefix}: {} ({line}:{column})", self.message)
    }
}

/// Line and column of a byte offset, both from 1; the column counts bytes.
fn line_and_column(text: &str, offset: u32) -> (usize, usize) {
    let before = &text.as_bytes()[..text.len().min(offset as usize)];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    (line, before.len() - line_start + 1)
}

/// All annotations of a query, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Annotations {
    kept: BTreeMap<(Severity, String, u32), Span>,
}

impl Annotations {
    pub(crate) fn add(&mut self, severity: Severity, message: String, span: Span) {
        self.kept.entry((severity, message, span.start)).or_insert(span);
    }

    pub(crate) fn into_vec(self) -> Vec<Annotation> {
        self.kept
            .into_iter()
            .map(|((severity, message, _), span)| Annotation { severity, message, span })
            .collect()
    }
}

/// Remarks raised inside loops, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Flags {
    pub(crate) const MIXED_FLOATS_HISTOGRAMS: Self = Self(1);
    pub(crate) const HISTOGRAMS_IGNORED_IN_RANGE: Self = Self(1 << 1);
    pub(crate) const NOT_A_COUNTER: Self = Self(1 << 2);
    pub(crate) const NOT_A_GAUGE: Self = Self(1 << 3);
    pub(crate) const MIXED_SCHEMAS: Self = Self(1 << 4);
    pub(crate) const RECONCILED_SUB: Self = Self(1 << 5);
    pub(crate) const RECONCILED_ADD: Self = Self(1 << 6);
    pub(crate) const RECONCILED_AGG: Self = Self(1 << 7);
    pub(crate) const RESET_COLLISION_SUB: Self = Self(1 << 8);
    pub(crate) const RESET_COLLISION_ADD: Self = Self(1 << 9);
    pub(crate) const RESET_COLLISION_AGG: Self = Self(1 << 10);
    pub(crate) const NOT_MONOTONIC: Self = Self(1 << 11);
    pub(crate) const MIXED_CLASSIC_NATIVE: Self = Self(1 << 12);
    pub(crate) const QUANTILE_NAN: Self = Self(1 << 13);
    pub(crate) const QUANTILE_SKEWED: Self = Self(1 << 14);
    pub(crate) const FRACTION_NAN: Self = Self(1 << 15);
    pub(crate) const NAME_NOT_COUNTER: Self = Self(1 << 16);
    pub(crate) const MIXED_IN_AGGREGATION: Self = Self(1 << 17);

    #[inline]
    pub(crate) fn raise(&mut self, flag: Self) {
        self.0 |= flag.0;
    }

    pub(crate) fn contains(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The texts, for the series called `metric`.
    pub(crate) fn describe(self, metric: &str, mut tell: impl FnMut(Severity, String)) {
        use Severity::{Info, Warning};
        const DOCS: &str =
            "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile";
        let metric = format!("{metric:?}");
        let texts: [(Self, Severity, String); 18] = [
            (
                Self::MIXED_FLOATS_HISTOGRAMS,
                Warning,
                format!("encountered a mix of histograms and floats for metric name {metric}"),
            ),
            (
                Self::HISTOGRAMS_IGNORED_IN_RANGE,
                Info,
                format!(
                    "ignored histograms in a range containing both floats and histograms for metric name {metric}"
                ),
            ),
            (
                Self::NOT_A_COUNTER,
                Warning,
                format!("this native histogram metric is not a counter: {metric}"),
            ),
            (Self::NOT_A_GAUGE, Warning, format!("this native histogram metric is not a gauge: {metric}")),
            (
                Self::MIXED_SCHEMAS,
                Warning,
                format!(
                    "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {metric}"
                ),
            ),
            (
                Self::RECONCILED_SUB,
                Info,
                "mismatched custom buckets were reconciled during subtraction".to_owned(),
            ),
            (
                Self::RECONCILED_ADD,
                Info,
                "mismatched custom buckets were reconciled during addition".to_owned(),
            ),
            (
                Self::RECONCILED_AGG,
                Info,
                "mismatched custom buckets were reconciled during aggregation".to_owned(),
            ),
            (
                Self::RESET_COLLISION_SUB,
                Warning,
                "conflicting counter resets during histogram subtraction".to_owned(),
            ),
            (
                Self::RESET_COLLISION_ADD,
                Warning,
                "conflicting counter resets during histogram addition".to_owned(),
            ),
            (
                Self::RESET_COLLISION_AGG,
                Warning,
                "conflicting counter resets during histogram aggregation".to_owned(),
            ),
            (
                Self::NOT_MONOTONIC,
                Info,
                format!(
                    "input to histogram_quantile needed to be fixed for monotonicity (see {DOCS}) for metric name {metric}"
                ),
            ),
            (
                Self::MIXED_CLASSIC_NATIVE,
                Warning,
                format!("vector contains a mix of classic and native histograms for metric name {metric}"),
            ),
            (
                Self::QUANTILE_NAN,
                Info,
                format!(
                    "input to histogram_quantile has NaN observations, result is NaN for metric name {metric}"
                ),
            ),
            (
                Self::QUANTILE_SKEWED,
                Info,
                format!(
                    "input to histogram_quantile has NaN observations, result is skewed higher for metric name {metric}"
                ),
            ),
            (
                Self::FRACTION_NAN,
                Info,
                format!(
                    "input to histogram_fraction has NaN observations, which are excluded from all fractions for metric name {metric}"
                ),
            ),
            (
                Self::NAME_NOT_COUNTER,
                Info,
                format!(
                    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {metric}"
                ),
            ),
            (
                Self::MIXED_IN_AGGREGATION,
                Warning,
                "encountered a mix of histograms and floats for aggregation".to_owned(),
            ),
        ];
        for (flag, severity, text) in texts {
            if self.contains(flag) {
                tell(severity, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendered_with_line_and_column() {
        let mut annotations = Annotations::default();
        let span = Span { start: 9, end: 12 };
        annotations.add(Severity::Info, "hm".to_owned(), span);
        annotations.add(Severity::Info, "hm".to_owned(), span);
        let all = annotations.into_vec();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].render("sum by (\nfoo"), "PromQL info: hm (2:1)");
    }
}
