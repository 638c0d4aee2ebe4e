//! Aggregations. Simple ones take rows as they come and keep one accumulator per group and step; ranking
//! ones need all rows of a group side by side.

mod accumulate;
mod limit;
mod rank;
mod values;

use hashbrown::HashMap;
use model::{Labels, METRIC_NAME};
use promql_syntax::ast::{Aggregate, AggregateOp, Grouping, Span};

use crate::column::Row;
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::scalar::ScalarColumn;
use crate::steps::Steps;

impl Context<'_> {
    pub(crate) fn aggregate(&self, aggregate: &Aggregate, span: Span, steps: Steps) -> Result<Vec<Row>> {
        match aggregate.op {
            AggregateOp::Sum
            | AggregateOp::Avg
            | AggregateOp::Min
            | AggregateOp::Max
            | AggregateOp::Count
            | AggregateOp::Group
            | AggregateOp::Stddev
            | AggregateOp::Stdvar => self.accumulate(aggregate, steps),
            AggregateOp::TopK | AggregateOp::BottomK => self.ranked(aggregate, steps),
            AggregateOp::Quantile => self.quantile(aggregate, steps),
            AggregateOp::CountValues => self.count_values(aggregate, steps),
            AggregateOp::LimitK => self.limit_k(aggregate, steps),
            AggregateOp::LimitRatio => self.limit_ratio(aggregate, steps),
        }
        .map_err(|error| match error {
            EvalError::Execution { message, span: None } => EvalError::at(message, span),
            other => other,
        })
    }

    fn parameter(&self, aggregate: &Aggregate, steps: Steps) -> Result<(ScalarColumn, Span)> {
        let Some(param) = &aggregate.param else {
            return Err(EvalError::execution(format!("{} needs a parameter", name(aggregate.op))));
        };
        Ok((self.scalar(param, steps)?, param.span))
    }

    /// All rows and the groups they belong to, both in the order of their coming.
    fn grouped(&self, aggregate: &Aggregate, steps: Steps) -> Result<(Vec<Row>, Vec<Members>)> {
        let rows = self.vector(&aggregate.expr, steps)?;
        let mut groups = Groups::new(&aggregate.grouping);
        let mut members: Vec<Members> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let place = groups.place(&row.labels);
            if place == members.len() {
                members.push((groups.labels(place), Vec::new()));
            }
            members[place].1.push(index);
        }
        Ok((rows, members))
    }
}

/// A group's labels and the numbers of its rows.
type Members = (Labels, Vec<usize>);

/// The operator as written.
pub(crate) fn name(op: AggregateOp) -> &'static str {
    match op {
        AggregateOp::Sum => "sum",
        AggregateOp::Avg => "avg",
        AggregateOp::Min => "min",
        AggregateOp::Max => "max",
        AggregateOp::Count => "count",
        AggregateOp::Group => "group",
        AggregateOp::Stddev => "stddev",
        AggregateOp::Stdvar => "stdvar",
        AggregateOp::TopK => "topk",
        AggregateOp::BottomK => "bottomk",
        AggregateOp::Quantile => "quantile",
        AggregateOp::CountValues => "count_values",
        AggregateOp::LimitK => "limitk",
        AggregateOp::LimitRatio => "limit_ratio",
    }
}

/// Groups in the order of their first series.
struct Groups<'a> {
    grouping: &'a Grouping,
    places: HashMap<Labels, usize>,
    labels: Vec<Labels>,
}

impl<'a> Groups<'a> {
    fn new(grouping: &'a Grouping) -> Self {
        Self { grouping, places: HashMap::new(), labels: Vec::new() }
    }

    /// The group of a series with these labels; a new group gets the next number.
    fn place(&mut self, labels: &Labels) -> usize {
        let key = group_labels(self.grouping, labels);
        *self.places.entry(key).or_insert_with_key(|key| {
            self.labels.push(key.clone());
            self.labels.len() - 1
        })
    }

    fn labels(&self, place: usize) -> Labels {
        self.labels[place].clone()
    }
}

/// The labels of the group that a series belongs to.
fn group_labels(grouping: &Grouping, labels: &Labels) -> Labels {
    match grouping {
        Grouping::All => Labels::empty(),
        Grouping::By(names) => labels.filtered(|name| names.iter().any(|n| n == name)),
        Grouping::Without(names) => {
            labels.filtered(|name| name != METRIC_NAME && !names.iter().any(|n| n == name))
        }
    }
}
