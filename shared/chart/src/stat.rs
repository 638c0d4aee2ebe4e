//! The course behind a big number.

use crate::axis;
use crate::pen::{self, Stroke};
use crate::range::Extent;
use crate::scale::{TimeScale, ValueScale};
use crate::surface::{Anchor, Font, Surface, VAnchor};
use crate::trace::{Map, Trace};
use crate::units::Text;
use crate::{Color, PixelRect, Series, Size, Theme};

/// A stat's picture.
#[derive(Clone, Copy)]
pub struct Stat<'a> {
    /// The course; none without a sparkline.
    pub series: Option<Series<'a>>,
    /// First and last moment of the course, milliseconds since the epoch.
    pub range_ms: (i64, i64),
    /// Colour of the ground; none leaves it as it is.
    pub ground: Option<Color>,
    /// The number, when it is to be drawn (on the server); the app writes it in HTML.
    pub text: Option<&'a Text>,
    /// Colour of the number.
    pub text_color: Color,
}

/// Draws the ground, the course in the lower half, and the number if asked for.
pub fn draw<S: Surface>(surface: &mut S, stat: &Stat<'_>, theme: &Theme, size: Size) {
    let (width, height) = size.device();
    let (width, height) = (width as i32, height as i32);
    let all = PixelRect { left: 0, top: 0, right: width, bottom: height };
    if all.is_empty() {
        return;
    }
    if let Some(ground) = stat.ground {
        pen::fill(surface, all, ground);
    }
    if let Some(series) = &stat.series {
        let plot = PixelRect { top: height / 2, bottom: height - size.px(1.0), ..all };
        if !plot.is_empty() {
            spark(surface, series, stat.range_ms, plot, size);
        }
    }
    if let Some(text) = stat.text {
        let scale = if stat.series.is_some() { 0.42 } else { 0.5 };
        let middle = if stat.series.is_some() { height * 3 / 10 } else { height / 2 };
        big_number(
            surface,
            text,
            stat.text_color,
            theme,
            (width / 2, middle),
            width * 9 / 10,
            (f64::from(height) * scale) as i32,
        );
    }
}

fn spark<S: Surface>(
    surface: &mut S,
    series: &Series<'_>,
    (from, to): (i64, i64),
    plot: PixelRect,
    size: Size,
) {
    let mut seen = Extent::default();
    seen.add_all(series.values);
    // The form counts here, not the distance from zero.
    let scale =
        if seen.is_empty() { ValueScale::linear(0.0, 1.0) } else { ValueScale::linear(seen.low, seen.high) };
    let width = size.stroke(1.5);
    let inner = PixelRect {
        top: (plot.top + width as i32).min(plot.bottom),
        bottom: (plot.bottom - width as i32).max(plot.top),
        ..plot
    };
    let map = Map::new(series.grid, TimeScale::new(from, to), scale, inner);
    let mut trace = Trace::default();
    trace.fill(series.values, &map);
    let color = series.color;
    surface.clip(plot);
    let mut edge = Vec::new();
    for run in trace.runs() {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        edge.clear();
        edge.extend_from_slice(run);
        edge.extend([(last.0, plot.bottom), (first.0, plot.bottom)]);
        surface.fill_gradient(&edge, (plot.top, color.alpha(0.25)), (plot.bottom, color.alpha(0.02)));
        if run.len() == 1 {
            pen::dot(surface, *first, width, color);
        } else {
            pen::path(surface, run, Stroke { color, width });
        }
    }
    surface.unclip();
}

/// A number with its unit half as high and quieter, centred, as large as fits.
pub(crate) fn big_number<S: Surface>(
    surface: &mut S,
    text: &Text,
    color: Color,
    theme: &Theme,
    (middle, row): (i32, i32),
    room: i32,
    height: i32,
) {
    let mut number = String::with_capacity(text.prefix.len() + text.number.len());
    number.push_str(&text.prefix);
    number.push_str(&text.number);
    let mut size = height.clamp(8, 400);
    let measure = |surface: &S, size: i32| {
        let big = Font { size: size as u32, weight: 600 };
        let small = Font { size: (size / 2).max(6) as u32, weight: 400 };
        let gap = if text.spaced() { size / 6 } else { 0 };
        (big, small, surface.text_width(&number, big), gap + surface.text_width(&text.unit, small), gap)
    };
    let (mut big, mut small, mut wide, mut rest, mut gap) = measure(surface, size);
    if wide + rest > room && wide + rest > 0 {
        size = (size * room / (wide + rest)).max(6);
        (big, small, wide, rest, gap) = measure(surface, size);
    }
    let left = middle - (wide + rest) / 2;
    surface.label(&number, big, color, (left, row), (Anchor::Start, VAnchor::Middle));
    if !text.unit.is_empty() {
        // On the number's base line: figures are about 0.72 of the font's size high.
        let base = row + (f64::from(big.size) * 0.36) as i32 - (f64::from(small.size) * 0.36) as i32;
        surface.label(
            &text.unit,
            small,
            theme.axis,
            (left + wide + gap, base),
            (Anchor::Start, VAnchor::Middle),
        );
    }
}

/// Font size of quiet labels, for callers that put names beside pictures.
pub(crate) fn label_font(theme: &Theme, size: Size) -> Font {
    axis::font(theme, size)
}
