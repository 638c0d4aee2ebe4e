//! Deep, long and senseless input: an answer, quickly, on a thread's usual stack.
#![cfg(feature = "parse")]

mod common;

use std::time::Duration;

use promql_syntax::{MAX_DEPTH, MAX_QUERY_BYTES, ParseOptions, parse, pretty, tokenize};
use proptest::prelude::*;

fn nested(depth: usize, open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
}

/// The ways to make a deep tree: how many levels, and the query.
fn deep(depth: usize) -> Vec<String> {
    vec![
        nested(depth, "(", "x", ")"),
        nested(depth, "abs(", "x", ")"),
        nested(depth, "sum by (a) (", "x", ")"),
        nested(depth, "-", "x", ""),
        nested(depth, "x or ", "x", ""),
        nested(depth, "x ^ ", "x", ""),
        nested(depth, "x + (", "x", ")"),
        nested(depth, "-(", "x", ")"),
        format!("x{}", "[5m:1m]".repeat(depth)),
        format!("x[{}]", nested(depth, "(", "5m", ")")),
        format!("x[{}]", nested(depth, "step() + ", "5m", "")),
        format!("x[{}]", nested(depth, "5m ^ ", "5m", "")),
        format!("x[{}]", nested(depth, "min_of(1m, ", "5m", ")")),
        format!("x offset {}", nested(depth, "(-", "5m", ")")),
    ]
}

#[test]
fn as_deep_as_allowed_fits_the_stack() {
    for query in deep(MAX_DEPTH / 2 - 3) {
        // Subqueries of subqueries are no vectors: that is said, not overflowed.
        match parse(&query, &ParseOptions::all_features()) {
            Ok(tree) => {
                assert!(!pretty(&tree).is_empty());
                assert_eq!(tree.clone(), tree);
                assert!(tree.walk().count() > 0);
            }
            Err(error) => assert!(error.message.contains("subquery is only allowed"), "{error}"),
        }
    }
}

#[test]
fn deeper_is_refused() {
    for depth in [MAX_DEPTH + 1, 20_000] {
        for query in deep(depth) {
            let error = parse(&query, &ParseOptions::all_features()).expect_err("too deep");
            let long = error.message.contains("bytes") && query.len() > MAX_QUERY_BYTES;
            assert!(error.message.contains("nested deeper") || long, "{error}");
        }
    }
}

#[test]
fn longest_queries_are_answered_in_time() {
    let fill = |piece: &str| piece.repeat(MAX_QUERY_BYTES / piece.len());
    let wide = format!("label_join(x, \"a\", \"b\"{})", ", \"c\"".repeat(MAX_QUERY_BYTES / 5 - 10));
    let matchers = format!("x{{{}}}", "a=\"b\",".repeat(MAX_QUERY_BYTES / 6 - 10));
    let queries = [
        fill("("),
        fill("x+"),
        fill("[("),
        fill("x{"),
        fill("\""),
        fill("#\n"),
        fill("x #\n"),
        fill("sum "),
        fill("x[5m]"),
        fill("1,"),
        fill("é"),
        wide,
        matchers,
    ];
    for query in &queries {
        let start = std::time::Instant::now();
        let _ = parse(query, &ParseOptions::all_features());
        let _ = tokenize(query);
        let took = start.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "{took:?} for {}…",
            &query.chars().take(20).collect::<String>()
        );
    }
    let error = parse(&"x".repeat(MAX_QUERY_BYTES + 1), &ParseOptions::default()).expect_err("too long");
    assert!(error.message.contains("at most"), "{error}");
}

/// Pieces that make up queries, and a few that do not.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "x",
        "up",
        "a:b",
        "1",
        "0x1f",
        "5m",
        "1h30m",
        "Inf",
        "\"s\"",
        "`r`",
        "'q'",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "=",
        "!=",
        "=~",
        "!~",
        "==",
        "<",
        ">=",
        "</",
        ">/",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "@",
        "#",
        "\n",
        "and",
        "or",
        "unless",
        "atan2",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "bool",
        "offset",
        "fill",
        "fill_left",
        "anchored",
        "smoothed",
        "start()",
        "end()",
        "step()",
        "range()",
        "min_of",
        "sum",
        "topk",
        "rate",
        "info",
        "label_join",
        "time()",
        "a=\"b\"",
        "é",
        "$",
        "\\",
        "\"",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_soup_of_tokens_gets_an_answer(pieces in proptest::collection::vec(piece(), 0..25), spaced in any::<bool>()) {
        let query = if spaced { pieces.join(" ") } else { pieces.concat() };
        match parse(&query, &ParseOptions::all_features()) {
            Ok(tree) => {
                common::assert_reads_back(&tree);
                common::assert_spans(&query, &tree);
            }
            Err(error) => {
                prop_assert!(!error.message.starts_with("the query cannot be read"), "{}: {}", query, error);
                prop_assert!((error.span.start as usize) <= query.len() && (error.span.end as usize) <= query.len());
            }
        }
    }

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,80}") {
        let _ = parse(&text, &ParseOptions::all_features());
    }
}
