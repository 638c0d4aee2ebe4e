//! Both syntaxes, their disagreements, and printing back.

use proptest::prelude::*;

use super::*;

fn texts(text: &str) -> Vec<String> {
    parse_matchers(text).unwrap().matchers.iter().map(matcher_text).collect()
}

#[test]
fn both_syntaxes_read_the_usual_texts() {
    assert_eq!(texts(r#"{a="b",c=~"d.*"}"#), [r#"a="b""#, r#"c=~"d.*""#]);
    assert_eq!(texts("a=b, c!=d,"), [r#"a="b""#, r#"c!="d""#]);
    assert_eq!(texts(r#" { a !~ "x|y" , } "#), [r#"a!~"x|y""#]);
    assert_eq!(texts(r#"{"with space"="ä"}"#), [r#""with space"="ä""#]);
    assert_eq!(texts("größe=1"), [r#"größe="1""#]);
    assert!(texts("").is_empty() && texts("{}").is_empty());
    assert_eq!(texts(r#"a="say \"hi, you\"\n""#), [r#"a="say \"hi, you\"\n""#]);
}

#[test]
fn what_only_the_classic_syntax_takes_is_noted() {
    let parsed = parse_matchers(r"a=~[a-z]{2},b=c\d").unwrap();
    let Some(Note::OnlyClassic { suggestion, .. }) = parsed.note else { panic!("no note") };
    assert_eq!(suggestion, r#"a=~"[a-z]{2}",b="c\\d""#);
    assert!(matches!(parse_matchers("a=").unwrap().note, Some(Note::OnlyClassic { .. })));
}

#[test]
fn where_both_disagree_the_classic_one_counts() {
    let parsed = parse_matchers(r#"a="\t""#).unwrap();
    assert_eq!(parsed.note, Some(Note::Disagreement));
    assert_eq!(parsed.matchers, [Matcher::equal("a", "\\t")]);
    let braces = parse_matchers(r#"{a="b"}"#).unwrap();
    assert_eq!(braces.note, None);
}

#[test]
fn refused() {
    for bad in
        ["{", "}", "a", "=b", "a==b\"", "{a=b", "a=b}}", "a=\"b", "a=b,,c=d", "{a=b}c", "a=~(", "\"a=b"]
    {
        let result = parse_matchers(bad);
        let classic_takes = ["{", "}", "{a=b", "a=b}}", "{a=b}c"].contains(&bad);
        assert_eq!(result.is_ok(), classic_takes, "{bad}: {result:?}");
    }
    assert!(parse_matcher("{a=b}").is_err());
    assert!(parse_matcher("a=b,c=d").is_ok_and(|p| p.note.is_some()), "the comma is part of a classic value");
    let error = parse_matchers("\"x y\" ~ 1").unwrap_err();
    assert!(error.to_string().contains("expected a label name"), "{error}");
    assert!(parse_matchers(&"x".repeat(MOST_MATCHER_BYTES + 1)).is_err());
}

#[test]
fn sorted_printed_and_matched() {
    let matchers =
        Matchers::parse(r#"{team!="x",severity=~"warning|critical",severity="critical"}"#).unwrap();
    assert_eq!(matchers.to_string(), r#"{severity="critical",severity=~"warning|critical",team!="x"}"#);
    assert!(matchers.matches(&Labels::from_pairs([("severity", "critical")])));
    assert!(!matchers.matches(&Labels::from_pairs([("severity", "critical"), ("team", "x")])));
    assert!(Matchers::default().matches(&Labels::empty()));
    assert_eq!(Matchers::default().to_string(), "{}");
    for op in [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex] {
        let (is_regex, is_equal) = flags(op);
        assert_eq!(operator(is_regex, is_equal), op);
    }
}

#[test]
fn quotes_of_go() {
    assert_eq!(go_quote("a\u{1}\u{a0}\u{1F600}\u{200b}\t"), "\"a\\x01\\u00a0\u{1F600}\\u200b\\t\"");
    assert_eq!(quote::go_unquote(r#""\x41\101\u00e4\U0001F600""#).as_deref(), Some("AA\u{e4}\u{1F600}"));
    for bad in [r#""\xff""#, r#""\q""#, r#""\ud800""#, "\"a\nb\"", r#""\400""#, r#"""""#] {
        assert_eq!(quote::go_unquote(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[ab={}!~,\"\\\\ \\nä'`]{0,12}") {
        let _ = parse_matchers(&text);
        let _ = parse_matcher(&text);
    }

    #[test]
    fn printed_matchers_read_back(name in "[a-z_][a-z0-9_. \"ä]{0,6}", value in "\\PC{0,8}") {
        let matcher = Matcher::equal(name, value);
        let text = matcher_text(&matcher);
        let parsed = parse_matchers(&text).unwrap();
        prop_assert_eq!(parsed.matchers, [matcher], "{}", text);
    }
}
