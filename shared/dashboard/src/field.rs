//! How values are written and coloured.

use serde::{Deserialize, Serialize};

/// How a panel's values look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct FieldConfig {
    /// Unit: an id of the unit table (`s`, `bytes`, `percentunit` …) or a free suffix.
    pub unit: String,
    /// Digits after the point; absent chooses by magnitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// Lower end of axis or gauge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Upper end of axis or gauge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Thresholds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Thresholds>,
    /// Where colours come from.
    pub color: ColorMode,
    /// Shown instead of a value that is not there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub no_value: String,
}

/// Where a series or value gets its colour from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ColorMode {
    /// The palette, by a stable hash of the series' labels.
    #[default]
    Palette,
    /// The threshold that the value has passed.
    Thresholds,
}

/// Steps that give values a meaning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Thresholds {
    /// What the steps' values are.
    pub mode: ThresholdMode,
    /// Steps, ascending; below the first one a value is `good`.
    pub steps: Vec<Threshold>,
    /// Draw lines at the steps of a time series.
    pub lines: bool,
    /// Tint the ground of a time series above the steps.
    pub bands: bool,
}

/// What a threshold's number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdMode {
    /// A value.
    #[default]
    Absolute,
    /// Percent of the way from `min` to `max`.
    Percentage,
}

/// From `value` on, a value has this state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Threshold {
    /// First value of the step.
    pub value: f64,
    /// A state (`good`, `warning`, `critical`, `neutral`) or a CSS hex colour.
    pub color: String,
}
