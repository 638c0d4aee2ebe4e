//! Tokens and what they are taken for, on finished and unfinished queries.

use promql_syntax::{TokenKind, tokenize};
use proptest::prelude::*;

/// `class:text` of each token.
fn classes(query: &str) -> String {
    let tokens = tokenize(query);
    tokens
        .iter()
        .map(|t| format!("{}:{}", t.kind.class().as_str(), t.text(query)))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_whole_query() {
    insta::assert_snapshot!(
        classes(r#"histogram_quantile(0.9, sum by (le, job) (rate(x_bucket{job=~"a.*", pod!=""}[5m:1m] offset -1h))) > bool 1 # slow"#),
        @r###"function:histogram_quantile punctuation:( number:0.9 punctuation:, aggregation:sum keyword:by punctuation:( label:le punctuation:, label:job punctuation:) punctuation:( function:rate punctuation:( metric:x_bucket punctuation:{ label:job operator:=~ string:"a.*" punctuation:, label:pod operator:!= string:"" punctuation:} punctuation:[ duration:5m punctuation:: duration:1m punctuation:] keyword:offset operator:- duration:1h punctuation:) punctuation:) punctuation:) operator:> keyword:bool number:1 comment:# slow"###
    );
}

#[test]
fn a_word_is_what_its_place_makes_it() {
    for (query, want) in [
        ("sum", "metric:sum"),
        ("sum(x)", "aggregation:sum punctuation:( metric:x punctuation:)"),
        ("sum # (\n (x)", "aggregation:sum comment:# ( punctuation:( metric:x punctuation:)"),
        (
            "SUM BY (by) (by)",
            "aggregation:SUM keyword:BY punctuation:( label:by punctuation:) punctuation:( metric:by punctuation:)",
        ),
        ("and and and", "metric:and keyword:and metric:and"),
        ("offset offset 5m", "metric:offset keyword:offset duration:5m"),
        ("x offset step()", "metric:x keyword:offset function:step punctuation:( punctuation:)"),
        ("step + step()", "metric:step operator:+ function:step punctuation:( punctuation:)"),
        (
            "x @ start() + start",
            "metric:x operator:@ function:start punctuation:( punctuation:) operator:+ metric:start",
        ),
        ("fill + fill(1)", "metric:fill operator:+ keyword:fill punctuation:( number:1 punctuation:)"),
        ("x{sum=\"a\"}", "metric:x punctuation:{ label:sum operator:= string:\"a\" punctuation:}"),
        ("a:b", "metric:a:b"),
        (
            "x[Step()+1]",
            "metric:x punctuation:[ function:Step punctuation:( punctuation:) operator:+ number:1 punctuation:]",
        ),
        ("a >/ 1 </ b", "metric:a operator:>/ number:1 operator:</ metric:b"),
        (
            "a + on(x) group_left b",
            "metric:a operator:+ keyword:on punctuation:( label:x punctuation:) keyword:group_left metric:b",
        ),
        ("x smoothed", "metric:x keyword:smoothed"),
        ("iNF + nan", "number:iNF operator:+ number:nan"),
    ] {
        assert_eq!(classes(query), want, "{query}");
    }
}

#[test]
fn wrong_parts_do_not_spoil_the_rest() {
    for (query, want) in [
        ("x $ y", "metric:x error:$ metric:y"),
        ("\"a\\qb\" + x", "error:\"a\\qb\" operator:+ metric:x"),
        ("\"open\n+ x", "error:\"open operator:+ metric:x"),
        ("x{a=\"b", "metric:x punctuation:{ label:a operator:= error:\"b"),
        ("rate(x[5m", "function:rate punctuation:( metric:x punctuation:[ duration:5m"),
        ("5x + 1", "error:5x operator:+ number:1"),
        ("x) + y", "metric:x error:) operator:+ metric:y"),
        ("x{;} + y", "metric:x punctuation:{ error:; punctuation:} operator:+ metric:y"),
        ("é + x", "error:é operator:+ metric:x"),
        ("x[(5m] + y", "metric:x punctuation:[ punctuation:( duration:5m punctuation:] operator:+ metric:y"),
    ] {
        assert_eq!(classes(query), want, "{query}");
    }
}

proptest! {
    #[test]
    fn any_text_is_covered_in_order_except_for_space(text in "\\PC{0,60}") {
        let mut end = 0;
        for token in tokenize(&text) {
            let (start, stop) = (token.span.start as usize, token.span.end as usize);
            prop_assert!(end <= start && start < stop, "in order, not empty");
            prop_assert!(text[end..start].trim_matches([' ', '\t', '\n', '\r']).is_empty(), "nothing left out");
            end = stop;
        }
        prop_assert!(text[end..].trim_matches([' ', '\t', '\n', '\r']).is_empty());
    }

    #[test]
    fn brackets_that_close_have_been_opened(text in "[](){}\\[x,:\"5m ]{0,40}") {
        let mut parens = 0_i64;
        let mut brackets = 0_i64;
        let mut braces = 0_i64;
        for token in tokenize(&text) {
            match token.kind {
                TokenKind::LeftParen => parens += 1,
                TokenKind::RightParen => parens -= 1,
                TokenKind::LeftBracket => brackets += 1,
                TokenKind::RightBracket => brackets -= 1,
                TokenKind::LeftBrace => braces += 1,
                TokenKind::RightBrace => braces -= 1,
                _ => {}
            }
            prop_assert!(parens >= 0 && brackets >= 0 && braces >= 0);
        }
    }
}
