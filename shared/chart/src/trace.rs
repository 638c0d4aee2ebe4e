//! From values to pixels: the points of a line, broken at gaps, decimated where several values share a
//! pixel column, in one pass and without an allocation per series.

use std::ops::Range;

use crate::decimate::Column;
use crate::scale::{TimeScale, ValueScale, clamp_pixel};
use crate::{Grid, PixelRect};

/// Maps indices and values of one grid to device pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map {
    x0: f64,
    dx: f64,
    scale: ValueScale,
    // Linear axes: y = base - (v/2 - from) * gain.
    from: f64,
    gain: f64,
    bottom: f64,
    height: f64,
    left: f64,
    right: f64,
}

impl Map {
    pub(crate) fn new(grid: Grid, x: TimeScale, y: ValueScale, plot: PixelRect) -> Self {
        let width = f64::from(plot.width());
        let height = f64::from(plot.height());
        let (low, high) = (y.low(), y.high());
        Self {
            x0: f64::from(plot.left) + x.share(grid.start_ms) * width,
            dx: (grid.step_ms.max(1) as f64 / x.span() * width).max(f64::MIN_POSITIVE),
            scale: y,
            from: low / 2.0,
            gain: height / (high / 2.0 - low / 2.0),
            bottom: f64::from(plot.bottom),
            height,
            left: f64::from(plot.left),
            right: f64::from(plot.right),
        }
    }

    /// Pixels between neighbouring values.
    pub(crate) fn dx(&self) -> f64 {
        self.dx
    }

    pub(crate) fn x(&self, index: usize) -> i32 {
        clamp_pixel(self.x0 + index as f64 * self.dx)
    }

    /// Row of a value that has a place on the axis.
    #[inline]
    pub(crate) fn y(&self, value: f64) -> i32 {
        if self.scale.is_log() {
            let share = self.scale.share(value);
            // What is not positive lies below the axis.
            return clamp_pixel(self.bottom - if share.is_nan() { -1e9 } else { share } * self.height);
        }
        clamp_pixel(self.bottom - (value / 2.0 - self.from) * self.gain)
    }

    /// Indices that are seen, and one more on either side so that lines run to the edges.
    pub(crate) fn visible(&self, len: usize) -> Range<usize> {
        let first = ((self.left - self.x0) / self.dx).floor().max(0.0) as usize;
        let last = ((self.right - self.x0) / self.dx).ceil();
        if last < 0.0 {
            return 0..0;
        }
        let end = (last as usize).saturating_add(1).min(len);
        first.min(end)..end
    }
}

/// Lines in device pixels.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    points: Vec<(i32, i32)>,
    starts: Vec<usize>,
    /// Whether columns were summarised and the line goes up and down so much that it is a filled band.
    band: bool,
}

/// Vertical travel per pixel column from which on a line is a band.
const BAND: i64 = 12;

impl Trace {
    /// The unbroken runs.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &[(i32, i32)]> {
        self.starts.iter().enumerate().map(|(i, &start)| {
            let end = self.starts.get(i + 1).copied().unwrap_or(self.points.len());
            &self.points[start..end]
        })
    }

    /// Whether the line covers its columns so densely that its width cannot be seen. A thin stroke gives the
    /// same picture for a tenth of the work.
    pub(crate) fn is_band(&self) -> bool {
        self.band
    }

    /// Forgets what it holds and traces `values`.
    pub(crate) fn fill(&mut self, values: &[f64], map: &Map) {
        self.points.clear();
        self.starts.clear();
        self.band = false;
        let visible = map.visible(values.len());
        // Beyond two values per pixel column, the column's summary is less work than the values.
        if map.dx < 0.5 {
            self.columns(values, visible, map);
            let travel: i64 =
                self.points.windows(2).map(|p| i64::from(p[1].1 - p[0].1).abs().min(1_000)).sum();
            let columns =
                self.points.first().zip(self.points.last()).map_or(0, |(a, b)| i64::from(b.0 - a.0) + 1);
            self.band = travel > BAND * columns;
        } else {
            self.each(values, visible, map);
        }
    }

    fn each(&mut self, values: &[f64], visible: Range<usize>, map: &Map) {
        let mut open = false;
        self.points.reserve(visible.len());
        let log = map.scale.is_log();
        for index in visible {
            let value = values[index];
            if !value.is_finite() || log && value <= 0.0 {
                open = false;
                continue;
            }
            if !open {
                self.starts.push(self.points.len());
                open = true;
            }
            self.points.push((map.x(index), map.y(value)));
        }
    }

    fn columns(&mut self, values: &[f64], visible: Range<usize>, map: &Map) {
        let per_pixel = 1.0 / map.dx;
        let log = map.scale.is_log();
        let drawn = |v: f64| v.is_finite() && !(log && v <= 0.0);
        let mut open = false;
        let mut index = visible.start;
        let mut positive: Vec<f64> = Vec::new();
        while index < visible.end {
            let column = map.x(index);
            let next = ((f64::from(column) + 0.5 - map.x0) * per_pixel).ceil();
            let mut end = (next.max(0.0) as usize).clamp(index + 1, visible.end);
            // On a pixel's very edge the two roundings may differ.
            while end > index + 1 && map.x(end - 1) != column {
                end -= 1;
            }
            let mut slice = &values[index..end];
            let (begins, ends) = (drawn(slice[0]), drawn(slice[slice.len() - 1]));
            index = end;
            if log && slice.iter().any(|v| *v <= 0.0) {
                positive.clear();
                positive.extend(slice.iter().filter(|v| **v > 0.0));
                slice = &positive;
            }
            let Some(summary) = Column::of(slice) else {
                open = false;
                continue;
            };
            // A gap narrower than a column is not seen; one at a column's edge may go on beyond it.
            if !(open && begins) {
                self.starts.push(self.points.len());
            }
            open = ends;
            let run = self.starts.last().copied().unwrap_or(0);
            let (a, b) =
                if summary.low_first { (summary.low, summary.high) } else { (summary.high, summary.low) };
            for value in [summary.first, a, b, summary.last] {
                let point = (column, map.y(value));
                if self.points.len() == run || self.points.last() != Some(&point) {
                    self.points.push(point);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLOT: PixelRect = PixelRect { left: 10, top: 5, right: 110, bottom: 105 };

    fn traced(values: &[f64], to_ms: i64, y: ValueScale) -> Vec<Vec<(i32, i32)>> {
        let map = Map::new(Grid { start_ms: 0, step_ms: 1 }, TimeScale::new(0, to_ms), y, PLOT);
        let mut trace = Trace::default();
        trace.fill(values, &map);
        trace.runs().map(<[_]>::to_vec).collect()
    }

    #[test]
    fn gaps_break_the_line() {
        let nan = f64::NAN;
        let y = ValueScale::linear(0.0, 100.0);
        assert_eq!(
            traced(&[0.0, 100.0, nan, 50.0, f64::INFINITY, nan, 25.0, 75.0], 10, y),
            [vec![(10, 105), (20, 5)], vec![(40, 55)], vec![(70, 80), (80, 30)]]
        );
        assert!(traced(&[nan; 5], 10, y).is_empty());
        assert!(traced(&[], 10, y).is_empty());
    }

    #[test]
    fn noise_is_a_band_and_a_slow_wave_is_a_line() {
        let map = Map::new(
            Grid { start_ms: 0, step_ms: 1 },
            TimeScale::new(0, 10_000),
            ValueScale::linear(0.0, 100.0),
            PLOT,
        );
        let mut trace = Trace::default();
        let noise: Vec<f64> = (0..10_000).map(|i| f64::from(i * 7_919 % 100)).collect();
        trace.fill(&noise, &map);
        assert!(trace.is_band());
        let wave: Vec<f64> = (0..10_000).map(|i| 50.0 + 40.0 * (f64::from(i) / 2_000.0).sin()).collect();
        trace.fill(&wave, &map);
        assert!(!trace.is_band());
    }

    #[test]
    fn values_out_of_the_time_range_are_left_out_but_for_one() {
        let y = ValueScale::linear(0.0, 100.0);
        let map = Map::new(Grid { start_ms: -50, step_ms: 10 }, TimeScale::new(0, 100), y, PLOT);
        assert_eq!(map.visible(1_000), 5..16);
        let map = Map::new(Grid { start_ms: 500, step_ms: 10 }, TimeScale::new(0, 100), y, PLOT);
        assert!(map.visible(10).is_empty());
        let map = Map::new(Grid { start_ms: -900, step_ms: 10 }, TimeScale::new(0, 100), y, PLOT);
        assert!(map.visible(10).is_empty());
    }

    #[test]
    fn not_positive_values_are_gaps_on_a_logarithmic_axis() {
        let y = ValueScale::log10(1.0, 100.0);
        assert_eq!(
            traced(&[1.0, -5.0, 10.0, 0.0, 100.0], 10, y),
            [vec![(10, 105)], vec![(30, 55)], vec![(50, 5)]]
        );
        let dense: Vec<f64> = (0..10_000).map(|i| if i % 7 == 0 { -1.0 } else { 10.0 }).collect();
        assert!(traced(&dense, 10_000, y).iter().flatten().all(|p| p.1 == 55));
    }

    proptest! {
        #[test]
        fn each_pixel_column_keeps_its_least_and_greatest(values in prop::collection::vec(0.0_f64..100.0, 500..3_000)) {
            let y = ValueScale::linear(0.0, 100.0);
            let n = values.len();
            let map = Map::new(Grid { start_ms: 0, step_ms: 1 }, TimeScale::new(0, n as i64), y, PLOT);
            let points = traced(&values, n as i64, y).concat();
            prop_assert!(points.len() <= 4 * 101);
            let mut columns = std::collections::BTreeMap::new();
            for (i, v) in values.iter().enumerate() {
                let e = columns.entry(map.x(i)).or_insert((i32::MAX, i32::MIN));
                *e = (e.0.min(map.y(*v)), e.1.max(map.y(*v)));
            }
            for (column, (top, bottom)) in columns {
                let rows = || points.iter().filter(|p| p.0 == column).map(|p| p.1);
                prop_assert_eq!(rows().min(), Some(top));
                prop_assert_eq!(rows().max(), Some(bottom));
            }
        }

        #[test]
        fn anything_is_traced_without_a_panic(values in prop::collection::vec(any::<f64>(), 0..300), from in any::<i64>(), to in any::<i64>(), start in any::<i64>(), step in any::<i64>(), log in any::<bool>(), low in any::<f64>(), high in any::<f64>()) {
            let y = if log { ValueScale::log10(low, high) } else { ValueScale::linear(low, high) };
            let map = Map::new(Grid { start_ms: start, step_ms: step }, TimeScale::new(from, to), y, PLOT);
            let mut trace = Trace::default();
            trace.fill(&values, &map);
            for run in trace.runs() {
                prop_assert!(!run.is_empty());
            }
        }
    }
}
