//! The table of aggregation operators: names, parameters, and what a completion list says about them.
//!
//! Source: the Prometheus documentation, "Aggregation operators".

use crate::ast::{AggregateOp, ValueType};

/// What is to be known about an aggregation operator.
#[derive(Debug, PartialEq, Eq)]
pub struct Aggregation {
    /// Operator.
    pub op: AggregateOp,
    /// Name, in lower case; queries may write it in any case.
    pub name: &'static str,
    /// Type of the parameter before the vector, if it takes one.
    pub param: Option<ValueType>,
    /// Needs the feature flag `promql-experimental-functions`.
    pub experimental: bool,
    /// One sentence for people, without a full stop.
    pub help: &'static str,
}

const fn plain(op: AggregateOp, name: &'static str, help: &'static str) -> Aggregation {
    Aggregation { op, name, param: None, experimental: false, help }
}

const fn with(op: AggregateOp, name: &'static str, param: ValueType, help: &'static str) -> Aggregation {
    Aggregation { op, name, param: Some(param), experimental: false, help }
}

const fn flagged(op: AggregateOp, name: &'static str, help: &'static str) -> Aggregation {
    Aggregation { op, name, param: Some(ValueType::Scalar), experimental: true, help }
}

/// All aggregation operators, sorted by name.
pub static AGGREGATIONS: &[Aggregation] = &[
    plain(AggregateOp::Avg, "avg", "Mean of the values in each group"),
    with(AggregateOp::BottomK, "bottomk", ValueType::Scalar, "The k smallest samples of each group"),
    plain(AggregateOp::Count, "count", "Number of series in each group"),
    with(
        AggregateOp::CountValues,
        "count_values",
        ValueType::String,
        "Number of series per value, the value as a label",
    ),
    plain(AggregateOp::Group, "group", "1 for each group"),
    flagged(
        AggregateOp::LimitRatio,
        "limit_ratio",
        "A share of the series of each group, always the same ones",
    ),
    flagged(AggregateOp::LimitK, "limitk", "Any k series of each group"),
    plain(AggregateOp::Max, "max", "Greatest value in each group"),
    plain(AggregateOp::Min, "min", "Smallest value in each group"),
    with(
        AggregateOp::Quantile,
        "quantile",
        ValueType::Scalar,
        "Quantile (0 to 1) of the values in each group",
    ),
    plain(AggregateOp::Stddev, "stddev", "Population standard deviation of the values in each group"),
    plain(AggregateOp::Stdvar, "stdvar", "Population variance of the values in each group"),
    plain(AggregateOp::Sum, "sum", "Sum of the values in each group"),
    with(AggregateOp::TopK, "topk", ValueType::Scalar, "The k greatest samples of each group"),
];

/// The aggregation called `name`, whatever its case.
#[must_use]
pub fn aggregation(name: &str) -> Option<&'static Aggregation> {
    AGGREGATIONS.iter().find(|a| a.name.eq_ignore_ascii_case(name))
}

impl AggregateOp {
    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static Aggregation {
        let at = AGGREGATIONS.iter().position(|a| a.op == self).unwrap_or_default();
        &AGGREGATIONS[at] // a test proves that every operator has a row
    }

    /// Its name, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.info().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_complete_and_found_in_any_case() {
        assert!(AGGREGATIONS.windows(2).all(|w| w[0].name < w[1].name));
        for row in AGGREGATIONS {
            assert!(std::ptr::eq(row.op.info(), row), "{}", row.name);
            assert_eq!(aggregation(&row.name.to_uppercase()).map(|a| a.op), Some(row.op));
        }
        let ops = AGGREGATIONS.iter().map(|a| a.op).collect::<std::collections::HashSet<_>>();
        assert_eq!(ops.len(), 14);
        assert!(aggregation("sum2").is_none());
    }
}
