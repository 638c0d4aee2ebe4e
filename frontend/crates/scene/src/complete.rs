//! What may stand at the cursor of a query, and which candidates fit what is typed.

use promql_syntax::{Keyword, Token, TokenKind, tokenize};

use crate::{highlight, interpolate, natural, order};

/// What may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// A metric, function or aggregation.
    Operand,
    /// `by`, `offset`, `and` …
    Operator,
    /// A label name, of the series of a metric ("" for any).
    Label {
        /// Metric name or "".
        metric: String,
    },
    /// A value of a label.
    Value {
        /// Label name.
        label: String,
        /// Metric name or "".
        metric: String,
    },
    /// A duration.
    Duration,
    /// Nothing that we could know.
    Nothing,
}

/// What may stand at the cursor, and what is typed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// What.
    pub want: Want,
    /// Where the typed part begins; it ends at the cursor.
    pub start: usize,
    /// The typed part.
    pub prefix: String,
}

/// Looks at the query up to the cursor (a byte offset, moved to a character's border).
#[must_use]
pub fn context(query: &str, cursor: usize) -> Context {
    let mut cursor = cursor.min(query.len());
    while !query.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &query[..cursor];
    let masked = highlight::mask(before, &interpolate::references(before));
    let tokens = tokenize(&masked);
    let word_start = before
        .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let nothing = Context { want: Want::Nothing, start: cursor, prefix: String::new() };
    if before[..word_start].ends_with('$') {
        return nothing;
    }
    // The token that is being typed does not count for what stands before it.
    let typed = tokens.last().filter(|t| t.span.end as usize == cursor).copied();
    if let Some(token) = typed {
        match token.kind {
            TokenKind::Comment => return nothing,
            TokenKind::String => return nothing,
            TokenKind::Error(_) if starts_string(token.text(&masked)) => {
                let start = token.span.start as usize + 1;
                let done = &tokens[..tokens.len() - 1];
                return match value_label(done, &masked) {
                    Some((label, metric)) => Context {
                        want: Want::Value { label, metric },
                        start,
                        prefix: before[start..].to_owned(),
                    },
                    None => nothing,
                };
            }
            _ => {}
        }
    }
    let done: Vec<Token> = tokens.iter().copied().filter(|t| (t.span.end as usize) <= word_start).collect();
    let prefix = before[word_start..].to_owned();
    Context { want: want(&done, &masked), start: word_start, prefix }
}

fn starts_string(text: &str) -> bool {
    text.starts_with(['"', '\'', '`'])
}

/// What is open at the end of the tokens.
#[derive(Clone)]
enum Open {
    Braces(String),
    Brackets,
    Labels,
    Paren,
}

fn want(tokens: &[Token], text: &str) -> Want {
    let mut open: Vec<Open> = Vec::new();
    let mut metrics: Vec<&str> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| tokens[i]);
        match token.kind {
            TokenKind::Metric => metrics.push(token.text(text)),
            TokenKind::LeftBrace => {
                let metric = before.filter(|t| t.kind == TokenKind::Metric).map_or("", |t| t.text(text));
                open.push(Open::Braces(metric.to_owned()));
            }
            TokenKind::LeftBracket => open.push(Open::Brackets),
            TokenKind::LeftParen => open.push(match before.map(|t| t.kind) {
                Some(TokenKind::Keyword(
                    Keyword::By
                    | Keyword::Without
                    | Keyword::On
                    | Keyword::Ignoring
                    | Keyword::GroupLeft
                    | Keyword::GroupRight,
                )) => Open::Labels,
                _ => Open::Paren,
            }),
            TokenKind::RightBrace | TokenKind::RightBracket | TokenKind::RightParen => {
                open.pop();
            }
            _ => {}
        }
    }
    let last = tokens.last().map(|t| t.kind);
    match (open.last(), last) {
        (Some(Open::Braces(metric)), Some(TokenKind::LeftBrace | TokenKind::Comma)) => {
            Want::Label { metric: metric.clone() }
        }
        (Some(Open::Braces(_)), _) => Want::Nothing,
        (Some(Open::Brackets), _) => Want::Duration,
        (Some(Open::Labels), _) => {
            Want::Label { metric: metrics.last().map_or(String::new(), |m| (*m).to_owned()) }
        }
        (_, Some(TokenKind::Keyword(Keyword::Offset))) => Want::Duration,
        (
            _,
            Some(
                TokenKind::Metric
                | TokenKind::RightBrace
                | TokenKind::RightBracket
                | TokenKind::RightParen
                | TokenKind::Number
                | TokenKind::Duration,
            ),
        ) => Want::Operator,
        (_, Some(TokenKind::Aggregation(_))) => Want::Operator,
        _ => Want::Operand,
    }
}

/// The label whose value is being typed, and the metric before the braces.
fn value_label(tokens: &[Token], text: &str) -> Option<(String, String)> {
    let [.., label, operator] = tokens else { return None };
    if label.kind != TokenKind::Label || !matches!(operator.kind, TokenKind::MatchOperator(_)) {
        return None;
    }
    let brace = tokens.iter().rposition(|t| t.kind == TokenKind::LeftBrace)?;
    let metric = brace.checked_sub(1).map(|i| tokens[i]).filter(|t| t.kind == TokenKind::Metric);
    Some((label.text(text).to_owned(), metric.map_or(String::new(), |t| t.text(text).to_owned())))
}

/// Words that may stand after an operand.
pub const OPERATORS: &[(&str, &str)] = &[
    ("and", "Keeps what is on both sides"),
    ("bool", "Compares to 0 or 1 instead of filtering"),
    ("by", "Groups by these labels"),
    ("group_left", "Many on the left match one on the right"),
    ("group_right", "One on the left matches many on the right"),
    ("ignoring", "Matches by all labels but these"),
    ("offset", "Looks further back"),
    ("on", "Matches by these labels"),
    ("or", "Adds what is only on the right"),
    ("unless", "Keeps what is not on the right"),
    ("without", "Groups by all labels but these"),
];

/// Durations to offer.
pub const DURATIONS: &[(&str, &str)] = &[
    ("$__rate_interval", "Wide enough for a rate at this step"),
    ("$__interval", "The step"),
    ("$__range", "The whole range"),
    ("1m", ""),
    ("5m", ""),
    ("10m", ""),
    ("30m", ""),
    ("1h", ""),
    ("1d", ""),
];

/// Indexes of the candidates that fit, best first: those that begin with what is typed, then those that
/// contain it; shorter before longer.
#[must_use]
pub fn rank(candidates: &[&str], prefix: &str, limit: usize) -> Vec<usize> {
    let needle = prefix.to_ascii_lowercase();
    let mut hits: Vec<(bool, usize, usize)> = Vec::new();
    for (i, candidate) in candidates.iter().enumerate() {
        let text = candidate.to_ascii_lowercase();
        if text.starts_with(&needle) {
            hits.push((false, text.len(), i));
        } else if needle.len() > 1 && text.contains(&needle) {
            hits.push((true, text.len(), i));
        }
    }
    order::sort_by(&mut hits, |a, b| {
        (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| natural::compare(candidates[a.2], candidates[b.2]))
    });
    hits.into_iter().take(limit).map(|(_, _, i)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The cursor is at `|`.
    fn at(query: &str) -> (Want, String) {
        let cursor = query.find('|').unwrap();
        let c = context(&query.replace('|', ""), cursor);
        (c.want, c.prefix)
    }

    fn label(metric: &str) -> Want {
        Want::Label { metric: metric.into() }
    }

    #[test]
    fn what_may_stand_where() {
        assert_eq!(at("|"), (Want::Operand, "".into()));
        assert_eq!(at("ra|"), (Want::Operand, "ra".into()));
        assert_eq!(at("rate(htt|"), (Want::Operand, "htt".into()));
        assert_eq!(at("rate(htt|[5m])"), (Want::Operand, "htt".into()));
        assert_eq!(at("up{|"), (label("up"), "".into()));
        assert_eq!(at("up{jo|}"), (label("up"), "jo".into()));
        assert_eq!(at("up{job=\"a\", in|"), (label("up"), "in".into()));
        assert_eq!(at("up{job|=\"a\"}"), (label("up"), "job".into()));
        assert_eq!(at("up{job |"), (Want::Nothing, "".into()));
        let value = |l: &str, m: &str| Want::Value { label: l.into(), metric: m.into() };
        assert_eq!(at("up{job=\"no|"), (value("job", "up"), "no".into()));
        assert_eq!(at("up{job=\"no|\"}"), (value("job", "up"), "no".into()));
        assert_eq!(at("{job=~\"|"), (value("job", ""), "".into()));
        assert_eq!(at("up{job=\"no\"|"), (Want::Nothing, "".into()));
        assert_eq!(at("sum by (|"), (label(""), "".into()));
        assert_eq!(at("sum(up) by (jo|"), (label("up"), "jo".into()));
        assert_eq!(at("rate(x[|"), (Want::Duration, "".into()));
        assert_eq!(at("rate(x[$__r|"), (Want::Nothing, "".into()));
        assert_eq!(at("x offset |"), (Want::Duration, "".into()));
        assert_eq!(at("sum(up) |"), (Want::Operator, "".into()));
        assert_eq!(at("sum(up) b|"), (Want::Operator, "b".into()));
        assert_eq!(at("up > |"), (Want::Operand, "".into()));
        assert_eq!(at("up # com|"), (Want::Nothing, "".into()));
        assert_eq!(at("label_replace(up, \"a|"), (Want::Nothing, "".into()));
    }

    #[test]
    fn best_candidates_first() {
        let names = ["http_requests_total", "rate", "irate", "rate_limit"];
        assert_eq!(rank(&names, "rate", 9), [1, 3, 2]);
        assert_eq!(rank(&names, "r", 9), [1, 3]);
        assert_eq!(rank(&names, "", 2), [1, 2]);
    }

    proptest! {
        #[test]
        fn any_cursor_is_survived(query in "[a-z${}()\\[\\]\"' ,=~é:0-9#]{0,30}", cursor in 0usize..40) {
            let c = context(&query, cursor);
            prop_assert!(query.is_char_boundary(c.start) && c.start <= query.len());
        }
    }
}
