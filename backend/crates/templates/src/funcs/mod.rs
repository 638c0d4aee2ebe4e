//! Functions that templates call: their declarations, and what both programs have.

mod builtin;
mod compare;
pub(crate) mod float;
pub(crate) mod humanize;
pub(crate) mod json;
mod printf;
pub(crate) mod regex;
pub(crate) mod text;
pub(crate) mod url;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use builtin::BUILTINS;

use crate::limits::Limits;
use crate::rule::{Query, Sample};
use crate::value::{Duration, LONGEST_TEXT, Time, Value};

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    Any,
    Text,
    Int,
    Time,
    Duration,
    Texts,
    List,
    Sample,
    Samples,
}

impl Param {
    /// The type as Go names it.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Text => "string",
            Self::Int => "int",
            Self::Time => "time.Time",
            Self::Duration => "time.Duration",
            Self::Texts => "[]string",
            Self::List => "[]interface {}",
            Self::Sample => "*template.sample",
            Self::Samples => "template.queryResult",
        }
    }

    /// Whether `nil` may stand for it.
    pub(crate) fn takes_nil(self) -> bool {
        matches!(self, Self::Any | Self::Texts | Self::List | Self::Sample | Self::Samples)
    }

    /// What `nil` is as this type.
    pub(crate) fn nil(self) -> Value {
        match self {
            Self::Texts => Value::Texts(Arc::new([])),
            Self::List => Value::List { values: Arc::new([]), depth: 1 },
            Self::Samples => Value::Samples(Arc::new([])),
            _ => Value::Nil,
        }
    }

    /// Whether a value is of this type.
    pub(crate) fn takes(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Text => matches!(value, Value::Text(_)),
            Self::Int => matches!(value, Value::Int(_)),
            Self::Time => matches!(value, Value::Time(_)),
            Self::Duration => matches!(value, Value::Duration(_)),
            Self::Texts => matches!(value, Value::Texts(_)),
            Self::List => matches!(value, Value::List { .. }),
            Self::Sample => matches!(value, Value::Sample(_)),
            Self::Samples => matches!(value, Value::Samples(_)),
        }
    }
}

/// A function: its parameters, and what it does with arguments that were checked against them.
pub(crate) struct Function {
    /// The name it is called by.
    pub(crate) name: &'static str,
    /// The parameters it needs.
    pub(crate) params: &'static [Param],
    /// What all further arguments have to be, if there may be any.
    pub(crate) rest: Option<Param>,
    /// What it does.
    pub(crate) run: fn(&Context<'_>, &[Value]) -> Result<Value, String>,
}

/// What functions need from outside of the template.
pub(crate) struct Context<'a> {
    limits: Limits,
    work: AtomicU64,
    regexes: Mutex<regex::Compiled>,
    /// The time that counts as now, in milliseconds.
    pub(crate) now_ms: i64,
    /// Evaluates instant queries.
    pub(crate) query: Option<&'a Query<'a>>,
    /// The address of the program's pages.
    pub(crate) external_url: Arc<str>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        mut limits: Limits,
        now_ms: i64,
        query: Option<&'a Query<'a>>,
        external_url: Arc<str>,
    ) -> Self {
        limits.output = limits.output.min(LONGEST_TEXT);
        let (work, regexes) = (AtomicU64::new(limits.work), Mutex::default());
        Self { limits, work, regexes, now_ms, query, external_url }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts work, about a byte handled each.
    ///
    /// # Errors
    /// When the template has done as much as it may.
    pub(crate) fn charge(&self, work: usize) -> Result<(), String> {
        let work = u64::try_from(work).unwrap_or(u64::MAX);
        let take = |left: u64| left.checked_sub(work);
        match self.work.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("the template does more than {} steps of work", self.limits.work)),
        }
    }

    /// Checks that a text may be as long as this, before it is made.
    ///
    /// # Errors
    /// When it would be longer than a template's whole output may be.
    pub(crate) fn room(&self, length: usize) -> Result<(), String> {
        self.fits(length)?;
        self.charge(length)
    }

    /// The same for a text that grows and is paid for when it is done.
    ///
    /// # Errors
    /// When it would be longer than a template's whole output may be.
    pub(crate) fn fits(&self, length: usize) -> Result<(), String> {
        if length > self.limits.output {
            return Err(format!("a value is longer than {} bytes", self.limits.output));
        }
        Ok(())
    }

    /// An expression, compiled before or now.
    pub(crate) fn compiled(&self, pattern: &str) -> Result<model::AnchoredRegex, String> {
        let mut regexes = self.regexes.lock().unwrap_or_else(PoisonError::into_inner);
        regexes.get(pattern, || self.charge(regex::COMPILING))
    }
}

// Arguments were checked against the parameters, so that what these fall back to is never seen.

/// The text at a place of the arguments.
pub(crate) fn text(args: &[Value], at: usize) -> &str {
    args.get(at).and_then(Value::as_text).map_or("", |text| text)
}

/// The time at a place of the arguments.
pub(crate) fn time(args: &[Value], at: usize) -> Arc<Time> {
    if let Some(Value::Time(time)) = args.get(at) { Arc::clone(time) } else { Arc::new(Time::zero()) }
}

/// The list of texts at a place of the arguments.
pub(crate) fn texts(args: &[Value], at: usize) -> &[Arc<str>] {
    if let Some(Value::Texts(texts)) = args.get(at) { texts } else { &[] }
}

/// The samples at a place of the arguments.
pub(crate) fn samples(args: &[Value], at: usize) -> &[Arc<Sample>] {
    if let Some(Value::Samples(samples)) = args.get(at) { samples } else { &[] }
}

/// A number as Prometheus' functions take it: also from text, and a duration as its seconds.
pub(crate) fn number(args: &[Value], at: usize) -> Result<f64, String> {
    match args.get(at) {
        Some(Value::Float(value)) => Ok(*value),
        Some(Value::Int(value)) => Ok(*value as f64),
        Some(Value::Duration(duration)) => Ok(duration.seconds()),
        Some(Value::Text(text)) => parse_float(text),
        Some(other) => Err(format!("can't convert {} to float", other.type_name())),
        None => Err("no number given".to_owned()),
    }
}

/// A float as Go reads it.
fn parse_float(text: &str) -> Result<f64, String> {
    let invalid = || format!("strconv.ParseFloat: parsing {}: invalid syntax", crate::syntax::quote(text));
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    match bare.as_str() {
        "inf" | "infinity" | "nan" => {}
        _ if bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {}
        _ => return Err(invalid()),
    }
    let value: f64 = text.parse().map_err(|_| invalid())?;
    if value.is_infinite() && !bare.starts_with("inf") {
        return Err(format!(
            "strconv.ParseFloat: parsing {}: value out of range",
            crate::syntax::quote(text)
        ));
    }
    Ok(value)
}

/// A number of seconds as a duration, held to what one can be.
pub(crate) fn seconds(value: f64) -> Duration {
    Duration((value * 1e9) as i64)
}
