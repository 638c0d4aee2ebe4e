//! Alertmanager's functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::funcs::text as case;
use crate::funcs::{Context, Function, Param, humanize, json, number, regex, text, texts, time, url};
use crate::value::{Time, Value};

const TEXT: &[Param] = &[Param::Text];

/// All of them.
pub(super) const FUNCTIONS: &[Function] = &[
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
        name: "title",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&case::title(text(args, 0)))),
    },
    Function {
        name: "trimSpace",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(text(args, 0).trim())),
    },
    Function { name: "join", params: &[Param::Text, Param::Texts], rest: None, run: join },
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
        name: "safeUrl",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::SafeUrl(text(args, 0).into())),
    },
    Function {
        name: "urlUnescape",
        params: TEXT,
        rest: None,
        run: |_, args| Ok(Value::text(&url::query_unescape(text(args, 0))?)),
    },
    Function {
        name: "stringSlice",
        params: &[],
        rest: Some(Param::Text),
        run: |_, args| Ok(Value::Texts(args.iter().filter_map(Value::as_text).cloned().collect())),
    },
    Function {
        name: "date",
        params: &[Param::Text, Param::Time],
        rest: None,
        run: |_, args| Ok(Value::text(&time(args, 1).format(text(args, 0)))),
    },
    Function {
        name: "tz",
        params: &[Param::Text, Param::Time],
        rest: None,
        run: |_, args| Ok(Value::time(time(args, 1).in_zone(text(args, 0))?)),
    },
    Function {
        name: "now",
        params: &[],
        rest: None,
        run: |context, _| Ok(Value::time(Time::from_millis(context.now_ms))),
    },
    Function {
        name: "since",
        params: &[Param::Time],
        rest: None,
        run: |context, args| Ok(Value::Duration(Time::from_millis(context.now_ms).since(&time(args, 0)))),
    },
    Function {
        name: "humanizeDuration",
        params: &[Param::Any],
        rest: None,
        run: |_, args| Ok(Value::text(&humanize::humanize_duration(number(args, 0)?))),
    },
    Function {
        name: "toJson",
        params: &[Param::Any],
        rest: None,
        run: |context, args| {
            let text = json::to_json(args.first().unwrap_or(&Value::Nil))?;
            context.room(text.len())?;
            Ok(Value::text(&text))
        },
    },
    Function {
        name: "list",
        params: &[],
        rest: Some(Param::Any),
        run: |_, args| Value::list(args.iter().cloned()),
    },
    Function { name: "append", params: &[Param::List], rest: Some(Param::Any), run: append },
    Function { name: "dict", params: &[], rest: Some(Param::Any), run: dict },
];

fn join(context: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let (separator, texts) = (text(args, 0), texts(args, 1));
    let parts: usize = texts.iter().map(|text| text.len()).sum();
    context.room(parts.saturating_add(separator.len().saturating_mul(texts.len())))?;
    Ok(Value::text(&texts.join(separator)))
}

fn append(context: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let [Value::List { values, .. }, further @ ..] = args else { return Ok(Value::Nil) };
    context.charge(values.len().saturating_mul(16))?;
    Value::list(values.iter().chain(further).cloned())
}

fn dict(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    if !args.len().is_multiple_of(2) {
        return Err("dict requires an even number of arguments".to_owned());
    }
    let mut map = BTreeMap::new();
    for pair in args.chunks_exact(2) {
        let Value::Text(key) = &pair[0] else { return Err("dict keys must be strings".to_owned()) };
        map.insert(Arc::clone(key), pair[1].clone());
    }
    Value::map(map)
}
