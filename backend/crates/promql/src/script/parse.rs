//! The commands of a script.

use model::{TimestampMs, parse_duration};

use crate::script::series::{self, Line};

/// A command and the line it begins on, from 1.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Clear,
    Load {
        interval_ms: i64,
        with_nhcb: bool,
        series: Vec<Line>,
    },
    Eval(Box<Eval>),
    /// Something that cannot be read; the script goes on after it.
    Broken(String),
}

/// An evaluation and what is expected of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Eval {
    pub(super) query: String,
    pub(super) start: TimestampMs,
    /// End and step of a range query.
    pub(super) range: Option<(TimestampMs, i64)>,
    pub(super) ordered: bool,
    pub(super) fail: Option<Text>,
    pub(super) warn: Option<Vec<Text>>,
    pub(super) info: Option<Vec<Text>>,
    pub(super) no_warn: bool,
    pub(super) no_info: bool,
    pub(super) scalar: Option<f64>,
    pub(super) string: Option<String>,
    /// Start and step of an expected range vector.
    pub(super) range_vector: Option<(TimestampMs, i64)>,
    pub(super) series: Vec<Line>,
}

/// An expected message.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Any,
    Exactly(String),
    Regex(String),
}

/// Reads a script. Lines that begin with `#` count as empty; an empty line ends a block.
pub(super) fn parse(text: &str) -> Vec<Command> {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| {
            let line = line.trim();
            if line.starts_with('#') { "" } else { line }
        })
        .collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let first = at;
        at += 1;
        if lines[first].is_empty() {
            continue;
        }
        let word = lines[first].split_whitespace().next().unwrap_or("");
        let block = word.starts_with("load") || word.starts_with("eval");
        while block && at < lines.len() && !lines[at].is_empty() {
            at += 1;
        }
        let body = &lines[first + 1..at];
        let kind = if word == "clear" {
            Ok(Kind::Clear)
        } else if word.starts_with("load") {
            load(lines[first], body)
        } else if word.starts_with("eval") {
            eval(lines[first], body).map(|eval| Kind::Eval(Box::new(eval)))
        } else {
            Err(format!("unknown command {word:?}"))
        };
        commands.push(Command { line: first + 1, kind: kind.unwrap_or_else(Kind::Broken) });
    }
    commands
}

fn load(head: &str, body: &[&str]) -> Result<Kind, String> {
    let (word, interval) =
        head.split_once(char::is_whitespace).ok_or("load needs an interval, such as `load 5m`")?;
    let with_nhcb = match word {
        "load" => false,
        "load_with_nhcb" => true,
        other => return Err(format!("unknown command {other:?}")),
    };
    let interval_ms = time(interval.trim())?;
    let series = body.iter().map(|line| series::parse(line)).collect::<Result<_, _>>()?;
    Ok(Kind::Load { interval_ms, with_nhcb, series })
}

fn eval(head: &str, body: &[&str]) -> Result<Eval, String> {
    let (word, rest) = cut(head);
    let (kind, rest) = cut(rest);
    let mut eval = Eval::default();
    match word {
        "eval" => {}
        "eval_fail" => eval.fail = Some(Text::Any),
        "eval_warn" => eval.warn = Some(vec![Text::Any]),
        "eval_info" => eval.info = Some(vec![Text::Any]),
        "eval_ordered" => eval.ordered = true,
        other => return Err(format!("unknown command {other:?}")),
    }
    eval.query = match kind {
        "instant" => match cut(rest) {
            ("at", rest) => {
                let (at, query) = cut(rest);
                eval.start = time(at)?;
                query.to_owned()
            }
            _ => rest.to_owned(),
        },
        "range" => {
            let (start, end, step, query) = bounds(rest)?;
            eval.start = start;
            eval.range = Some((end, step));
            query.to_owned()
        }
        other => return Err(format!("expected `instant` or `range` after {word:?}, got {other:?}")),
    };
    for line in body {
        expectation(&mut eval, line)?;
    }
    Ok(eval)
}

/// Reads `from A to B step C rest`.
fn bounds(text: &str) -> Result<(TimestampMs, TimestampMs, i64, &str), String> {
    let mut values = [0; 3];
    let mut rest = text;
    for (value, keyword) in values.iter_mut().zip(["from", "to", "step"]) {
        let (word, after) = cut(rest);
        if word != keyword {
            return Err(format!("expected {keyword:?}, got {word:?}"));
        }
        let (text, after) = cut(after);
        *value = time(text)?;
        rest = after;
    }
    Ok((values[0], values[1], values[2], rest))
}

fn expectation(eval: &mut Eval, line: &str) -> Result<(), String> {
    if let Some(rest) = line.strip_prefix("expect ") {
        return expect_line(eval, rest.trim());
    }
    if let Some(message) = line.strip_prefix("expected_fail_message ") {
        eval.fail = Some(Text::Exactly(message.trim().to_owned()));
        return Ok(());
    }
    if let Some(pattern) = line.strip_prefix("expected_fail_regexp ") {
        eval.fail = Some(Text::Regex(pattern.trim().to_owned()));
        return Ok(());
    }
    if eval.series.is_empty() && !line.contains(char::is_whitespace) && line.parse::<f64>().is_ok() {
        eval.scalar = line.parse().ok();
        return Ok(());
    }
    eval.series.push(series::parse(line)?);
    Ok(())
}

fn expect_line(eval: &mut Eval, line: &str) -> Result<(), String> {
    let (word, rest) = cut(line);
    let text = || -> Result<Text, String> {
        if let Some(message) = rest.strip_prefix("msg:") {
            Ok(Text::Exactly(message.trim().to_owned()))
        } else if let Some(pattern) = rest.strip_prefix("regex:") {
            Ok(Text::Regex(pattern.trim().to_owned()))
        } else if rest.is_empty() {
            Ok(Text::Any)
        } else {
            Err(format!("expected `msg:` or `regex:` after `expect {word}`"))
        }
    };
    match word {
        "ordered" => eval.ordered = true,
        "fail" => eval.fail = Some(text()?),
        "warn" => eval.warn.get_or_insert_default().push(text()?),
        "info" => eval.info.get_or_insert_default().push(text()?),
        "no_warn" => eval.no_warn = true,
        "no_info" => eval.no_info = true,
        "string" => {
            let parsed = promql_syntax::parse(rest, &promql_syntax::ParseOptions::default())
                .map_err(|error| error.to_string())?;
            match parsed.kind {
                promql_syntax::ast::ExprKind::String(value) => eval.string = Some(value),
                _ => return Err(format!("{rest} is not a string literal")),
            }
        }
        "range" => {
            let rest = rest.strip_prefix("vector").ok_or("expected `expect range vector from …`")?;
            let (start, _, step, _) = bounds(rest.trim_start())?;
            eval.range_vector = Some((start, step));
        }
        other => return Err(format!("unknown expectation {other:?}")),
    }
    Ok(())
}

/// The first word and what follows it.
fn cut(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

/// A time in milliseconds since the start of the script.
fn time(text: &str) -> Result<i64, String> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    parse_duration(digits).map(|ms| sign * ms).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_at_empty_lines_and_broken_ones_stand_alone() {
        let script = "load 5m\n  a 1 2\n\nnonsense\neval instant at 5m a\n  expect no_info\n  a 2\n# done\neval range from 0 to 1m step 30s a\n  {} 1x2\n";
        let commands = parse(script);
        assert_eq!(commands.iter().map(|c| c.line).collect::<Vec<_>>(), [1, 4, 5, 9]);
        assert!(matches!(&commands[1].kind, Kind::Broken(why) if why.contains("nonsense")));
        assert!(matches!(&commands[2].kind, Kind::Eval(e) if e.no_info && e.start == 300_000));
        assert!(matches!(&commands[3].kind, Kind::Eval(e) if e.range == Some((60_000, 30_000))));
    }
}
