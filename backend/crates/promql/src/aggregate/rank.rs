//! `topk`, `bottomk` and `quantile`.

use std::cmp::Ordering;

use promql_syntax::ast::{Aggregate, AggregateOp};

use crate::aggregate::name;
use crate::annotations::Severity;
use crate::column::{Cell, Column, Row};
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::functions::over_time;
use crate::scalar::ScalarColumn;
use crate::steps::Steps;

impl Context<'_> {
    /// `topk` and `bottomk`. In an instant query the series come in the order of their values.
    pub(super) fn ranked(&self, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
        let (k, _) = self.parameter(aggregate, steps)?;
        let (rows, groups) = self.grouped(aggregate, steps)?;
        let limits = limits(&k, steps)?;
        let top = aggregate.op == AggregateOp::TopK;
        let mut kept: Vec<Column> = rows.iter().map(|_| Column::absent(steps.count)).collect();
        let mut order: Vec<usize> = Vec::new();
        let mut ignored = false;
        for (_, members) in &groups {
            self.check()?;
            for (step, limit) in limits.iter().enumerate() {
                let mut heap = Heap { top, entries: Vec::new() };
                for index in members {
                    match rows[*index].values.cell(step) {
                        Cell::Absent => {}
                        Cell::Histogram(_) => ignored = true,
                        Cell::Float(value) => heap.offer(*limit, value, *index),
                    }
                }
                heap.entries.sort_by(|a, b| heap_order(top, b.0, a.0));
                for (value, index) in &heap.entries {
                    kept[*index].set(step, *value);
                    if steps.count == 1 {
                        order.push(*index);
                    }
                }
            }
        }
        if ignored {
            let text = format!("ignored histogram in {} aggregation", name(aggregate.op));
            self.annotate(Severity::Info, text, aggregate.expr.span);
        }
        self.release_rows(&rows);
        if steps.count != 1 {
            order = (0..rows.len()).collect();
        }
        Ok(order
            .into_iter()
            .map(|index| Row {
                labels: rows[index].labels.clone(),
                drop_name: rows[index].drop_name,
                values: std::mem::take(&mut kept[index]),
            })
            .collect())
    }

    pub(super) fn quantile(&self, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
        let (phi, span) = self.parameter(aggregate, steps)?;
        (0..steps.count).for_each(|step| self.check_quantile(phi.get(step), span));
        let (rows, groups) = self.grouped(aggregate, steps)?;
        let mut out = Vec::with_capacity(groups.len());
        let mut ignored = false;
        let mut scratch = Vec::new();
        for (labels, members) in groups {
            self.check()?;
            let mut values = Column::absent(steps.count);
            for step in 0..steps.count {
                scratch.clear();
                for index in &members {
                    match rows[*index].values.cell(step) {
                        Cell::Absent => {}
                        Cell::Float(value) => scratch.push(value),
                        Cell::Histogram(_) => ignored = true,
                    }
                }
                if !scratch.is_empty() {
                    values.set(step, over_time::quantile(phi.get(step), &mut scratch));
                }
            }
            let drop_name = members.iter().any(|i| rows[*i].drop_name);
            out.push(Row { labels, drop_name, values });
        }
        if ignored {
            self.annotate(Severity::Info, "ignored histogram in quantile aggregation", aggregate.expr.span);
        }
        self.release_rows(&rows);
        Ok(out)
    }
}

/// The parameter as a number of series, for each step.
pub(super) fn limits(k: &ScalarColumn, steps: Steps) -> Result<Vec<usize>> {
    (0..steps.count)
        .map(|step| {
            let k = k.get(step);
            if k.is_nan() {
                return Err(EvalError::execution("Parameter value is NaN"));
            }
            if k >= i64::MAX as f64 || k <= i64::MIN as f64 {
                return Err(EvalError::execution(format!("Scalar value {k} overflows int64")));
            }
            Ok(if k < 1.0 { 0 } else { k as usize })
        })
        .collect()
}

/// Which of two values is thrown out first; NaN before all.
fn heap_order(top: bool, a: f64, b: f64) -> Ordering {
    b.is_nan().cmp(&a.is_nan()).then_with(|| {
        let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        if top { order } else { order.reverse() }
    })
}

/// The best values so far, the worst of them first. Which of equal values stays depends on the moves of
/// the heap, so these are the textbook ones that Go's library makes too.
struct Heap {
    top: bool,
    entries: Vec<(f64, usize)>,
}

impl Heap {
    fn less(&self, a: usize, b: usize) -> bool {
        let (x, y) = (self.entries[a].0, self.entries[b].0);
        x.is_nan() || heap_order(self.top, x, y) == Ordering::Less
    }

    fn offer(&mut self, limit: usize, value: f64, index: usize) {
        if limit == 0 {
            return;
        }
        if self.entries.len() < limit {
            self.entries.push((value, index));
            self.up(self.entries.len() - 1);
            return;
        }
        let worst = self.entries[0].0;
        let better = if self.top { worst < value } else { worst > value };
        if better || (worst.is_nan() && !value.is_nan()) {
            self.entries[0] = (value, index);
            self.down();
        }
    }

    fn up(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.less(at, parent) {
                break;
            }
            self.entries.swap(at, parent);
            at = parent;
        }
    }

    fn down(&mut self) {
        let mut at = 0;
        loop {
            let left = 2 * at + 1;
            if left >= self.entries.len() {
                break;
            }
            let right = left + 1;
            let child = if right < self.entries.len() && self.less(right, left) { right } else { left };
            if !self.less(child, at) {
                break;
            }
            self.entries.swap(at, child);
            at = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(top: bool, limit: usize, values: &[f64]) -> Vec<f64> {
        let mut heap = Heap { top, entries: Vec::new() };
        values.iter().enumerate().for_each(|(i, v)| heap.offer(limit, *v, i));
        heap.entries.sort_by(|a, b| heap_order(top, b.0, a.0));
        heap.entries.into_iter().map(|(v, _)| v).collect()
    }

    #[test]
    fn keeps_the_best_and_prefers_numbers_to_nan() {
        assert_eq!(best(true, 2, &[1.0, f64::NAN, 3.0, 2.0]), [3.0, 2.0]);
        assert_eq!(best(false, 2, &[f64::NAN, 5.0, 4.0, 6.0]), [4.0, 5.0]);
        let with_nan = best(true, 3, &[1.0, f64::NAN, 2.0]);
        assert!(with_nan[0] == 2.0 && with_nan[1] == 1.0 && with_nan[2].is_nan());
    }
}
