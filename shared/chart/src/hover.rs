//! What is under the pointer: the time of the nearest sample and all series' values at it.

use dashboard::StackMode;

use crate::timeseries::{Layout, mark_row};
use crate::{Series, is_absent, stack};

/// Values at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Hover {
    /// Time of the nearest sample, milliseconds since the epoch.
    pub time_ms: i64,
    /// Its column, CSS pixels.
    pub x: f64,
    /// Series that have a value there, greatest value first.
    pub rows: Vec<HoverRow>,
}

/// A series' value at the hovered time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoverRow {
    /// Index of the series.
    pub series: usize,
    /// Index of the value.
    pub index: usize,
    /// Its value; may be NaN or infinite.
    pub value: f64,
    /// Where it is drawn, CSS pixels.
    pub y: f64,
    /// Whether it is the one nearest to the pointer.
    pub nearest: bool,
}

impl Layout {
    /// Values under a point (CSS pixels); none outside of the plot, or where no series has a sample near.
    #[must_use]
    pub fn nearest(&self, series: &[Series<'_>], x: f64, y: f64) -> Option<Hover> {
        self.contains(x, y).then(|| self.at_time(series, self.time_at(x), Some(y)))?
    }

    /// Values at a time, for a crosshair shared by panels; `y` (CSS pixels) tells which row is nearest.
    #[must_use]
    pub fn at_time(&self, series: &[Series<'_>], time_ms: i64, y: Option<f64>) -> Option<Hover> {
        if time_ms < self.x.from_ms || time_ms > self.x.to_ms {
            return None;
        }
        // The sample nearest in time, of any visible series, decides which moment is told.
        let mut told: Option<i64> = None;
        for one in series.iter().filter(|s| !s.hidden) {
            if let Some(index) = one.grid.nearest(time_ms, one.values.len()) {
                let at = one.grid.time_ms(index);
                let near = at.abs_diff(time_ms) <= one.grid.step_ms.max(1).unsigned_abs();
                if near && told.is_none_or(|t| at.abs_diff(time_ms) < t.abs_diff(time_ms)) {
                    told = Some(at);
                }
            }
        }
        let told = told?;
        let indices: Vec<Option<usize>> = series
            .iter()
            .map(|one| {
                let index = one.grid.nearest(told, one.values.len())?;
                let near =
                    one.grid.time_ms(index).abs_diff(told) <= one.grid.step_ms.max(1).unsigned_abs() / 2;
                (near && !one.hidden && !is_absent(one.values[index])).then_some(index)
            })
            .collect();
        let tops = if self.stack == StackMode::None {
            Vec::new()
        } else {
            stack::tops(series, &indices, self.stack)
        };
        let mut rows: Vec<HoverRow> = indices
            .iter()
            .enumerate()
            .filter_map(|(i, index)| {
                let index = (*index)?;
                let value = series[i].values[index];
                let row = mark_row(self, tops.get(i).copied().unwrap_or(value));
                Some(HoverRow { series: i, index, value, y: row, nearest: false })
            })
            .collect();
        rows.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.series.cmp(&b.series)));
        // What is no number comes last; total order would put it first.
        rows.sort_by_key(|r| r.value.is_nan());
        if let Some(y) = y
            && let Some(row) = rows
                .iter_mut()
                .filter(|r| r.value.is_finite())
                .min_by(|a, b| (a.y - y).abs().total_cmp(&(b.y - y).abs()))
        {
            row.nearest = true;
        }
        Some(Hover { time_ms: told, x: self.x_of(told), rows })
    }
}
