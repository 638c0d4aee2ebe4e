//! Margins, grid lines and tick labels.

use crate::pen::{self, Stroke};
use crate::scale::{TimeScale, ValueScale};
use crate::surface::{Anchor, Font, Surface, VAnchor};
use crate::units::{AxisFormat, Unit};
use crate::{PixelRect, Size, Theme, ticks};

/// Below these sizes (CSS pixels) an axis would leave no room for data.
const LEAST_WIDTH: f64 = 120.0;
const LEAST_HEIGHT: f64 = 60.0;

/// Grid lines with what is written beside them.
pub(crate) struct ValueAxis {
    ticks: Vec<(f64, String)>,
    font: Font,
    /// Margin on the left, device pixels.
    pub margin: i32,
}

impl ValueAxis {
    /// Chooses lines for the height there is, and measures their labels.
    pub(crate) fn new<S: Surface>(
        surface: &S,
        y: &ValueScale,
        unit: &Unit,
        decimals: Option<u8>,
        theme: &Theme,
        size: Size,
        shown: bool,
    ) -> (Self, AxisFormat) {
        let font = font(theme, size);
        let fits = (size.height / (theme.font_size * 2.2)) as usize;
        let (values, step) = y.ticks(unit, fits.clamp(2, ticks::MAX_LINES));
        let magnitude = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let axis = unit.axis(if magnitude > 0.0 { magnitude } else { y.high().abs() }, step, decimals);
        let written: Vec<(f64, String)> = values
            .into_iter()
            // A logarithmic axis spans too much for one multiple.
            .map(|v| (v, if y.is_log() { unit.format(v, None).join() } else { axis.format(v).join() }))
            .collect();
        let widest = written.iter().map(|(_, text)| surface.text_width(text, font)).max().unwrap_or(0);
        let margin = if shown && size.width >= LEAST_WIDTH { widest + size.px(8.0) } else { 0 };
        (Self { ticks: written, font, margin }, axis)
    }

    /// Draws grid lines, and labels where there is a margin for them.
    pub(crate) fn draw<S: Surface>(
        &self,
        surface: &mut S,
        y: &ValueScale,
        plot: PixelRect,
        theme: &Theme,
        size: Size,
    ) {
        let half = self.font.size as i32 / 2;
        for (value, text) in &self.ticks {
            let row = row_of(y, *value, plot).clamp(plot.top, plot.bottom);
            pen::line(
                surface,
                (plot.left, row),
                (plot.right, row),
                Stroke { color: theme.grid, width: size.stroke(1.0).min(hairline(size)) },
            );
            if self.margin > 0 {
                let middle = row.clamp(half, (size.device().1 as i32 - half).max(half));
                let at = (plot.left - size.px(8.0), middle);
                surface.label(text, self.font, theme.axis, at, (Anchor::End, VAnchor::Middle));
            }
        }
    }
}

/// Row of a value.
pub(crate) fn row_of(y: &ValueScale, value: f64, plot: PixelRect) -> i32 {
    let share = y.share(value);
    let share = if share.is_nan() { 0.0 } else { share };
    crate::scale::clamp_pixel(f64::from(plot.bottom) - share * f64::from(plot.height()))
}

/// Height of the time axis, device pixels; 0 where there is no room.
pub(crate) fn time_margin(theme: &Theme, size: Size, shown: bool) -> i32 {
    if shown && size.height >= LEAST_HEIGHT && size.width >= LEAST_WIDTH {
        size.px(theme.font_size + 8.0)
    } else {
        0
    }
}

/// Draws tick marks and times below the plot.
pub(crate) fn draw_time<S: Surface>(
    surface: &mut S,
    x: TimeScale,
    plot: PixelRect,
    theme: &Theme,
    size: Size,
    offset_at: &dyn Fn(i64) -> i32,
) {
    let font = font(theme, size);
    // A label and nearly as much air again.
    let sample = surface.text_width("Nov 30", font).max(1);
    let most = (plot.width() / (sample * 7 / 4).max(1)).clamp(1, 12) as usize;
    let mut free_from = i32::MIN;
    for tick in ticks::time(x.from_ms, x.to_ms, most, offset_at) {
        let column =
            crate::scale::clamp_pixel(f64::from(plot.left) + x.share(tick.ms) * f64::from(plot.width()));
        let font = if tick.strong { Font { weight: 600, ..font } } else { font };
        let half = surface.text_width(&tick.label, font) / 2;
        let right = (size.device().0 as i32 - half).max(half);
        let middle = column.clamp(half.min(right), right);
        if middle - half < free_from {
            continue;
        }
        free_from = middle + half + size.px(8.0);
        pen::line(
            surface,
            (column, plot.bottom),
            (column, plot.bottom + size.px(4.0)),
            Stroke { color: theme.grid, width: hairline(size) },
        );
        let at = (middle, plot.bottom + size.px(6.0));
        surface.label(&tick.label, font, theme.axis, at, (Anchor::Middle, VAnchor::Top));
    }
}

/// One device pixel up to a ratio of 2, in proportion above.
fn hairline(size: Size) -> u32 {
    (size.dpr / 2.0).round().max(1.0) as u32
}

/// The font of axes.
pub(crate) fn font(theme: &Theme, size: Size) -> Font {
    Font { size: size.px(theme.font_size).max(1) as u32, weight: 400 }
}
