//! One canvas element with its buffers.

use chart::{Size, Theme};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::{CanvasSurface, shim};

/// Draws pictures on a canvas. Keep it as long as the canvas: its buffers are used again.
pub struct Painter {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    surface: CanvasSurface,
}

impl Painter {
    /// A painter for a canvas; none if the browser gives no 2D context.
    #[must_use]
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??.dyn_into().ok()?;
        Some(Self { canvas, context, surface: CanvasSurface::default() })
    }

    /// Replaces what is on the canvas. Its pixels are fitted to `size`; its CSS size is the caller's.
    pub fn paint<R>(&mut self, size: Size, theme: &Theme, draw: impl FnOnce(&mut CanvasSurface) -> R) -> R {
        let (width, height) = size.device();
        // Setting a size, even the same, allocates the pixels anew.
        if self.canvas.width() != width {
            self.canvas.set_width(width);
        }
        if self.canvas.height() != height {
            self.canvas.set_height(height);
        }
        self.surface.begin((width, height), &theme.family);
        let result = draw(&mut self.surface);
        shim::run(&self.context, &self.surface.ops, &self.surface.text, &self.surface.family);
        result
    }
}
