//! The dashboard document: one JSON file per dashboard, versioned by the metastore, provisioned from
//! `dashboards/`, drawn by the app. Plain data with serde; knows nothing of HTTP, SQL or the DOM.
//!
//! The JSON schema is generated from these types and committed as `dashboards/schema.json`.

mod document;
mod field;
mod panel;
mod validate;
mod variable;

pub use document::{Dashboard, TimeSettings};
pub use field::{ColorMode, FieldConfig, Threshold, ThresholdMode, Thresholds};
pub use panel::{
    BarGaugeOptions, Calc, DrawStyle, GaugeOptions, GridPos, Legend, LegendMode, Panel, PanelKind, Query,
    StackMode, StatOptions, TableColumn, TableOptions, TextOptions, TimeseriesOptions,
};
pub use validate::{Problem, validate};
pub use variable::{CustomOption, Variable, VariableKind, VariableSort};

/// Columns of the grid that panels are placed on.
pub const GRID_COLUMNS: u32 = 24;
/// Version of the document format that this code reads and writes.
pub const SCHEMA_VERSION: u32 = 1;
