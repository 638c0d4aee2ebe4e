//! Variables.

use serde::{Deserialize, Serialize};

/// A variable, picked above the panels and kept in the address as `var-NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Name: `[a-zA-Z_][a-zA-Z0-9_]*`.
    pub name: String,
    /// Label of its picker; empty shows the name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Several values at once.
    #[serde(default)]
    pub multi: bool,
    /// Offer "All".
    #[serde(default)]
    pub include_all: bool,
    /// What "All" stands for; empty is the alternation of all values.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub all_value: String,
    /// Values chosen when the address says nothing; empty is "All" where offered, else the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default: Vec<String>,
    /// Where the values come from.
    #[serde(flatten)]
    pub kind: VariableKind,
}

/// Where a variable's values come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum VariableKind {
    /// Asked of the store: `label_values(metric{…}, label)`, `label_values(label)`, `label_names()`,
    /// `metrics(regex)`, `query_result(expr)`. Other variables may occur in it.
    Query {
        /// The question.
        query: String,
        /// Keeps matching values; its first group, if there is one, is the value.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        regex: String,
        /// Order.
        #[serde(default)]
        sort: VariableSort,
    },
    /// A fixed list.
    Custom {
        /// The values.
        options: Vec<CustomOption>,
    },
}

/// A value of a fixed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomOption {
    /// Shown; empty shows the value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Put into queries.
    pub value: String,
}

/// Order of a variable's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum VariableSort {
    /// As people sort: digits by their number.
    #[default]
    Natural,
    /// As they come.
    None,
    /// Natural, last first.
    NaturalDescending,
}
