//! What a value means: the steps of a panel's thresholds as values and colours.

use dashboard::{ThresholdMode, Thresholds};

use crate::{Color, Theme};

/// Steps as values with their colours, ascending. Percentages are taken of the way from `min` to `max`.
#[must_use]
pub fn resolve(thresholds: &Thresholds, min: f64, max: f64, theme: &Theme) -> Vec<(f64, Color)> {
    let mut steps: Vec<(f64, Color)> = thresholds
        .steps
        .iter()
        .map(|step| {
            let value = match thresholds.mode {
                ThresholdMode::Absolute => step.value,
                ThresholdMode::Percentage => min + (max - min) * step.value / 100.0,
            };
            (value, theme.named(&step.color))
        })
        .filter(|(value, _)| !value.is_nan())
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    steps
}

/// Colour of a value: that of the last step it has reached, "good" below the first; NaN is neutral.
#[must_use]
pub fn color_of(value: f64, steps: &[(f64, Color)], theme: &Theme) -> Color {
    if value.is_nan() {
        return theme.neutral;
    }
    steps.iter().rev().find(|(from, _)| value >= *from).map_or(theme.good, |(_, color)| *color)
}

#[cfg(test)]
mod tests {
    use dashboard::Threshold;

    use super::*;

    #[test]
    fn a_value_has_the_colour_of_the_last_step_reached() {
        let theme = Theme::dark();
        let step = |value, color: &str| Threshold { value, color: color.to_owned() };
        let mut thresholds = Thresholds {
            steps: vec![step(90.0, "critical"), step(70.0, "#ff0000")],
            ..Thresholds::default()
        };
        let steps = resolve(&thresholds, 0.0, 1.0, &theme);
        assert_eq!(color_of(0.0, &steps, &theme), theme.good);
        assert_eq!(color_of(70.0, &steps, &theme), Color::rgb(0xff_0000));
        assert_eq!(color_of(1e9, &steps, &theme), theme.critical);
        assert_eq!(color_of(f64::NAN, &steps, &theme), theme.neutral);
        thresholds.mode = ThresholdMode::Percentage;
        let steps = resolve(&thresholds, 0.0, 10.0, &theme);
        assert_eq!(steps.iter().map(|s| s.0).collect::<Vec<_>>(), [7.0, 9.0]);
    }
}
