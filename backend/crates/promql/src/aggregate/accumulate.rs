//! Aggregations that look at one sample at a time.

use std::sync::Arc;

use model::{Histogram, Labels};
use promql_syntax::ast::{Aggregate, AggregateOp};

use crate::aggregate::{Groups, name};
use crate::annotations::{Flags, Severity};
use crate::column::{Cell, Column, Row, canonical};
use crate::context::Context;
use crate::error::Result;
use crate::histogram::aggregate::Accumulator as HistogramSum;
use crate::kahan::{Mean, Sum, Variance};
use crate::steps::Steps;

/// What is kept for a group at a step.
trait Accumulator: Clone + Default {
    fn add(&mut self, value: f64);
    fn value(&self) -> f64;
}

#[derive(Clone, Default)]
struct Least(Option<f64>);

impl Accumulator for Least {
    fn add(&mut self, value: f64) {
        match self.0 {
            Some(least) if least <= value || (value.is_nan() && !least.is_nan()) => {}
            _ => self.0 = Some(value),
        }
    }
    fn value(&self) -> f64 {
        self.0.unwrap_or(f64::NAN)
    }
}

#[derive(Clone, Default)]
struct Greatest(Option<f64>);

impl Accumulator for Greatest {
    fn add(&mut self, value: f64) {
        match self.0 {
            Some(greatest) if greatest >= value || (value.is_nan() && !greatest.is_nan()) => {}
            _ => self.0 = Some(value),
        }
    }
    fn value(&self) -> f64 {
        self.0.unwrap_or(f64::NAN)
    }
}

#[derive(Clone, Default)]
struct Count(f64);

impl Accumulator for Count {
    fn add(&mut self, _: f64) {
        self.0 += 1.0;
    }
    fn value(&self) -> f64 {
        self.0
    }
}

#[derive(Clone, Default)]
struct One;

impl Accumulator for One {
    fn add(&mut self, _: f64) {}
    fn value(&self) -> f64 {
        1.0
    }
}

#[derive(Clone, Default)]
struct Deviation(Variance);

impl Accumulator for Deviation {
    fn add(&mut self, value: f64) {
        self.0.add(value);
    }
    fn value(&self) -> f64 {
        self.0.value().sqrt()
    }
}

macro_rules! accumulator {
    ($kind:ty) => {
        impl Accumulator for $kind {
            #[inline]
            fn add(&mut self, value: f64) {
                <$kind>::add(self, value);
            }
            #[inline]
            fn value(&self) -> f64 {
                <$kind>::value(*self)
            }
        }
    };
}
accumulator!(Sum);
accumulator!(Mean);
accumulator!(Variance);

/// A group's state, `[steps]`.
struct Group<A> {
    labels: Labels,
    drop_name: bool,
    floats: Vec<A>,
    seen: Vec<bool>,
    /// Empty until the group meets a histogram.
    histograms: Vec<HistogramSum>,
}

impl Context<'_> {
    pub(super) fn accumulate(&self, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
        match aggregate.op {
            AggregateOp::Sum => self.run::<Sum>(aggregate, steps),
            AggregateOp::Avg => self.run::<Mean>(aggregate, steps),
            AggregateOp::Min => self.run::<Least>(aggregate, steps),
            AggregateOp::Max => self.run::<Greatest>(aggregate, steps),
            AggregateOp::Count => self.run::<Count>(aggregate, steps),
            AggregateOp::Stddev => self.run::<Deviation>(aggregate, steps),
            AggregateOp::Stdvar => self.run::<Variance>(aggregate, steps),
            _ => self.run::<One>(aggregate, steps),
        }
    }

    fn run<A: Accumulator>(&self, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
        let sums = matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Avg);
        let counts = matches!(aggregate.op, AggregateOp::Count | AggregateOp::Group);
        let mean = aggregate.op == AggregateOp::Avg;
        let mut places = Groups::new(&aggregate.grouping);
        let mut groups: Vec<Group<A>> = Vec::new();
        let mut flags = Flags::default();
        let mut ignored = false;
        self.stream(&aggregate.expr, steps, &mut |row| {
            let place = places.place(&row.labels);
            if place == groups.len() {
                self.hold(steps.count)?;
                groups.push(Group {
                    labels: places.labels(place),
                    drop_name: false,
                    floats: vec![A::default(); steps.count],
                    seen: vec![false; steps.count],
                    histograms: Vec::new(),
                });
            }
            let group = &mut groups[place];
            group.drop_name |= row.drop_name;
            for step in 0..steps.count {
                match row.values.cell(step) {
                    Cell::Absent => {}
                    Cell::Float(value) => {
                        group.floats[step].add(value);
                        group.seen[step] = true;
                    }
                    Cell::Histogram(_) if counts => {
                        group.floats[step].add(0.0);
                        group.seen[step] = true;
                    }
                    Cell::Histogram(histogram) if sums => {
                        if group.histograms.is_empty() {
                            group.histograms = vec![HistogramSum::default(); steps.count];
                        }
                        group.histograms[step].add(histogram);
                    }
                    Cell::Histogram(_) => ignored = true,
                }
            }
            Ok(())
        })?;
        if ignored {
            let text = format!("ignored histogram in {} aggregation", name(aggregate.op));
            self.annotate(Severity::Info, text, aggregate.expr.span);
        }
        let rows = groups.into_iter().map(|group| finish(group, mean, &mut flags)).collect();
        self.annotate_flags(flags, "", aggregate.expr.span);
        Ok(rows)
    }
}

fn finish<A: Accumulator>(mut group: Group<A>, mean: bool, flags: &mut Flags) -> Row {
    let mut values = Column::absent(group.floats.len());
    for step in 0..values.len() {
        let histogram: Option<HistogramSum> =
            group.histograms.get_mut(step).map(std::mem::take).filter(|h| !h.is_empty());
        match (group.seen[step], histogram) {
            (true, None) => values.set(step, canonical(group.floats[step].value())),
            (false, Some(sum)) => {
                if let Some(histogram) = sum.finish(mean, flags) {
                    values.set_histogram(step, Arc::<Histogram>::new(histogram));
                }
            }
            (true, Some(_)) => flags.raise(Flags::MIXED_IN_AGGREGATION),
            (false, None) => {}
        }
    }
    Row { labels: group.labels, drop_name: group.drop_name, values }
}
