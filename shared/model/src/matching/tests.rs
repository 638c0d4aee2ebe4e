//! Semantics of Go's `regexp` that differ from the engine's own, and the shortcuts around the engine.

use proptest::prelude::*;

use super::shape::{Piece, Shape, gaps_match};
use super::*;

fn regex(pattern: &str) -> AnchoredRegex {
    AnchoredRegex::new(pattern).unwrap_or_else(|error| panic!("{error}"))
}

fn reason(pattern: &str) -> String {
    match AnchoredRegex::new(pattern) {
        Ok(_) => panic!("{pattern:?} was accepted"),
        Err(error) => error.reason,
    }
}

#[test]
fn means_what_go_means() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("", &[""], &["a"]),
        ("foo", &["foo"], &["foobar", "xfoo", "FOO"]),
        ("^foo$", &["foo"], &["foo\n"]),
        ("a.b", &["a\nb", "axb", "a☃b"], &["ab"]),
        (r"\d+", &["123"], &["٣", ""]),
        (r"\w+", &["aZ_9"], &["é"]),
        (r"\W", &["é", "-"], &["a"]),
        (r"\s", &[" ", "\t", "\x0c"], &["\x0b", "\u{a0}"]),
        (r"\S\D", &["éé"], &["é1"]),
        (r"[\d\s]+", &["1 2"], &["٣"]),
        (r"[^\W]", &["a"], &["é", "-"]),
        (r".*\bfoo\b.*", &["a foo b", "éfoo"], &["afoob"]),
        (r"a\Bb", &["ab"], &["a b"]),
        (r"\Qa.b|c\E+", &["a.b|c", "a.b|ccc"], &["axb", "c"]),
        (r"\Qa.b", &["a.b"], &["axb"]),
        ("[a&&b]+", &["a&b"], &["c"]),
        ("[+--z]", &["+", ",", "-", "z"], &["m"]),
        ("[a~~b]", &["~"], &["c"]),
        ("[[a]", &["[", "a"], &["]"]),
        ("[]a]", &["]", "a"], &["b"]),
        ("[^]a]", &["b", "\n"], &["]"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("[[:alpha:]_]+", &["a_Z"], &["1", "é"]),
        ("[[:^digit:]]", &["a"], &["1"]),
        ("[[:x]", &["[", ":", "x"], &["a"]),
        (r"\p{Greek}\pL\P{Lu}", &["αaa"], &["aaa", "αaA"]),
        (r"\p{^Greek}", &["a"], &["α"]),
        (r"[\p{Lu}1]", &["É", "1"], &["é"]),
        (r"a\z", &["a"], &["a\n"]),
        (r"\x41\x{2603}\101\t", &["A☃A\t"], &[]),
        (r"\<a\>\_\-\#", &["<a>_-#"], &["a"]),
        (r"\b{start}", &[], &["start"]),
        ("a{2}", &["aa"], &["a{2}"]),
        ("a{,2}", &["a{,2}"], &["aa"]),
        ("a{x}b{", &["a{x}b{"], &[]),
        ("a{01}", &["a{01}"], &["a"]),
        ("(?i)straSSe", &["STRASSE", "ſtrasse"], &[]),
        ("(?i:a)b", &["Ab"], &["AB"]),
        ("a(?-s).b", &["axb"], &["a\nb"]),
        ("(?m)a$\n^b", &["a\nb"], &[]),
        ("(?U)a+(a?)", &["aaa"], &[]),
        ("(?ii)a", &["A"], &[]),
        ("(?)a", &["a"], &["A"]),
        ("(?P<x>a)(?<y>b)(?P<1z>c)", &["abc"], &[]),
        ("a|", &["a", ""], &["b"]),
        ("a|b|ab", &["ab"], &["abb"]),
        ("foo|foobar", &["foobar"], &["foob"]),
        ("#x y", &["#x y"], &["x"]),
        ("é?☃*", &["", "é", "é☃☃"], &["☃é"]),
    ];
    for (pattern, yes, no) in cases {
        let regex = regex(pattern);
        for text in *yes {
            assert!(regex.is_match(text), "{pattern:?} should match {text:?}");
            assert!(regex.captures(text).is_some(), "{pattern:?} should capture {text:?}");
        }
        for text in *no {
            assert!(!regex.is_match(text), "{pattern:?} should not match {text:?}");
            assert!(regex.captures(text).is_none(), "{pattern:?} should not capture {text:?}");
        }
    }
}

#[test]
fn refuses_what_go_refuses() {
    for pattern in [
        "a)|(b",
        "(",
        ")",
        "a(b",
        "*a",
        "a**",
        "a*+",
        "a{2}{3}",
        "a{1001}",
        "a{2,1}",
        "a{1,1001}",
        "(a{100}){100}",
        "(?x)a",
        "(?u)a",
        "(?R)a",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        "(?#c)",
        "(?i",
        "(?i-)a",
        "(?P<>a)",
        "(?P<a-b>a)",
        "(?P<a>x)(?P<a>y)",
        "(?P=a)",
        r"\u0041",
        r"\1",
        r"\8",
        r"\Z",
        r"\C",
        r"\E",
        r"\h",
        r"\é",
        r"\x4",
        r"\x{110000}",
        r"\x{}",
        r"\p{Foo}",
        r"\p{Alphabetic}",
        r"\p{sc=Greek}",
        r"\p{greek}",
        r"\pX",
        "[a",
        "[]",
        "[^]",
        "[z-a]",
        "[a--z]",
        r"[a-\d]",
        "[[:foo:]]",
        r"[\Q]\E]",
        "\\",
    ] {
        assert!(AnchoredRegex::new(pattern).is_err(), "{pattern:?} was accepted");
    }
    assert_eq!(reason("a{1001}"), "invalid repeat count: {1001}");
    assert_eq!(reason("a)|(b"), "unopened group");
    let error = AnchoredRegex::new("(?=a)").unwrap_err().to_string();
    assert_eq!(error, r#"invalid regular expression "(?=a)": invalid or unsupported Perl syntax: "(?=a)""#);
}

#[test]
fn large_and_deep_patterns_are_refused_not_run() {
    assert!(reason(r"(\pL|\pN){1000}x").contains("larger than"));
    let deep = format!("{}a{}", "(".repeat(5000), ")".repeat(5000));
    assert!(AnchoredRegex::new(&deep).is_err());
    assert!(AnchoredRegex::new(&format!("{}a{}", "(".repeat(200), ")".repeat(200))).is_ok());
}

#[test]
fn finite_sets_are_told() {
    let set = |pattern: &str| regex(pattern).set_matches().map(<[String]>::to_vec);
    let owned = |texts: &[&str]| Some(texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
    assert_eq!(set(""), owned(&[""]));
    assert_eq!(set("foo"), owned(&["foo"]));
    assert_eq!(set("b|a|c|a"), owned(&["a", "b", "c"]));
    assert_eq!(set("(b|a|)"), owned(&["", "a", "b"]));
    assert_eq!(set("foo(bar|baz)"), owned(&["foobar", "foobaz"]));
    assert_eq!(set("^(?:a|b)x?$"), owned(&["a", "ax", "b", "bx"]));
    assert_eq!(set(r"a\.b\|c"), owned(&["a.b|c"]));
    assert_eq!(set("x[0-2]{2}").map(|set| set.len()), Some(9));
    assert_eq!(set("(?i)ab"), owned(&["AB", "Ab", "aB", "ab"]));
    for infinite in ["a*", "a.", "[a-z]{3}", "a+|b", r"\bfoo", "[^a]"] {
        assert_eq!(set(infinite), None, "{infinite}");
    }
    let many: Vec<String> = (0..5000).map(|n| format!("pod-{n:04}")).collect();
    assert_eq!(set(&many.join("|")), Some(many));
}

#[test]
fn prefixes_are_told() {
    for (pattern, want) in [
        ("foo.*", Some("foo")),
        ("foo(bar|baz).+", Some("fooba")),
        ("(foo|fob)x*", Some("fo")),
        ("é+", Some("é")),
        (".*foo", None),
        ("(?i)foo.*", None),
        ("foo|.*", None),
        ("a?b", None),
    ] {
        assert_eq!(regex(pattern).prefix(), want, "{pattern}");
    }
}

#[test]
fn matchers_offer_what_an_index_can_use() {
    let matcher = |op, value: &str| CompiledMatcher::new(Matcher::new("x", op, value)).unwrap();
    assert_eq!(matcher(MatchOp::Equal, "a").set_matches(), Some(&["a".to_owned()][..]));
    assert_eq!(matcher(MatchOp::Regex, "a|b").set_matches().map(<[String]>::len), Some(2));
    assert_eq!(matcher(MatchOp::NotRegex, "a|b").set_matches(), None);
    assert_eq!(matcher(MatchOp::NotRegex, "a.*").prefix(), None);
    assert!(matcher(MatchOp::NotRegex, "a.*").matches_absent());
    assert!(matcher(MatchOp::Regex, "(a|)").matches_absent());
    assert!(matcher(MatchOp::Regex, ".*").matches_everything());
    assert!(matcher(MatchOp::Regex, "^(?:.*)$").matches_everything());
    for part in [".+", "(?-s).*", "a.*"] {
        assert!(!matcher(MatchOp::Regex, part).matches_everything());
    }
    assert!(!matcher(MatchOp::NotRegex, ".*").matches_everything());
}

#[test]
fn templates_are_filled_as_go_does() {
    let regex = regex(r"(?P<host>[^:]+):(\d+)(x)?");
    let captures = regex.captures("web:9100").unwrap();
    for (template, want) in [
        ("$1-$2", "web-9100"),
        ("${1}x", "webx"),
        ("$1x", ""),
        ("$host/${host}", "web/web"),
        ("$0", "web:9100"),
        ("$3$4$nothing", ""),
        ("$01", ""),
        ("$$1", "$1"),
        ("$", "$"),
        ("a$ b", "a$ b"),
        ("${", "${"),
        ("${1", "${1"),
        ("${a-b}", "${a-b}"),
        ("100%é$1", "100%éweb"),
    ] {
        let mut out = String::new();
        captures.expand(template, &mut out);
        assert_eq!(out, want, "{template}");
        assert_eq!(regex.expand("web:9100", template).as_deref(), Some(want), "{template}");
    }
}

#[test]
fn gaps_take_the_first_place_that_fits() {
    let shape = |pattern: &str| {
        let translated = translate::translate(pattern).unwrap().pattern;
        let config = regex_automata::util::syntax::Config::new().dot_matches_new_line(true);
        shape::shape(&regex_automata::util::syntax::parse_with(&translated, &config).unwrap())
    };
    let text = |text: &str| Piece::Text(text.to_owned());
    assert_eq!(
        shape(".*foo.+bar"),
        Some(Shape::Gaps(vec![Piece::Gap(0), text("foo"), Piece::Gap(1), text("bar")]))
    );
    assert_eq!(shape(".+.*"), Some(Shape::Gaps(vec![Piece::Gap(1)])));
    assert_eq!(shape("(?-s).*"), None);
    assert!(gaps_match(&[text("a"), Piece::Gap(1), text("a")], "aéa"));
    assert!(!gaps_match(&[text("a"), Piece::Gap(1), text("a")], "aa"));
    assert!(!gaps_match(&[text("ab"), Piece::Gap(0), text("ba")], "aba"));
}

proptest! {
    /// The shortcuts and the engine agree.
    #[test]
    fn shapes_match_like_the_engine(
        pattern in proptest::collection::vec(
            prop_oneof![
                Just("a".to_owned()), Just("b".to_owned()), Just("é".to_owned()), Just(".*".to_owned()),
                Just(".+".to_owned()), Just("(a|b)".to_owned()), Just("[ab]?".to_owned()), Just("|".to_owned()),
            ],
            0..7,
        ),
        text in "[abé\n]{0,8}",
    ) {
        let regex = regex(&pattern.concat());
        prop_assert_eq!(regex.is_match(&text), regex.captures(&text).is_some(), "{} {:?}", regex.as_str(), text);
        if regex.is_match(&text) && let Some(prefix) = regex.prefix() {
            prop_assert!(text.starts_with(prefix));
        }
    }

    /// A text quoted either way matches itself only.
    #[test]
    fn quoted_texts_match_themselves(text in "[ -~é\n]{0,12}", other in "[ -~é\n]{0,12}") {
        let escaped: String =
            text.chars().map(|c| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() }).collect();
        let by_backslash = regex(&escaped);
        prop_assert!(by_backslash.is_match(&text));
        prop_assert_eq!(by_backslash.is_match(&other), text == other);
        if !text.contains("\\E") && !text.ends_with('\\') {
            let quoted = regex(&format!("\\Q{text}\\E"));
            prop_assert!(quoted.is_match(&text));
        }
    }

    #[test]
    fn never_panics(pattern in any::<String>(), text in any::<String>()) {
        if let Ok(regex) = AnchoredRegex::new(&pattern) {
            let _ = regex.is_match(&text);
        }
    }

    #[test]
    fn never_panics_on_near_patterns(pattern in r"[\[\]\\()|^$.*+?{},:0-9a-zQEPp<>&~!= -]{0,24}", text in "[a-z0-9]{0,6}") {
        if let Ok(regex) = AnchoredRegex::new(&pattern) {
            prop_assert_eq!(regex.is_match(&text), regex.captures(&text).is_some());
        }
    }
}
