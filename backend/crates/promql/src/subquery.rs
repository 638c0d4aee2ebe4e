//! Subqueries: an expression evaluated on its own steps, seen as series of samples.

use promql_syntax::ast::Subquery;

use crate::column::{Cell, Row};
use crate::context::Context;
use crate::error::Result;
use crate::select::RangeSeries;
use crate::steps::Steps;
use crate::window::Windows;

impl Context<'_> {
    /// The samples of a subquery for all `steps`, and the windows over them. The inner steps are multiples
    /// of the resolution, whatever the outer ones are.
    pub(crate) fn subquery(&self, subquery: &Subquery, steps: Steps) -> Result<(Vec<RangeSeries>, Windows)> {
        let range_ms = self.duration(&subquery.range, true)?;
        let step_ms = match &subquery.step {
            Some(step) => self.duration(step, true)?,
            None => self.default_step_ms,
        };
        let reference = self.reference(steps, subquery.at, &subquery.offset)?;
        let windows = Windows { reference, range_ms };
        if steps.count == 0 {
            return Ok((Vec::new(), windows));
        }
        let left = reference.first().saturating_sub(range_ms);
        let mut start = left / step_ms * step_ms;
        if start <= left {
            start += step_ms;
        }
        let inner = Steps::range(start, reference.last(), step_ms);
        let mut series = Vec::new();
        if inner.count > 0 {
            self.stream(&subquery.expr, inner, &mut |row| {
                let one = samples(&row, inner);
                self.hold(one.len())?;
                series.push(one);
                Ok(())
            })?;
        }
        Ok((series, windows))
    }
}

fn samples(row: &Row, steps: Steps) -> RangeSeries {
    let mut series =
        RangeSeries { labels: row.labels.clone(), drop_name: row.drop_name, ..RangeSeries::default() };
    for step in 0..steps.count {
        match row.values.cell(step) {
            Cell::Absent => {}
            Cell::Float(value) => {
                series.float_times.push(steps.at(step));
                series.floats.push(value);
            }
            Cell::Histogram(histogram) => {
                series.histogram_times.push(steps.at(step));
                series.histograms.push(histogram.clone());
            }
        }
    }
    series
}
