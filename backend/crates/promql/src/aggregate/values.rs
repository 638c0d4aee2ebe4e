//! `count_values`: how many series have each value.

use hashbrown::HashMap;
use model::{Labels, LabelsBuilder};
use promql_syntax::ast::{Aggregate, ExprKind, Grouping};
use promql_syntax::{quote, quote_bytes};

use crate::aggregate::group_labels;
use crate::column::{Cell, Column, Row};
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::histogram::format;
use crate::plan;
use crate::steps::Steps;

impl Context<'_> {
    pub(super) fn count_values(&self, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
        let Some(param) = &aggregate.param else {
            return Err(EvalError::execution("count_values needs a label name"));
        };
        let invalid = |name: String| Err(EvalError::execution(format!("invalid label name {name}")));
        if let ExprKind::Bytes(bytes) = &plan::unparen(param).kind {
            return invalid(quote_bytes(bytes));
        }
        let label = self.string(param)?;
        if label.is_empty() {
            return invalid(quote(&label));
        }
        // The new label belongs to the group, whatever the grouping says.
        let grouping = match &aggregate.grouping {
            Grouping::All => Grouping::By(vec![label.clone()]),
            Grouping::By(names) => Grouping::By(names.iter().chain([&label]).cloned().collect()),
            Grouping::Without(names) => {
                Grouping::Without(names.iter().filter(|n| **n != label).cloned().collect())
            }
        };
        let mut places: HashMap<Labels, usize> = HashMap::new();
        let mut rows: Vec<Row> = Vec::new();
        self.stream(&aggregate.expr, steps, &mut |row| {
            let mut last: Option<(String, usize)> = None;
            for step in 0..steps.count {
                let text = match row.values.cell(step) {
                    Cell::Absent => continue,
                    Cell::Float(value) => plain(value),
                    Cell::Histogram(histogram) => format::text(histogram),
                };
                let place = match &last {
                    Some((before, place)) if *before == text => *place,
                    _ => {
                        let mut builder = LabelsBuilder::new(&row.labels);
                        builder.set(&label, &text);
                        let labels = group_labels(&grouping, &builder.build());
                        let next = rows.len();
                        let place = *places.entry(labels.clone()).or_insert(next);
                        if place == next {
                            self.hold(steps.count)?;
                            rows.push(Row { labels, drop_name: false, values: Column::absent(steps.count) });
                        }
                        last = Some((text, place));
                        place
                    }
                };
                let counted = rows[place].values.float(step).unwrap_or(0.0);
                rows[place].values.set(step, counted + 1.0);
            }
            Ok(())
        })?;
        Ok(rows)
    }
}

/// The shortest decimal that reads back as the value, without exponent.
fn plain(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { format::number(value) }
}
