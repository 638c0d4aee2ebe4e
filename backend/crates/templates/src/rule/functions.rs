//! Prometheus' functions.

use std::sync::Arc;

use super::{Sample, SampleValue};
use crate::funcs::text as case;
use crate::funcs::{Context, Function, Param, humanize, number, regex, samples, seconds, text, url};
use crate::value::Value;

const TEXT: &[Param] = &[Param::Text];
const ANY: &[Param] = &[Param::Any];

/// What Go says when there is nothing where a sample should be.
const NO_SAMPLE: &str = "runtime error: invalid memory address or nil pointer dereference";

/// All of them.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "query", params: TEXT, rest: None, run: query },
    Function {
        name: "first",
        params: &[Param::Samples],
        rest: None,
        run: |_, args| match samples(args, 0).first() {
            Some(sample) => Ok(Value::Sample(Arc::clone(sample))),
            None => Err("first() called on vector with no elements".to_owned()),
        },
    },
    Function {
        name: "label",
        params: &[Param::Text, Param::Sample],
        rest: None,
        run: |_, args| Ok(label(sample(args, 1)?, text(args, 0))),
    },
    Function {
        name: "value",
        params: &[Param::Sample],
        rest: None,
        run: |_, args| match &sample(args, 0)?.value {
            SampleValue::Float(value) => Ok(Value::Float(*value)),
            SampleValue::Histogram(_) => Ok(Value::Float(0.0)),
        },
    },
    Function {
        name: "strvalue",
        params: &[Param::Sample],
        rest: None,
        run: |_, args| Ok(label(sample(args, 0)?, "__value__")),
    },
    Function { name: "sortByLabel", params: &[Param::Text, Param::Samples], rest: None, run: sort_by_label },
    Function {
        name: "args",
        params: &[],
        rest: Some(Param::Any),
        run: |_, args| {
            let named = args.iter().enumerate().map(|(i, arg)| (Arc::from(format!("arg{i}")), arg.clone()));
            Value::map(named.collect())
        },
    },
    Function {
        name: "match",
        params: &[Param::Text, Param::Text],
        rest: None,
        run: |context, args| Ok(Value::Bool(regex::is_match(context, text(args, 0), text(args, 1))?)),
    },
    Function {
        name: "reReplaceAll",
        params: &[Param::Text, Param::Text, Param::Text],
        rest: None,
        run: |context, args| {
            let replaced = regex::replace_all(context, text(args, 0), text(args, 1), text(args, 2))?;
            Ok(Value::text(&replaced))
        },
    },
    Function {
        name: "safeHtml",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::SafeHtml(text(args, 0).into())),
    },
    Function {
        name: "title",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&case::title_keeping_case(text(args, 0)))),
    },
    Function {
        name: "toUpper",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&case::upper(text(args, 0)))),
    },
    Function {
        name: "toLower",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&case::lower(text(args, 0)))),
    },
    Function {
        name: "graphLink",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&link(text(args, 0), 0))),
    },
    Function {
        name: "tableLink",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&link(text(args, 0), 1))),
    },
    Function {
        name: "stripPort",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(url::strip_port(text(args, 0)))),
    },
    Function {
        name: "stripDomain",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&url::strip_domain(text(args, 0)))),
    },
    Function {
        name: "urlQueryEscape",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&url::query_escape(text(args, 0)))),
    },
    Function {
        name: "humanize",
        params: ANY,
        rest: None,
        run: |_, args| Ok(Value::text(&humanize::humanize(number(args, 0)?))),
    },
    Function {
        name: "humanize1024",
        params: ANY,
        rest: None,
        run: |_, args| Ok(Value::text(&humanize::humanize1024(number(args, 0)?))),
    },
    Function {
        name: "humanizeDuration",
        params: ANY,
        rest: None,
        run: |_, args| Ok(Value::text(&humanize::humanize_duration(number(args, 0)?))),
    },
    Function {
        name: "humanizePercentage",
        params: ANY,
        rest: None,
        run: |_, args| Ok(Value::text(&humanize::humanize_percentage(number(args, 0)?))),
    },
    Function {
        name: "humanizeTimestamp",
        params: ANY,
        rest: None,
        run: |_, args| Ok(Value::text(&humanize::humanize_timestamp(number(args, 0)?)?)),
    },
    Function {
        name: "toTime",
        params: ANY,
        rest: None,
        run: |_, args| Ok(Value::time(humanize::time(number(args, 0)?)?)),
    },
    Function {
        name: "toDuration",
        params: ANY,
        rest: None,
        run: |_, args| Ok(Value::Duration(seconds(number(args, 0)?))),
    },
    Function {
        name: "now",
        params: &[],
        rest: None,
        run: |context, _| Ok(Value::Float(context.now_ms as f64 / 1000.0)),
    },
    Function {
        name: "parseDuration",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::Float(humanize::parse_duration(text(args, 0))?.seconds())),
    },
    Function {
        name: "parseDurationTime",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::Duration(humanize::parse_duration(text(args, 0))?)),
    },
    Function {
        name: "pathPrefix",
        params: &[],
        rest: None,
        run: |context, _| Ok(Value::text(url::path(&context.external_url))),
    },
    Function {
        name: "externalURL",
        params: &[],
        rest: None,
        run: |context, _| Ok(Value::Text(Arc::clone(&context.external_url))),
    },
];

fn query(context: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let query = context.query.ok_or("there is nothing to query here")?;
    let samples = query(text(args, 0))?;
    context.charge(samples.len().saturating_mul(64))?;
    Ok(Value::Samples(samples.into_iter().map(Arc::new).collect()))
}

fn sample(args: &[Value], at: usize) -> Result<&Sample, String> {
    if let Some(Value::Sample(sample)) = args.get(at) { Ok(sample) } else { Err(NO_SAMPLE.to_owned()) }
}

fn label(sample: &Sample, name: &str) -> Value {
    Value::text(sample.labels.get(name).map_or("", String::as_str))
}

fn sort_by_label(context: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let name = text(args, 0);
    let mut sorted = samples(args, 1).to_vec();
    context.charge(sorted.len().saturating_mul(64))?;
    let key = |sample: &Sample| sample.labels.get(name).cloned().unwrap_or_default();
    sorted.sort_by_cached_key(|sample| key(sample));
    Ok(Value::Samples(sorted.into()))
}

/// The part of an address that shows an expression in the tab `tab`.
fn link(expression: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", url::query_escape(expression))
}
