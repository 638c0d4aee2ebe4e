//! Panels: what is asked, the frame with its states, and a body per kind.

mod accessible;
mod body;
mod colors;
mod data;
mod frame;
mod gauges;
mod legend;
mod lines;
mod stat;
mod table;
mod text;
mod timeseries;
mod tooltip;

pub(crate) use body::PanelBody;
pub(crate) use data::{PanelData, ask};
pub(crate) use frame::PanelFrame;
