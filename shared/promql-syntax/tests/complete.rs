//! What is asked for at a cursor, written as `|` in the query.

use model::{MatchOp, Matcher};
use promql_syntax::complete::{Completion, Context, SelectorHint, complete};
use proptest::prelude::*;

fn at(marked: &str) -> Completion {
    let cursor = marked.find('|').expect("a cursor");
    complete(&marked.replacen('|', "", 1), cursor)
}

/// What is replaced, with the prefix before the cursor, and the context.
fn ask(marked: &str) -> (String, String, Context) {
    let completion = at(marked);
    let text = marked.replacen('|', "", 1);
    (completion.span.of(&text).to_owned(), completion.prefix, completion.context)
}

fn hint(metric: &str, matchers: &[(&str, MatchOp, &str)]) -> SelectorHint {
    SelectorHint {
        metric: (!metric.is_empty()).then(|| metric.to_owned()),
        matchers: matchers.iter().map(|(n, op, v)| Matcher::new(*n, *op, *v)).collect(),
    }
}

#[test]
fn operands() {
    for (query, replaced, prefix) in [
        ("|", "", ""),
        ("ra|", "ra", "ra"),
        ("r|ate(x[5m])", "rate", "r"),
        ("rate(|", "", ""),
        ("rate(http_|[5m])", "http_", "http_"),
        ("sum by (job) (ht|)", "ht", "ht"),
        ("clamp(x, |", "", ""),
        ("-|", "", ""),
        ("a + on(x) group_left (y) b|", "b", "b"),
    ] {
        let (span, typed, context) = ask(query);
        let operand = matches!(context, Context::Operand | Context::OperandOrModifier { .. });
        assert!(operand, "{query}: {context:?}");
        assert_eq!((span.as_str(), typed.as_str()), (replaced, prefix), "{query}");
    }
}

#[test]
fn operators_and_their_modifiers() {
    assert_eq!(ask("x |").2, Context::Operator { grouping: false });
    assert_eq!(ask("rate(x[5m]) of|"), ("of".into(), "of".into(), Context::Operator { grouping: false }));
    assert_eq!(ask("sum(x) |").2, Context::Operator { grouping: true });
    assert_eq!(ask("sum b|").2, Context::Operator { grouping: false });
    let after = |query: &str| match ask(query).2 {
        Context::OperandOrModifier { may_be_bool, may_group, .. } => (may_be_bool, may_group),
        other => panic!("{query}: {other:?}"),
    };
    assert_eq!(after("x > |"), (true, false));
    assert_eq!(after("x > bool |"), (false, false));
    assert_eq!(after("x + on(a) |"), (false, true));
    assert_eq!(after("x and on(a) |"), (false, false));
    assert_eq!(after("x + on(a) group_left(b) |"), (false, false));
    assert_eq!(ask("x + -|").2, Context::Operand);
}

#[test]
fn label_names() {
    let job = ("job", MatchOp::Equal, "api");
    assert_eq!(ask("up{|").2, Context::LabelName(hint("up", &[])));
    assert_eq!(ask("up{|}").2, Context::LabelName(hint("up", &[])));
    assert_eq!(
        ask("up{job=\"api\", in|}"),
        ("in".into(), "in".into(), Context::LabelName(hint("up", &[job])))
    );
    assert_eq!(ask("up{in|, job=\"api\"}").2, Context::LabelName(hint("up", &[job])));
    assert_eq!(ask("{__name__=\"up\", |}").2, Context::LabelName(hint("up", &[])));
    assert_eq!(ask("{\"my.metric\", \"k8s.|").2, Context::LabelName(hint("my.metric", &[])));
    assert_eq!(ask("{\"my.metric\", \"k8s.|").1, "k8s.");
    assert_eq!(ask("up{job |").2, Context::Nothing);
}

#[test]
fn label_values() {
    let value = |query: &str| match ask(query) {
        (span, prefix, Context::LabelValue { label, op, selector, quote }) => {
            (span, prefix, label, op, selector, quote)
        }
        other => panic!("{query}: {other:?}"),
    };
    let up = hint("up", &[("dc", MatchOp::NotRegex, "x")]);
    assert_eq!(
        value("up{dc!~\"x\", job=\"a|pi\"}"),
        ("api".into(), "a".into(), "job".into(), MatchOp::Equal, up.clone(), Some('"'))
    );
    assert_eq!(
        value("up{dc!~\"x\", job=~'a|"),
        ("a".into(), "a".into(), "job".into(), MatchOp::Regex, up.clone(), Some('\''))
    );
    assert_eq!(
        value("up{job=|, dc!~\"x\"}"),
        (String::new(), String::new(), "job".into(), MatchOp::Equal, up, None)
    );
    assert_eq!(value("up{job=\"|\"}").0, "");
    assert_eq!(value("up{\"k8s.pod\"=\"|\"}").2, "k8s.pod");
    // What runs on behind an unfinished string is not replaced.
    assert_eq!(value("sum(up{job=\"ap|, x=\"y\"})").0, "ap");
}

#[test]
fn grouping_labels() {
    let grouping = |query: &str| match ask(query).2 {
        Context::GroupingLabel { selectors, listed } => (selectors, listed),
        other => panic!("{query}: {other:?}"),
    };
    let job = hint("up", &[("job", MatchOp::Equal, "a")]);
    assert_eq!(grouping("sum by (in|, dc) (up{job=\"a\"}) + y"), (vec![job.clone()], vec!["dc".to_owned()]));
    assert_eq!(grouping("y + sum(rate(up{job=\"a\"}[5m])) by (|)"), (vec![job], vec![]));
    assert_eq!(grouping("a + on(|) b"), (vec![hint("a", &[]), hint("b", &[])], vec![]));
    assert_eq!(grouping("sum by (|").0, vec![]);
}

#[test]
fn durations_and_times() {
    for query in ["x[|", "x[5|]", "x[5m:|]", "x[5m+(|", "x offset |", "x offset -5|", "rate(x[|])"] {
        assert_eq!(ask(query).2, Context::Duration, "{query}");
    }
    assert_eq!(ask("x[5m] offset 5|").1, "5");
    assert_eq!(ask("x @ |").2, Context::Timestamp);
    assert_eq!(ask("x @ st|"), ("st".into(), "st".into(), Context::Timestamp));
}

#[test]
fn nothing_to_complete() {
    for query in ["x # com|", "12|", "label_replace(x, \"d|", "x + \"|\""] {
        assert_eq!(ask(query).2, Context::Nothing, "{query}");
    }
}

proptest! {
    #[test]
    fn any_text_and_cursor_gives_a_place_in_it(text in "\\PC{0,40}", cursor in 0..60_usize) {
        check(&text, cursor)?;
    }

    #[test]
    fn pieces_of_queries_give_a_place(
        pieces in proptest::collection::vec(
            prop::sample::select(vec![
                "sum", "by", "(", ")", "{", "}", "[", "]", ",", "=", "=~", "\"a\"", "\"", "x", "5m", ":",
                "offset", "@", "+", "-", ">", "bool", "on", "group_left", "and", " ", "#", "\n", "start()",
            ]),
            0..14,
        ),
        cursor in 0..60_usize,
    ) {
        check(&pieces.concat(), cursor)?;
        check(&pieces.join(" "), cursor)?;
    }
}

fn check(text: &str, cursor: usize) -> Result<(), TestCaseError> {
    let completion = complete(text, cursor);
    let (start, end) = (completion.span.start as usize, completion.span.end as usize);
    let cursor = cursor.min(text.len());
    prop_assert!(text.get(start..end).is_some());
    prop_assert!(start <= cursor + 1 && end + 4 > cursor, "around the cursor: {start}..{end} for {cursor}");
    Ok(())
}
