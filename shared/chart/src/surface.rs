//! What a drawing is made on: a plotters backend plus clip, dash, gradient, arcs and measured text.

use std::convert::Infallible;

use plotters_backend::{BackendCoord, DrawingBackend};

use crate::{Color, PixelRect};

/// A plotters backend with the operations that charts need beyond plotters' own.
///
/// Coordinates are device pixels. A surface collects its operations in memory, so that drawing cannot fail
/// (`ErrorType` is [`Infallible`]). Two-point paths that are exactly horizontal or vertical and an odd
/// number of pixels wide are to be drawn on whole pixels.
pub trait Surface: DrawingBackend<ErrorType = Infallible> {
    /// Restricts what follows to a rectangle, until [`Surface::unclip`]. Clips do not nest.
    fn clip(&mut self, rect: PixelRect);

    /// Lifts the clip.
    fn unclip(&mut self);

    /// Pattern of the strokes that follow.
    fn dash(&mut self, dash: Dash, stroke_width: u32);

    /// Fills a polygon with a vertical gradient from `top` at row `from` to `bottom` at row `to`.
    fn fill_gradient(&mut self, polygon: &[BackendCoord], top: (i32, Color), bottom: (i32, Color));

    /// Strokes an arc. Angles in radians, clockwise, 0 to the right.
    fn arc(&mut self, center: BackendCoord, radius: i32, stroke_width: u32, from: f64, to: f64, color: Color);

    /// Writes one line of text.
    fn label(&mut self, text: &str, font: Font, color: Color, at: BackendCoord, anchor: (Anchor, VAnchor));

    /// Width of a line of text in device pixels.
    fn text_width(&self, text: &str, font: Font) -> i32;
}

/// A font in the theme's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Font {
    /// Size in device pixels.
    pub size: u32,
    /// Weight as CSS counts it: 400, 600 …
    pub weight: u32,
}

/// Which point of a text its position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Left end.
    Start,
    /// Centre.
    Middle,
    /// Right end.
    End,
}

/// Which height of a text its position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VAnchor {
    /// Upper edge.
    Top,
    /// Centre of figures.
    Middle,
    /// Lower edge.
    Bottom,
}

/// Pattern of a stroke.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Without gaps.
    #[default]
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dash and dot in turn.
    DashDot,
}

impl Dash {
    /// Lengths of strokes and gaps in device pixels; empty for a solid line.
    #[must_use]
    pub fn pattern(self, stroke_width: u32) -> &'static [f32] {
        // Two sets: hairlines need absolute lengths to be seen at all, thick lines proportional ones.
        match (self, stroke_width > 2) {
            (Self::Solid, _) => &[],
            (Self::Dashed, false) => &[6.0, 4.0],
            (Self::Dotted, false) => &[2.0, 3.0],
            (Self::DashDot, false) => &[7.0, 3.0, 2.0, 3.0],
            (Self::Dashed, true) => &[12.0, 8.0],
            (Self::Dotted, true) => &[4.0, 6.0],
            (Self::DashDot, true) => &[14.0, 6.0, 4.0, 6.0],
        }
    }
}
