//! Colours for a query: the lexer's classes, and variables, which the lexer does not know.

use promql_syntax::TokenClass;

use crate::interpolate;

/// A piece of a query and the name of its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// `function`, `metric`, `label` …, `variable`, or "" for space.
    pub class: &'static str,
}

/// Longest query that is coloured, in bytes.
const QUERY_BYTES_MAX: usize = 20_000;

/// The pieces of a query, without gaps.
#[must_use]
pub fn pieces(query: &str) -> Vec<Piece> {
    if query.len() > QUERY_BYTES_MAX {
        return vec![Piece { start: 0, end: query.len(), class: "" }];
    }
    let references = interpolate::references(query);
    let masked = mask(query, &references);
    let mut out: Vec<Piece> = Vec::new();
    let mut at = 0;
    let push = |out: &mut Vec<Piece>, start: usize, end: usize, class: &'static str| {
        if start < end {
            out.push(Piece { start, end, class });
        }
    };
    for token in promql_syntax::tokenize(&masked) {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        push(&mut out, at, start, "");
        // A variable within the token (in a string, or the token itself) has its own colour.
        let class = name(token.kind.class());
        let mut from = start;
        for (a, b) in references.iter().copied().filter(|(a, b)| *a >= start && *b <= end) {
            push(&mut out, from, a, class);
            push(&mut out, a, b, "variable");
            from = b;
        }
        push(&mut out, from, end, class);
        at = end;
    }
    push(&mut out, at, query.len(), "");
    out
}

/// The query with each reference replaced by something of the same length that the lexer understands: a
/// duration after `[` or `:`, else a word.
pub(crate) fn mask(query: &str, references: &[(usize, usize)]) -> String {
    let mut out = String::with_capacity(query.len());
    let mut at = 0;
    for (start, end) in references.iter().copied() {
        out.push_str(&query[at..start]);
        let in_brackets = out.trim_end().ends_with(['[', ':']);
        let length = end - start;
        for i in 0..length {
            out.push(match (in_brackets, i + 1 == length) {
                (true, false) => '1',
                (true, true) => 's',
                (false, _) => 'x',
            });
        }
        at = end;
    }
    out.push_str(&query[at..]);
    out
}

fn name(class: TokenClass) -> &'static str {
    match class {
        TokenClass::Aggregation | TokenClass::Keyword => "keyword",
        // An unfinished query is not painted red while it is typed; the server's error is shown instead.
        TokenClass::Error => "operator",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(query: &str) -> String {
        pieces(query)
            .iter()
            .filter(|p| !p.class.is_empty())
            .map(|p| format!("{}:{}", &query[p.start..p.end], p.class))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn tokens_and_variables() {
        assert_eq!(
            show(r#"sum by (job) (rate(http_total{a="$b"}[$__rate_interval])) > 1"#),
            "sum:keyword by:keyword (:punctuation job:label ):punctuation (:punctuation rate:function \
             (:punctuation http_total:metric {:punctuation a:label =:operator \":string $b:variable \":string \
             }:punctuation [:punctuation $__rate_interval:variable ]:punctuation ):punctuation ):punctuation \
             >:operator 1:number"
        );
    }

    proptest! {
        #[test]
        fn pieces_cover_the_query(query in "[a-z${}()\\[\\]\"' ,=~é:0-9#]{0,40}") {
            let mut at = 0;
            for p in pieces(&query) {
                prop_assert_eq!(p.start, at);
                prop_assert!(query.is_char_boundary(p.end));
                at = p.end;
            }
            prop_assert_eq!(at, query.len());
        }
    }
}
