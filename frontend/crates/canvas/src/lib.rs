//! Drawing on an HTML canvas: a plotters backend that collects a whole picture's operations in one buffer
//! and crosses into JavaScript once, and an overlay for what moves with the pointer.
//!
//! Knows canvases, not panels: what is drawn comes from `chart`. The JavaScript side is `shim.js`, a module
//! file (no evaluated source), so that a strict content security policy holds.

mod metrics;
mod ops;
mod overlay;
mod painter;
mod shim;

pub use metrics::reset as reset_metrics;
pub use ops::CanvasSurface;
pub use overlay::{Mark, Overlay};
pub use painter::Painter;
