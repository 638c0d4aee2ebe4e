//! The few strokes that all pictures share. Surfaces cannot fail, so results are dropped here, once.

use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingErrorKind};

use crate::surface::Surface;
use crate::{Color, PixelRect};

/// Colour and width of a stroke, in device pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke {
    pub color: Color,
    pub width: u32,
}

impl BackendStyle for Stroke {
    fn color(&self) -> BackendColor {
        self.color.color()
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

/// `Surface::ErrorType` is `Infallible`; what is left is plotters' error of its own font machinery, which no
/// surface uses.
fn done(_result: Result<(), DrawingErrorKind<std::convert::Infallible>>) {}

pub(crate) fn fill<S: Surface>(surface: &mut S, rect: PixelRect, color: Color) {
    if !rect.is_empty() && color.0 & 0xff != 0 {
        done(surface.draw_rect((rect.left, rect.top), (rect.right, rect.bottom), &color, true));
    }
}

pub(crate) fn line<S: Surface>(surface: &mut S, from: BackendCoord, to: BackendCoord, stroke: Stroke) {
    done(surface.draw_line(from, to, &stroke));
}

pub(crate) fn path<S: Surface>(surface: &mut S, points: &[BackendCoord], stroke: Stroke) {
    done(surface.draw_path(points.iter().copied(), &stroke));
}

pub(crate) fn dot<S: Surface>(surface: &mut S, at: BackendCoord, radius: u32, color: Color) {
    done(surface.draw_circle(at, radius, &color, true));
}

pub(crate) fn polygon<S: Surface>(surface: &mut S, points: &[BackendCoord], color: Color) {
    done(surface.fill_polygon(points.iter().copied(), &color));
}
