//! Pictures of panels: scales, ticks, units, colours, decimation and drawing, for browser and server.
//!
//! Everything draws onto a [`Surface`], which is a plotters `DrawingBackend` with the few operations that
//! plotters lacks (clip, dash, gradient, text with measured width). The browser brings a canvas, the server
//! uses [`svg::SvgSurface`]. Nothing here knows the DOM, fetches data or reads a clock; interaction is
//! answered by the [`timeseries::Layout`] that drawing returns.

mod axis;
pub mod bar_gauge;
pub mod color;
mod decimate;
pub mod gauge;
mod geometry;
mod hover;
mod pen;
pub mod range;
pub mod scale;
mod series;
mod stack;
pub mod stat;
mod surface;
pub mod svg;
mod theme;
pub mod thresholds;
pub mod ticks;
pub mod timeseries;
mod trace;
pub mod units;

pub use color::Color;
pub use geometry::{PixelRect, Rect, Size};
pub use hover::{Hover, HoverRow};
pub use series::{ABSENT_BITS, Grid, Series, is_absent};
pub use surface::{Anchor, Dash, Font, Surface, VAnchor};
pub use theme::{PALETTE, Theme};
