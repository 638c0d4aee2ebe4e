//! The three functions of `shim.js`.

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::CanvasRenderingContext2d;

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    /// Clears the canvas and runs the operations of `ops`; `text` holds all labels, one per line.
    pub(crate) fn run(context: &CanvasRenderingContext2d, ops: &[i32], text: &str, family: &str);

    /// Widths of the printable ASCII characters, in thousandths of an em.
    pub(crate) fn advances(family: &str, weight: u32) -> Vec<f64>;

    /// Width of a text, in thousandths of an em.
    pub(crate) fn width(family: &str, weight: u32, text: &str) -> f64;
}
