//! Panels: where they stand, what they ask, how they draw.

use serde::{Deserialize, Serialize};

use crate::FieldConfig;

/// A panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// Identity within the dashboard.
    pub id: u32,
    /// Title; variables are filled in.
    #[serde(default)]
    pub title: String,
    /// Shown on hover and focus.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Place on the grid.
    pub grid: GridPos,
    /// Queries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<Query>,
    /// How values are written and coloured.
    #[serde(default)]
    pub field: FieldConfig,
    /// Kind and its options.
    #[serde(flatten)]
    pub kind: PanelKind,
}

/// A rectangle on the grid of 24 columns; a row is 32 CSS pixels high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GridPos {
    /// First column, from 0.
    pub x: u32,
    /// First row, from 0.
    pub y: u32,
    /// Columns.
    pub w: u32,
    /// Rows.
    pub h: u32,
}

/// A query of a panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Query {
    /// Letter by which it is called: A, B, …
    pub ref_id: String,
    /// PromQL with variables: `$name`, `${name}`, `${name:format}`, `$__rate_interval` …
    pub expr: String,
    /// Name of a series: `{{label}}` and text; empty shows the labels that tell the series apart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legend: String,
    /// Ask for the last moment of the range only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instant: bool,
    /// Do not run it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// The kinds of panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "options", rename_all = "kebab-case")]
pub enum PanelKind {
    /// Values over time.
    Timeseries(TimeseriesOptions),
    /// One big value per series.
    Stat(StatOptions),
    /// A value on an arc.
    Gauge(GaugeOptions),
    /// Values as bars.
    BarGauge(BarGaugeOptions),
    /// Series as rows.
    Table(TableOptions),
    /// Markdown.
    Text(TextOptions),
}

/// How a time series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DrawStyle {
    /// Lines.
    #[default]
    Lines,
    /// Bars.
    Bars,
    /// Points.
    Points,
}

/// How series are put upon each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StackMode {
    /// Not.
    #[default]
    None,
    /// Values add up.
    Normal,
    /// Shares of the sum.
    Percent,
}

/// Options of a time series panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TimeseriesOptions {
    /// Lines, bars or points.
    pub draw: DrawStyle,
    /// Line width in CSS pixels.
    pub line_width: f64,
    /// Opacity of the area under the line, 0–100.
    pub fill_opacity: u8,
    /// Stacking.
    pub stack: StackMode,
    /// Logarithmic value axis (base 10).
    pub log_scale: bool,
    /// Legend.
    pub legend: Legend,
}

impl Default for TimeseriesOptions {
    fn default() -> Self {
        Self {
            draw: DrawStyle::Lines,
            line_width: 1.5,
            fill_opacity: 0,
            stack: StackMode::None,
            log_scale: false,
            legend: Legend::default(),
        }
    }
}

/// The legend of a time series panel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Legend {
    /// List, table or nothing.
    pub mode: LegendMode,
    /// Calculations shown as columns (table) or behind the name (list).
    pub calcs: Vec<Calc>,
}

/// Form of the legend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LegendMode {
    /// Names in lines.
    #[default]
    List,
    /// A table with calculations.
    Table,
    /// None.
    Hidden,
}

/// Reduces a series to one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Calc {
    /// The newest value that is there.
    #[default]
    Last,
    /// Mean.
    Mean,
    /// Least.
    Min,
    /// Greatest.
    Max,
    /// Sum.
    Sum,
}

/// Options of a stat panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct StatOptions {
    /// Which number.
    pub calc: Calc,
    /// Draw the course behind the number.
    pub sparkline: bool,
    /// Colour the ground rather than the number.
    pub background: bool,
}

impl Default for StatOptions {
    fn default() -> Self {
        Self { calc: Calc::Last, sparkline: true, background: false }
    }
}

/// Options of a gauge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct GaugeOptions {
    /// Which number.
    pub calc: Calc,
}

/// Options of a bar gauge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct BarGaugeOptions {
    /// Which number.
    pub calc: Calc,
}

/// Options of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TableOptions {
    /// Columns in order; empty shows all labels and then the values of the queries.
    pub columns: Vec<TableColumn>,
    /// Column key the rows are sorted by; empty for the last value column, greatest first.
    pub sort_by: String,
    /// Smallest first.
    pub ascending: bool,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TableColumn {
    /// A label name, or the letter of a query for its value.
    pub key: String,
    /// Heading; empty shows the key.
    pub title: String,
    /// Unit of a value column; empty takes the panel's.
    pub unit: String,
}

/// Options of a text panel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TextOptions {
    /// CommonMark. HTML in it is shown as text.
    pub markdown: String,
}
