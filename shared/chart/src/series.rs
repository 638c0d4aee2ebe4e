//! What is drawn: values on a grid of times.

use crate::{Color, Dash};

/// Bit pattern of a place without a sample (Prometheus' staleness marker), as query results carry it.
pub const ABSENT_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Whether a value marks a place without a sample. An ordinary NaN is a value, although it is not drawn.
#[must_use]
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT_BITS
}

/// Evenly spaced times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Grid {
    /// First time, milliseconds since the epoch.
    pub start_ms: i64,
    /// Distance of the times in milliseconds; less than 1 counts as 1.
    pub step_ms: i64,
}

impl Grid {
    /// Time of a step.
    #[must_use]
    pub fn time_ms(&self, index: usize) -> i64 {
        self.start_ms.saturating_add(self.step_ms.max(1).saturating_mul(index as i64))
    }

    /// Step nearest to a time, of `steps`; none if there is no step at all.
    #[must_use]
    pub fn nearest(&self, time_ms: i64, steps: usize) -> Option<usize> {
        let last = i64::try_from(steps).ok()?.checked_sub(1).filter(|&n| n >= 0)?;
        let step = self.step_ms.max(1);
        let index = time_ms.saturating_sub(self.start_ms).saturating_add(step / 2).div_euclid(step);
        Some(index.clamp(0, last) as usize)
    }
}

/// A series to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Series<'a> {
    /// Times of the values.
    pub grid: Grid,
    /// Values; what is not finite is a gap.
    pub values: &'a [f64],
    /// Colour, opaque.
    pub color: Color,
    /// Dash.
    pub dash: Dash,
    /// Not drawn, not stacked and not counted for the range.
    pub hidden: bool,
    /// Drawn faintly, because another one is in focus.
    pub dimmed: bool,
}

impl<'a> Series<'a> {
    /// A solid, visible series.
    #[must_use]
    pub fn new(grid: Grid, values: &'a [f64], color: Color) -> Self {
        Self { grid, values, color, dash: Dash::Solid, hidden: false, dimmed: false }
    }
}
