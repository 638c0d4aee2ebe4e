//! What moves with the pointer, on a second canvas above the data, which is never redrawn for it.

use chart::timeseries::Layout;
use chart::{Color, Hover, PixelRect, Series, Surface, Theme};
use plotters_backend::DrawingBackend;
use web_sys::HtmlCanvasElement;

use crate::{CanvasSurface, Painter};

/// What the overlay shows.
#[derive(Clone, Copy, Default)]
pub struct Mark<'a> {
    /// Column of the crosshair, CSS pixels.
    pub crosshair: Option<f64>,
    /// Values to mark with dots.
    pub hover: Option<&'a Hover>,
    /// Columns between which a time range is being selected, CSS pixels, in any order.
    pub selection: Option<(f64, f64)>,
}

/// The canvas above a time series.
pub struct Overlay {
    painter: Painter,
    empty: bool,
}

/// More dots than this hide the lines they are on.
const MOST_DOTS: usize = 50;

impl Overlay {
    /// An overlay on a canvas; none if the browser gives no 2D context.
    #[must_use]
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        Painter::new(canvas).map(|painter| Self { painter, empty: false })
    }

    /// Replaces what is shown. `series` are those of the drawing that `layout` came from; `crosshair` and
    /// `selection` are colours.
    pub fn draw(
        &mut self,
        layout: &Layout,
        series: &[Series<'_>],
        mark: Mark<'_>,
        theme: &Theme,
        (crosshair, selection): (Color, Color),
    ) {
        let nothing = mark.crosshair.is_none() && mark.hover.is_none() && mark.selection.is_none();
        if nothing && self.empty {
            return;
        }
        self.empty = nothing;
        self.painter.paint(layout.size, theme, |surface| {
            paint(surface, layout, series, mark, theme, (crosshair, selection));
        });
    }
}

fn paint(
    surface: &mut CanvasSurface,
    layout: &Layout,
    series: &[Series<'_>],
    mark: Mark<'_>,
    theme: &Theme,
    (crosshair, selection): (Color, Color),
) {
    let size = layout.size;
    let plot = PixelRect {
        left: size.px(layout.plot.x),
        top: size.px(layout.plot.y),
        right: size.px(layout.plot.right()),
        bottom: size.px(layout.plot.bottom()),
    };
    // Drawing into memory cannot fail.
    let mut rect = |left: i32, right: i32, color: Color| {
        let (left, right) = (left.max(plot.left), right.min(plot.right));
        if left < right {
            let _ = surface.draw_rect((left, plot.top), (right, plot.bottom), &color, true);
        }
    };
    if let Some((a, b)) = mark.selection {
        let (from, to) = (size.px(a.min(b)), size.px(a.max(b)));
        rect(from, to.max(from + 1), selection);
        let edge = size.px(1.0).max(1);
        rect(from, from + edge, selection);
        rect(to - edge, to, selection);
    }
    if let Some(x) = mark.crosshair {
        let at = size.px(x);
        rect(at, at + size.px(1.0).max(1), crosshair);
    }
    let Some(hover) = mark.hover else { return };
    surface.clip(PixelRect {
        left: plot.left - 8,
        top: plot.top - 8,
        right: plot.right + 8,
        bottom: plot.bottom + 8,
    });
    let crowded = hover.rows.len() > MOST_DOTS;
    for row in hover.rows.iter().filter(|r| r.value.is_finite() && (r.nearest || !crowded)) {
        let Some(one) = series.get(row.series) else { continue };
        let at = (size.px(hover.x), size.px(row.y));
        let radius = size.stroke(if row.nearest { 4.0 } else { 3.0 });
        // A ring of the ground keeps dots apart from their lines.
        let _ = surface.draw_circle(at, radius + size.stroke(1.5), &theme.ground, true);
        let _ = surface.draw_circle(at, radius, &one.color, true);
    }
    surface.unclip();
}
