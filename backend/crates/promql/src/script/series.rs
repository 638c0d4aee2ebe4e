//! Series notation: a metric, then values such as `1 2+1x5 _ stale {{count:1}}x3`.

use model::{Histogram, Labels, METRIC_NAME, Value, stale_nan};

use crate::histogram::ops;
use crate::script::histogram::{float, parse as parse_histogram};

/// Most values a single line may stand for.
const MAX_VALUES: usize = 1_000_000;

/// A metric and its values; `None` where there is no sample.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) labels: Labels,
    pub(super) values: Vec<Option<Value>>,
}

/// Reads a line.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    let line = line.trim();
    let end = metric_end(line)?;
    Ok(Line { labels: metric(&line[..end])?, values: values(&line[end..])? })
}

/// Reads values.
pub(super) fn values(text: &str) -> Result<Vec<Option<Value>>, String> {
    let mut values = Vec::new();
    for token in tokens(text)? {
        expand(token, &mut values)?;
        if values.len() > MAX_VALUES {
            return Err(format!("the line stands for more than {MAX_VALUES} values"));
        }
    }
    Ok(values)
}

/// Where the metric ends and its values begin.
fn metric_end(line: &str) -> Result<usize, String> {
    let mut quote: Option<u8> = None;
    let mut inside = false;
    let mut bytes = line.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(b'"' | b'\''), b'\\') => {
                bytes.next();
            }
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'{') => inside = true,
            (None, b'}') if inside => return Ok(at + 1),
            (None, b' ' | b'\t') if !inside => {
                // A space may stand between the name and the braces, but `{{` is a value.
                let rest = line[at..].trim_start();
                if !rest.starts_with('{') || rest.starts_with("{{") {
                    return Ok(at);
                }
            }
            _ => {}
        }
    }
    if inside { Err(format!("the braces of {line:?} are not closed")) } else { Ok(line.len()) }
}

/// Reads a metric: `name{a="b"}`.
pub(super) fn metric(text: &str) -> Result<Labels, String> {
    let (name, braces) = text.split_at(text.find('{').unwrap_or(text.len()));
    let name = name.trim();
    let mut pairs: Vec<(String, String)> = Vec::new();
    if !name.is_empty() {
        pairs.push((METRIC_NAME.to_owned(), name.to_owned()));
    }
    let inner = braces.trim().trim_start_matches('{').trim_end_matches('}').trim();
    if !inner.is_empty() {
        let matchers = promql_syntax::parse_selector(braces.trim()).map_err(|e| e.to_string())?;
        pairs.extend(matchers.into_iter().map(|m| (m.name, m.value)));
    }
    Ok(Labels::from_pairs(pairs))
}

/// Splits values at spaces, but not within `{{…}}`.
fn tokens(text: &str) -> Result<Vec<&str>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut at = 0;
        loop {
            let part = &rest[at..];
            let stop = part.find(|c: char| c.is_whitespace()).unwrap_or(part.len());
            match part.find("{{") {
                Some(open) if open < stop => {
                    let close = part.find("}}").ok_or_else(|| format!("{part:?} is not closed"))?;
                    at += close + 2;
                }
                _ => {
                    at += stop;
                    break;
                }
            }
        }
        out.push(&rest[..at]);
        rest = rest[at..].trim_start();
    }
    Ok(out)
}

fn expand(token: &str, out: &mut Vec<Option<Value>>) -> Result<(), String> {
    if token.contains("{{") {
        return expand_histogram(token, out);
    }
    let (body, times) = repeated(token)?;
    if body == "_" {
        out.extend((0..times.unwrap_or(1)).map(|_| None));
        return Ok(());
    }
    let times = times.unwrap_or(0);
    if body == "stale" {
        out.extend((0..=times).map(|_| Some(Value::Float(stale_nan()))));
        return Ok(());
    }
    let split = number_length(body);
    let mut value = float(&body[..split])?;
    let increment = if split == body.len() { 0.0 } else { float(&body[split..])? };
    for _ in 0..=times {
        out.push(Some(Value::Float(value)));
        value += increment;
    }
    Ok(())
}

/// Splits off `x5`.
fn repeated(token: &str) -> Result<(&str, Option<usize>), String> {
    let Some((body, times)) = token.rsplit_once('x') else { return Ok((token, None)) };
    let times: usize = times.parse().map_err(|_| format!("{token:?} is repeated by no number"))?;
    if times > MAX_VALUES {
        return Err(format!("{token:?} stands for more than {MAX_VALUES} values"));
    }
    Ok((body, Some(times)))
}

/// Length of the number at the start.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    (1..bytes.len())
        .find(|at| matches!(bytes[*at], b'+' | b'-') && !matches!(bytes[at - 1], b'e' | b'E'))
        .unwrap_or(bytes.len())
}

fn expand_histogram(token: &str, out: &mut Vec<Option<Value>>) -> Result<(), String> {
    let close = token.find("}}").ok_or_else(|| format!("{token:?} is not closed"))?;
    let base = parse_histogram(token[..close].trim_start_matches("{{"))?;
    let rest = &token[close + 2..];
    let (change, times) = if rest.is_empty() {
        ("", 0)
    } else {
        let (change, times) = repeated(rest)?;
        (change, times.unwrap_or(0))
    };
    let increment = match change.get(..1) {
        None => None,
        Some(sign @ ("+" | "-")) => {
            let text = change[1..]
                .strip_prefix("{{")
                .and_then(|t| t.strip_suffix("}}"))
                .ok_or_else(|| format!("{change:?} is not a histogram"))?;
            Some((sign, parse_histogram(text)?))
        }
        Some(_) => return Err(format!("{token:?} cannot be read")),
    };
    let mut current: Histogram = base;
    for _ in 0..=times {
        out.push(Some(Value::Histogram(current.clone().into())));
        if let Some((sign, increment)) = &increment {
            let done = if *sign == "+" {
                ops::add(&mut current, increment)
            } else {
                ops::subtract(&mut current, increment)
            };
            done.map_err(|_| "exponential and custom buckets cannot be added".to_owned())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(line: &str) -> Vec<String> {
        let line = parse(line).expect("a readable line");
        line.values
            .iter()
            .map(|v| match v {
                None => "_".to_owned(),
                Some(Value::Float(v)) if v.to_bits() == stale_nan().to_bits() => "stale".to_owned(),
                Some(Value::Float(v)) => v.to_string(),
                Some(Value::Histogram(h)) => format!("{}/{}", h.sum, h.count),
            })
            .collect()
    }

    #[test]
    fn values_are_expanded() {
        assert_eq!(
            floats("a 1 2+1x2 _x2 stale -1-1x1 3x1"),
            ["1", "2", "3", "4", "_", "_", "stale", "-1", "-2", "3", "3"]
        );
        assert_eq!(floats(r#"a{b="x y}"} 1e-2+1e1x1 NaN -Inf"#), ["0.01", "10.01", "NaN", "-inf"]);
        assert_eq!(floats("a {{sum:1 count:2}}+{{sum:1 count:1}}x2 {{}}"), ["1/2", "2/3", "3/4", "0/0"]);
    }

    #[test]
    fn metrics_are_read() {
        let labels = |line: &str| parse(line).expect("a readable line").labels.to_string();
        assert_eq!(labels("up 1"), "up");
        assert_eq!(labels(r#"{__name__="up", job="a b"} 1"#), r#"up{job="a b"}"#);
        assert_eq!(labels("{} 1"), "{}");
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["a{b=\"c\" 1", "a 1x", "a one", "a {{count:1", "a 1x99999999999", "a {{count:x}}"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
