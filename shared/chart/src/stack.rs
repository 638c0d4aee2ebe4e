//! Stacking: series upon each other, as they are or as shares of their sum.

use dashboard::StackMode;

use crate::{Grid, Series};

/// Upper and lower edge of one stacked series; NaN where it has no value.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
}

/// Layers of all series, in order; hidden ones are empty. Only series of the same grid stand on each other.
pub(crate) fn layers(series: &[Series<'_>], mode: StackMode) -> Vec<Layer> {
    let mut floors: Vec<(Grid, Vec<f64>)> = Vec::new();
    let mut layers = Vec::with_capacity(series.len());
    for one in series {
        let mut layer = Layer::default();
        if !one.hidden {
            let at = floors.iter().position(|(grid, _)| *grid == one.grid).unwrap_or_else(|| {
                floors.push((one.grid, Vec::new()));
                floors.len() - 1
            });
            let floor = &mut floors[at].1;
            if floor.len() < one.values.len() {
                floor.resize(one.values.len(), 0.0);
            }
            layer.lower.reserve_exact(one.values.len());
            layer.upper.reserve_exact(one.values.len());
            for (value, floor) in one.values.iter().zip(floor) {
                if value.is_finite() {
                    let value = if mode == StackMode::Percent { value.abs() } else { *value };
                    let top = *floor + value;
                    layer.lower.push(*floor);
                    layer.upper.push(top);
                    *floor = top;
                } else {
                    layer.lower.push(f64::NAN);
                    layer.upper.push(f64::NAN);
                }
            }
        }
        layers.push(layer);
    }
    if mode == StackMode::Percent {
        for (one, layer) in series.iter().zip(&mut layers) {
            let Some((_, totals)) = floors.iter().find(|(grid, _)| *grid == one.grid) else { continue };
            for (i, total) in totals.iter().enumerate().take(layer.upper.len()) {
                // A sum of nothing has no shares: they are drawn as zero, not as a gap.
                let divisor = if *total == 0.0 { 1.0 } else { *total };
                layer.lower[i] /= divisor;
                layer.upper[i] /= divisor;
            }
        }
    }
    layers
}

/// Upper edge of each series at one index per series; NaN where there is none. As [`layers`], for one time.
pub(crate) fn tops(series: &[Series<'_>], indices: &[Option<usize>], mode: StackMode) -> Vec<f64> {
    let mut floors: Vec<(Grid, f64)> = Vec::new();
    let mut tops = vec![f64::NAN; series.len()];
    for ((one, index), top) in series.iter().zip(indices).zip(&mut tops) {
        let Some(value) = index.and_then(|i| one.values.get(i)).copied() else { continue };
        if one.hidden || !value.is_finite() {
            continue;
        }
        let at = floors.iter().position(|(grid, _)| *grid == one.grid).unwrap_or_else(|| {
            floors.push((one.grid, 0.0));
            floors.len() - 1
        });
        floors[at].1 += if mode == StackMode::Percent { value.abs() } else { value };
        *top = floors[at].1;
    }
    if mode == StackMode::Percent {
        for (one, top) in series.iter().zip(&mut tops) {
            if let Some((_, total)) = floors.iter().find(|(grid, _)| *grid == one.grid)
                && *total != 0.0
            {
                *top /= total;
            }
        }
    }
    tops
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;

    #[test]
    fn layers_add_up_over_gaps_and_hidden_series() {
        let grid = Grid { start_ms: 0, step_ms: 1 };
        let (a, b, c) = ([1.0, f64::NAN, 3.0], [10.0, 10.0, 10.0], [5.0, 5.0, 5.0]);
        let mut series = [&a, &b, &c].map(|v| Series::new(grid, v, Color::default()));
        let all = layers(&series, StackMode::Normal);
        assert_eq!(all[1].upper, [11.0, 10.0, 13.0]);
        assert!(all[0].upper[1].is_nan() && all[0].lower[1].is_nan());
        assert_eq!(all[2].upper, [16.0, 15.0, 18.0]);
        series[1].hidden = true;
        let all = layers(&series, StackMode::Percent);
        assert!(all[1].upper.is_empty());
        assert_eq!(all[2].upper, [1.0, 1.0, 1.0]);
        assert_eq!(all[0].upper[2], 3.0 / 8.0);
        assert_eq!(tops(&series, &[Some(2); 3], StackMode::Percent)[0], 3.0 / 8.0);
        assert_eq!(tops(&series, &[Some(2); 3], StackMode::Normal)[2], 8.0);
    }
}
