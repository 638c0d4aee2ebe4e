//! What templates compute with: Go's types as far as the two data models have them.

mod fields;
mod layout;
mod show;
mod time;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use fields::method;
pub(crate) use layout::{DAYS, MONTHS};
pub(crate) use show::{Style, leaf_text, show, show_into};
pub(crate) use time::{Duration, Time};

use crate::notification::{Alert, Notification};
use crate::rule::{RuleScope, Sample};

/// A map of labels or annotations.
pub(crate) type TextMap = BTreeMap<String, String>;

/// How deep lists and maps may be nested.
const MOST_NESTING: u8 = 50;
/// The longest text that a value is printed as, in bytes.
pub(crate) const LONGEST_TEXT: usize = 4 << 20;

/// How deep a list or a map of these is.
fn depth_of<'a>(values: impl Iterator<Item = &'a Value>) -> Result<u8, String> {
    let depth = |value: &Value| match value {
        Value::List { depth, .. } | Value::Map { depth, .. } => *depth,
        _ => 0,
    };
    let deepest = values.map(depth).max().unwrap_or(0);
    if deepest >= MOST_NESTING {
        return Err(format!("lists and maps are nested deeper than {MOST_NESTING} levels"));
    }
    Ok(deepest + 1)
}

/// A value with its Go type.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// No value, as a missing key of a map of anything has; printed as `<no value>`.
    Nil,
    Bool(bool),
    Int(i64),
    /// A byte of a string.
    Byte(u8),
    Float(f64),
    Text(Arc<str>),
    /// Text that `safeHtml` vouches for.
    SafeHtml(Arc<str>),
    /// Text that `safeUrl` vouches for.
    SafeUrl(Arc<str>),
    Time(Arc<Time>),
    Duration(Duration),
    /// 1 to 12.
    Month(u8),
    /// 0, Sunday, to 6.
    Weekday(u8),
    /// A time zone by its name.
    Location(Arc<str>),
    /// `[]string`
    Texts(Arc<[Arc<str>]>),
    /// `[]interface {}`
    List {
        values: Arc<[Value]>,
        depth: u8,
    },
    /// `map[string]interface {}`
    Map {
        map: Arc<BTreeMap<Arc<str>, Value>>,
        depth: u8,
    },
    /// Prometheus' label sets: `map[string]string`
    TextMap(Arc<TextMap>),
    /// Alertmanager's label sets, which have methods.
    Kv(Arc<TextMap>),
    Pair(Arc<(String, String)>),
    Pairs(Arc<[Arc<(String, String)>]>),
    /// A notification's data.
    Notification(Arc<Notification>),
    Alert(Arc<Alert>),
    /// All alerts of a notification, or those that `Firing` and `Resolved` pick, which Go gives another type.
    Alerts {
        alerts: Arc<[Arc<Alert>]>,
        picked: bool,
    },
    /// A rule's data.
    Rule(Arc<RuleScope>),
    Sample(Arc<Sample>),
    Samples(Arc<[Arc<Sample>]>),
    /// A native histogram as it is written.
    Histogram(Arc<str>),
}

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Texts(texts.into_iter().map(Arc::from).collect())
    }

    /// A list of anything.
    ///
    /// # Errors
    /// When lists and maps are nested too deep.
    pub(crate) fn list(values: impl Iterator<Item = Self>) -> Result<Self, String> {
        let values: Arc<[Self]> = values.collect();
        let depth = depth_of(values.iter())?;
        Ok(Self::List { values, depth })
    }

    /// A map of anything.
    ///
    /// # Errors
    /// When lists and maps are nested too deep.
    pub(crate) fn map(map: BTreeMap<Arc<str>, Self>) -> Result<Self, String> {
        let depth = depth_of(map.values())?;
        Ok(Self::Map { map: Arc::new(map), depth })
    }

    pub(crate) fn time(time: Time) -> Self {
        Self::Time(Arc::new(time))
    }

    /// The type as Go names it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::SafeHtml(_) => "template.HTML",
            Self::SafeUrl(_) => "template.URL",
            Self::Time(_) => "time.Time",
            Self::Duration(_) => "time.Duration",
            Self::Month(_) => "time.Month",
            Self::Weekday(_) => "time.Weekday",
            Self::Location(_) => "*time.Location",
            Self::Texts(_) => "[]string",
            Self::List { .. } => "[]interface {}",
            Self::Map { .. } => "map[string]interface {}",
            Self::TextMap(_) => "map[string]string",
            Self::Kv(_) => "template.KV",
            Self::Pair(_) => "template.Pair",
            Self::Pairs(_) => "template.Pairs",
            Self::Notification(_) => "template.Data",
            Self::Alert(_) => "template.Alert",
            Self::Alerts { picked: false, .. } => "template.Alerts",
            Self::Alerts { picked: true, .. } => "[]template.Alert",
            Self::Rule(_) => {
                "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"
            }
            Self::Sample(_) => "*template.sample",
            Self::Samples(_) => "template.queryResult",
            Self::Histogram(_) => "*histogram.FloatHistogram",
        }
    }

    /// Whether `if` takes it for true: neither zero nor empty.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Byte(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Duration(value) => value.0 != 0,
            Self::Weekday(day) => *day != 0,
            _ => self.len() != Some(0),
        }
    }

    /// How much is in it, if that can be asked.
    pub(crate) fn len(&self) -> Option<usize> {
        match self {
            Self::Text(text) | Self::SafeHtml(text) | Self::SafeUrl(text) => Some(text.len()),
            Self::Texts(texts) => Some(texts.len()),
            Self::List { values, .. } => Some(values.len()),
            Self::Map { map, .. } => Some(map.len()),
            Self::TextMap(map) | Self::Kv(map) => Some(map.len()),
            Self::Pairs(pairs) => Some(pairs.len()),
            Self::Alerts { alerts, .. } => Some(alerts.len()),
            Self::Samples(samples) => Some(samples.len()),
            _ => None,
        }
    }

    /// The string that it is, trusted or not.
    pub(crate) fn as_text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Text(text) | Self::SafeHtml(text) | Self::SafeUrl(text) => Some(text),
            _ => None,
        }
    }

    /// The element of a list, if it is one and so long.
    pub(crate) fn element(&self, at: usize) -> Option<Self> {
        match self {
            Self::Texts(texts) => texts.get(at).cloned().map(Self::Text),
            Self::List { values, .. } => values.get(at).cloned(),
            Self::Pairs(pairs) => pairs.get(at).cloned().map(Self::Pair),
            Self::Alerts { alerts, .. } => alerts.get(at).cloned().map(Self::Alert),
            Self::Samples(samples) => samples.get(at).cloned().map(Self::Sample),
            _ => None,
        }
    }

    /// The entries of a map in the order of their keys.
    pub(crate) fn entries(&self) -> Option<Vec<(Arc<str>, Self)>> {
        match self {
            Self::Map { map, .. } => {
                Some(map.iter().map(|(key, value)| (Arc::clone(key), value.clone())).collect())
            }
            Self::TextMap(map) | Self::Kv(map) => {
                Some(map.iter().map(|(key, value)| (key.as_str().into(), Self::text(value))).collect())
            }
            _ => None,
        }
    }

    /// What a map holds under a key, or what Go gives in its place; `None` if this is no map.
    pub(crate) fn entry(&self, key: &str) -> Option<Self> {
        match self {
            Self::Map { map, .. } => Some(map.get(key).cloned().unwrap_or(Self::Nil)),
            Self::TextMap(map) | Self::Kv(map) => Some(Self::text(map.get(key).map_or("", String::as_str))),
            _ => None,
        }
    }
}
