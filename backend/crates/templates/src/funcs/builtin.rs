//! The functions that every Go template has. `and` and `or` stop early, which the executor does.

use std::cmp::Ordering;

use super::{Context, Function, Param, compare, printf};
use crate::value::{Value, show};

/// All of them.
pub(crate) const BUILTINS: &[Function] = &[
    Function { name: "and", params: &[Param::Any], rest: Some(Param::Any), run: last },
    Function { name: "or", params: &[Param::Any], rest: Some(Param::Any), run: last },
    Function {
        name: "not",
        params: &[Param::Any],
        rest: None,
        run: |_, args| Ok(Value::Bool(!args[0].truth())),
    },
    Function { name: "eq", params: &[Param::Any], rest: Some(Param::Any), run: eq },
    Function {
        name: "ne",
        params: &[Param::Any, Param::Any],
        rest: None,
        run: |_, args| Ok(Value::Bool(!compare::equal(&args[0], &args[1])?)),
    },
    Function {
        name: "lt",
        params: &[Param::Any, Param::Any],
        rest: None,
        run: |_, args| ordered(args, Ordering::is_lt),
    },
    Function { name: "le", params: &[Param::Any, Param::Any], rest: None, run: le },
    Function {
        name: "gt",
        params: &[Param::Any, Param::Any],
        rest: None,
        // Go computes it as the opposite of the two above, which shows with NaN.
        run: |_, args| {
            let below = compare::order(&args[0], &args[1])?;
            Ok(Value::Bool(!below.is_some_and(Ordering::is_le)))
        },
    },
    Function {
        name: "ge",
        params: &[Param::Any, Param::Any],
        rest: None,
        run: |_, args| {
            let below = compare::order(&args[0], &args[1])?;
            Ok(Value::Bool(!below.is_some_and(Ordering::is_lt)))
        },
    },
    Function { name: "print", params: &[], rest: Some(Param::Any), run: print },
    Function { name: "println", params: &[], rest: Some(Param::Any), run: println },
    Function {
        name: "printf",
        params: &[Param::Text],
        rest: Some(Param::Any),
        run: |context, args| {
            let text = printf::format(context, super::text(args, 0), &args[1..])?;
            Ok(Value::text(&text))
        },
    },
    Function { name: "len", params: &[Param::Any], rest: None, run: len },
    Function { name: "index", params: &[Param::Any], rest: Some(Param::Any), run: index },
    Function { name: "slice", params: &[Param::Any], rest: Some(Param::Any), run: slice },
    Function { name: "call", params: &[Param::Any], rest: Some(Param::Any), run: call },
    Function {
        name: "html",
        params: &[],
        rest: Some(Param::Any),
        run: |context, args| escaped(context, args, gotmpl::html_escape),
    },
    Function {
        name: "js",
        params: &[],
        rest: Some(Param::Any),
        run: |context, args| escaped(context, args, gotmpl::js_escape),
    },
    Function {
        name: "urlquery",
        params: &[],
        rest: Some(Param::Any),
        run: |context, args| escaped(context, args, super::url::query_escape),
    },
];

fn last(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    Ok(args.last().cloned().unwrap_or(Value::Nil))
}

fn eq(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let [first, others @ ..] = args else { return Ok(Value::Nil) };
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        if compare::equal(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn ordered(args: &[Value], wanted: fn(Ordering) -> bool) -> Result<Value, String> {
    Ok(Value::Bool(compare::order(&args[0], &args[1])?.is_some_and(wanted)))
}

fn le(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    ordered(args, Ordering::is_le)
}

/// Values one behind the other, with a space between two that are no texts.
fn joined(context: &Context<'_>, args: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    for (i, arg) in args.iter().enumerate() {
        let is_text = |value: &Value| value.as_text().is_some();
        if i > 0 && !is_text(arg) && !is_text(&args[i - 1]) {
            out.push(' ');
        }
        out.push_str(&show(arg));
        context.room(out.len())?;
    }
    Ok(out)
}

fn print(context: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    Ok(Value::text(&joined(context, args)?))
}

fn println(context: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(&show(arg));
        context.room(out.len())?;
    }
    out.push('\n');
    Ok(Value::text(&out))
}

fn escaped(context: &Context<'_>, args: &[Value], escape: fn(&str) -> String) -> Result<Value, String> {
    let shown: Vec<Value> = args
        .iter()
        .map(|arg| if matches!(arg, Value::Nil) { Value::text("<no value>") } else { arg.clone() })
        .collect();
    let out = escape(&joined(context, &shown)?);
    context.room(out.len())?;
    Ok(Value::text(&out))
}

fn len(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    if matches!(args[0], Value::Nil) {
        return Err("reflect: call of reflect.Value.Type on zero Value".to_owned());
    }
    let length = args[0].len().ok_or_else(|| format!("len of type {}", args[0].type_name()))?;
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// A number as an index; `most` is the first that is too large.
fn position(index: &Value, most: usize) -> Result<usize, String> {
    let number = match index {
        Value::Int(number) => *number,
        Value::Byte(number) => i64::from(*number),
        Value::Duration(duration) => duration.0,
        Value::Month(number) | Value::Weekday(number) => i64::from(*number),
        Value::Nil => return Err("cannot index slice/array with nil".to_owned()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name())),
    };
    match usize::try_from(number) {
        Ok(position) if position < most => Ok(position),
        _ => Err(format!("index out of range: {number}")),
    }
}

fn index(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let [item, indexes @ ..] = args else { return Ok(Value::Nil) };
    if matches!(item, Value::Nil) {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = item.clone();
    for index in indexes {
        item = match (&item, item.entry(index.as_text().map_or("", |key| key))) {
            (Value::Nil, _) => return Err("index of nil pointer".to_owned()),
            (_, Some(value)) => match index {
                Value::Text(_) => value,
                Value::Nil => return Err("value is nil; should be of type string".to_owned()),
                other => return Err(format!("value has type {}; should be string", other.type_name())),
            },
            (value, None) => {
                let Some(length) = value.len() else {
                    return Err(format!("can't index item of type {}", value.type_name()));
                };
                let at = position(index, length)?;
                match value.as_text() {
                    Some(text) => Value::Byte(text.as_bytes()[at]),
                    None => value.element(at).unwrap_or(Value::Nil),
                }
            }
        };
    }
    Ok(item)
}

fn slice(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    let [item, indexes @ ..] = args else { return Ok(Value::Nil) };
    let wrong = || Err(format!("can't slice item of type {}", item.type_name()));
    if matches!(item, Value::Nil) {
        return Err("slice of untyped nil".to_owned());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    if item.as_text().is_some() && indexes.len() == 3 {
        return Err("cannot 3-index slice a string".to_owned());
    }
    let Some(length) = item.len().filter(|_| item.entries().is_none()) else { return wrong() };
    let bounds = indexes.iter().map(|index| position(index, length + 1)).collect::<Result<Vec<_>, _>>()?;
    let start = bounds.first().copied().unwrap_or(0);
    let end = bounds.get(1).copied().unwrap_or(length);
    let ordered = [(start, end), (end, bounds.get(2).copied().unwrap_or(length))];
    if let Some((low, high)) = ordered.into_iter().find(|(low, high)| low > high) {
        return Err(format!("invalid slice index: {low} > {high}"));
    }
    Ok(match item {
        Value::Text(text) | Value::SafeHtml(text) | Value::SafeUrl(text) => {
            Value::text(&String::from_utf8_lossy(&text.as_bytes()[start..end]))
        }
        Value::Texts(texts) => Value::Texts(texts[start..end].into()),
        Value::List { values, depth } => Value::List { values: values[start..end].into(), depth: *depth },
        Value::Pairs(pairs) => Value::Pairs(pairs[start..end].into()),
        Value::Alerts { alerts, picked } => {
            Value::Alerts { alerts: alerts[start..end].into(), picked: *picked }
        }
        Value::Samples(samples) => Value::Samples(samples[start..end].into()),
        _ => return wrong(),
    })
}

fn call(_: &Context<'_>, args: &[Value]) -> Result<Value, String> {
    match &args[0] {
        Value::Nil => Err("call of nil".to_owned()),
        other => Err(format!("non-function of type {}", other.type_name())),
    }
}
