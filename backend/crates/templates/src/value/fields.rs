//! Fields and methods of values.

use std::sync::Arc;

use super::{Duration, TextMap, Time, Value};
use crate::funcs::Param;
use crate::notification::Alert;

/// A method: what it takes, and what it does with its receiver and those arguments, which are checked.
pub(crate) struct Method {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its parameters.
    pub(crate) params: &'static [Param],
    /// What it does.
    pub(crate) run: fn(&Value, &[Value]) -> Result<Value, String>,
}

const NONE: &[Param] = &[];

impl Value {
    /// A field of a struct, if it is one and has it.
    pub(crate) fn struct_field(&self, name: &str) -> Option<Self> {
        match self {
            Self::Pair(pair) => match name {
                "Name" => Some(Self::text(&pair.0)),
                "Value" => Some(Self::text(&pair.1)),
                _ => None,
            },
            Self::Notification(data) => Some(match name {
                "Receiver" => Self::text(&data.receiver),
                "Status" => Self::text(data.status.as_str()),
                "Alerts" => Self::Alerts { alerts: Arc::clone(&data.alerts), picked: false },
                "NotificationReason" => Self::text(&data.notification_reason),
                "GroupLabels" => Self::Kv(Arc::clone(&data.group_labels)),
                "CommonLabels" => Self::Kv(Arc::clone(&data.common_labels)),
                "CommonAnnotations" => Self::Kv(Arc::clone(&data.common_annotations)),
                "ExternalURL" => Self::text(&data.external_url),
                _ => return None,
            }),
            Self::Alert(alert) => Some(match name {
                "Status" => Self::text(alert.status.as_str()),
                "Labels" => Self::Kv(Arc::clone(&alert.labels)),
                "Annotations" => Self::Kv(Arc::clone(&alert.annotations)),
                "StartsAt" => Self::time(alert.starts_at()),
                "EndsAt" => Self::time(alert.ends_at()),
                "GeneratorURL" => Self::text(&alert.generator_url),
                "Fingerprint" => Self::text(&alert.fingerprint),
                _ => return None,
            }),
            Self::Rule(scope) => Some(match name {
                "Labels" => Self::TextMap(Arc::clone(&scope.labels)),
                "ExternalLabels" => Self::TextMap(Arc::clone(&scope.external_labels)),
                "ExternalURL" => Self::Text(Arc::clone(&scope.external_url)),
                "Value" => scope.value.clone(),
                _ => return None,
            }),
            Self::Sample(sample) => Some(match name {
                "Labels" => Self::TextMap(Arc::clone(&sample.labels)),
                "Value" => sample.value.to_template(),
                _ => return None,
            }),
            _ => None,
        }
    }
}

/// The method `name` of a value's type.
pub(crate) fn method(value: &Value, name: &str) -> Option<&'static Method> {
    let methods = match value {
        Value::Kv(_) => KV,
        Value::Pairs(_) => PAIRS,
        Value::Alerts { picked: false, .. } => ALERTS,
        Value::Time(_) => TIME,
        Value::Duration(_) => DURATION,
        Value::Month(_) | Value::Weekday(_) | Value::Location(_) | Value::Histogram(_) => TEXT,
        _ => return None,
    };
    methods.iter().find(|method| method.name == name)
}

/// Name and value of each label, sorted, the name of the alert first.
fn pairs(map: &TextMap) -> Arc<[Arc<(String, String)>]> {
    let first = map.get_key_value("alertname");
    let others = map.iter().filter(|(name, _)| *name != "alertname");
    first.into_iter().chain(others).map(|(name, value)| Arc::new((name.clone(), value.clone()))).collect()
}

/// Pairs as they print.
pub(super) fn pairs_text(pairs: &[Arc<(String, String)>]) -> String {
    pairs.iter().map(|pair| format!("{}={}", pair.0, pair.1)).collect::<Vec<_>>().join(", ")
}

/// A label set as it prints.
pub(super) fn kv_text(map: &TextMap) -> String {
    pairs_text(&pairs(map))
}

fn kv(value: &Value) -> Result<&Arc<TextMap>, String> {
    if let Value::Kv(map) = value { Ok(map) } else { Err("not a label set".to_owned()) }
}

fn names(pairs: &[Arc<(String, String)>]) -> Value {
    Value::texts(pairs.iter().map(|pair| pair.0.as_str()))
}

fn values(pairs: &[Arc<(String, String)>]) -> Value {
    Value::texts(pairs.iter().map(|pair| pair.1.as_str()))
}

const KV: &[Method] = &[
    Method { name: "SortedPairs", params: NONE, run: |value, _| Ok(Value::Pairs(pairs(kv(value)?))) },
    Method { name: "Names", params: NONE, run: |value, _| Ok(names(&pairs(kv(value)?))) },
    Method { name: "Values", params: NONE, run: |value, _| Ok(values(&pairs(kv(value)?))) },
    Method { name: "String", params: NONE, run: |value, _| Ok(Value::text(&kv_text(kv(value)?))) },
    Method {
        name: "Remove",
        params: &[Param::Texts],
        run: |value, args| {
            let mut rest = TextMap::clone(kv(value)?);
            if let [Value::Texts(names)] = args {
                rest.retain(|name, _| !names.iter().any(|removed| **removed == **name));
            }
            Ok(Value::Kv(Arc::new(rest)))
        },
    },
];

fn of_pairs(value: &Value) -> &[Arc<(String, String)>] {
    if let Value::Pairs(pairs) = value { pairs } else { &[] }
}

const PAIRS: &[Method] = &[
    Method { name: "Names", params: NONE, run: |value, _| Ok(names(of_pairs(value))) },
    Method { name: "Values", params: NONE, run: |value, _| Ok(values(of_pairs(value))) },
    Method { name: "String", params: NONE, run: |value, _| Ok(Value::text(&pairs_text(of_pairs(value)))) },
];

fn picked(value: &Value, wanted: impl Fn(&Alert) -> bool) -> Value {
    let Value::Alerts { alerts, .. } = value else { return Value::Nil };
    Value::Alerts { alerts: alerts.iter().filter(|alert| wanted(alert)).cloned().collect(), picked: true }
}

const ALERTS: &[Method] = &[
    Method {
        name: "Firing",
        params: NONE,
        run: |value, _| Ok(picked(value, |alert| alert.status.is_firing())),
    },
    Method {
        name: "Resolved",
        params: NONE,
        run: |value, _| Ok(picked(value, |alert| !alert.status.is_firing())),
    },
];

const TEXT: &[Method] =
    &[Method { name: "String", params: NONE, run: |value, _| Ok(Value::text(&super::show(value))) }];

fn time(value: &Value) -> Result<&Time, String> {
    if let Value::Time(time) = value { Ok(time) } else { Err("not a time".to_owned()) }
}

fn other(args: &[Value]) -> Result<&Time, String> {
    args.first().map_or_else(|| Err("no time given".to_owned()), time)
}

fn duration(args: &[Value]) -> Result<Duration, String> {
    if let Some(Value::Duration(duration)) = args.first() {
        Ok(*duration)
    } else {
        Err("no duration given".to_owned())
    }
}

fn int(args: &[Value], at: usize) -> i64 {
    if let Some(Value::Int(value)) = args.get(at) { *value } else { 0 }
}

/// A method of times that takes nothing and gives a number.
macro_rules! part {
    ($name:literal, $time:ident => $number:expr) => {
        Method {
            name: $name,
            params: NONE,
            run: |value, _| {
                let $time = time(value)?;
                Ok(Value::Int(i64::from($number)))
            },
        }
    };
}

const TIME: &[Method] = &[
    Method {
        name: "Format",
        params: &[Param::Text],
        run: |value, args| {
            let layout = args.first().and_then(Value::as_text).map_or("", |layout| layout);
            Ok(Value::text(&time(value)?.format(layout)))
        },
    },
    part!("Unix", time => time.unix()),
    part!("UnixMilli", time => time.unix_in(1_000_000)),
    part!("UnixMicro", time => time.unix_in(1_000)),
    part!("UnixNano", time => time.unix_in(1)),
    part!("Year", time => time.civil().year()),
    part!("Day", time => time.civil().day()),
    part!("Hour", time => time.civil().hour()),
    part!("Minute", time => time.civil().minute()),
    part!("Second", time => time.civil().second()),
    part!("Nanosecond", time => time.civil().subsec_nanosecond()),
    part!("YearDay", time => time.civil().day_of_year()),
    Method {
        name: "Month",
        params: NONE,
        run: |value, _| Ok(Value::Month(time(value)?.civil().month().unsigned_abs())),
    },
    Method {
        name: "Weekday",
        params: NONE,
        run: |value, _| {
            Ok(Value::Weekday(time(value)?.civil().weekday().to_sunday_zero_offset().unsigned_abs()))
        },
    },
    Method {
        name: "Location",
        params: NONE,
        run: |value, _| Ok(Value::Location(time(value)?.location().into())),
    },
    Method { name: "UTC", params: NONE, run: |value, _| Ok(Value::time(time(value)?.utc())) },
    Method { name: "Local", params: NONE, run: |value, _| Ok(Value::time(time(value)?.utc())) },
    Method { name: "IsZero", params: NONE, run: |value, _| Ok(Value::Bool(time(value)?.is_zero())) },
    Method { name: "String", params: NONE, run: |value, _| Ok(Value::text(&time(value)?.to_string())) },
    Method {
        name: "Sub",
        params: &[Param::Time],
        run: |value, args| Ok(Value::Duration(time(value)?.since(other(args)?))),
    },
    Method {
        name: "Add",
        params: &[Param::Duration],
        run: |value, args| Ok(Value::time(time(value)?.add(duration(args)?)?)),
    },
    Method {
        name: "AddDate",
        params: &[Param::Int, Param::Int, Param::Int],
        run: |value, args| {
            Ok(Value::time(time(value)?.add_date(int(args, 0), int(args, 1), int(args, 2))?))
        },
    },
    Method {
        name: "Truncate",
        params: &[Param::Duration],
        run: |value, args| Ok(Value::time(time(value)?.truncate(duration(args)?)?)),
    },
    Method {
        name: "Round",
        params: &[Param::Duration],
        run: |value, args| Ok(Value::time(time(value)?.round(duration(args)?)?)),
    },
    Method {
        name: "After",
        params: &[Param::Time],
        run: |value, args| Ok(Value::Bool(time(value)?.nanos() > other(args)?.nanos())),
    },
    Method {
        name: "Before",
        params: &[Param::Time],
        run: |value, args| Ok(Value::Bool(time(value)?.nanos() < other(args)?.nanos())),
    },
    Method {
        name: "Equal",
        params: &[Param::Time],
        run: |value, args| Ok(Value::Bool(time(value)?.nanos() == other(args)?.nanos())),
    },
    Method {
        name: "Compare",
        params: &[Param::Time],
        run: |value, args| Ok(Value::Int(time(value)?.nanos().cmp(&other(args)?.nanos()) as i64)),
    },
];

fn length(value: &Value) -> Duration {
    if let Value::Duration(duration) = value { *duration } else { Duration(0) }
}

const DURATION: &[Method] = &[
    Method {
        name: "Hours",
        params: NONE,
        run: |value, _| Ok(Value::Float(length(value).in_units(3_600_000_000_000))),
    },
    Method {
        name: "Minutes",
        params: NONE,
        run: |value, _| Ok(Value::Float(length(value).in_units(60_000_000_000))),
    },
    Method { name: "Seconds", params: NONE, run: |value, _| Ok(Value::Float(length(value).seconds())) },
    Method {
        name: "Milliseconds",
        params: NONE,
        run: |value, _| Ok(Value::Int(length(value).0 / 1_000_000)),
    },
    Method { name: "Microseconds", params: NONE, run: |value, _| Ok(Value::Int(length(value).0 / 1_000)) },
    Method { name: "Nanoseconds", params: NONE, run: |value, _| Ok(Value::Int(length(value).0)) },
    Method {
        name: "Abs",
        params: NONE,
        run: |value, _| Ok(Value::Duration(Duration(length(value).0.saturating_abs()))),
    },
    Method {
        name: "Truncate",
        params: &[Param::Duration],
        run: |value, args| Ok(Value::Duration(length(value).truncate(duration(args)?))),
    },
    Method {
        name: "Round",
        params: &[Param::Duration],
        run: |value, args| Ok(Value::Duration(length(value).round(duration(args)?))),
    },
    Method { name: "String", params: NONE, run: |value, _| Ok(Value::text(&length(value).to_string())) },
];
