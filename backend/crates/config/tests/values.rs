//! Values keep the text they were written with, and places are right.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

use std::path::Path;

use config::{Document, Duration, Node, Read, Secret, Section};

fn parse(text: &str) -> Document {
    Document::parse(Path::new("t.yml"), text).unwrap()
}

fn value<T: Read>(text: &str) -> Result<T, String> {
    let document = parse(&format!("v: {text}\n"));
    let mut section = Section::of(document.root(), "t").unwrap();
    section.require::<T>("v").map_err(|problem| document.error(problem).to_string())
}

#[test]
fn strings_keep_what_was_written() {
    for (written, read) in [
        ("0123", "0123"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("true", "true"),
        ("on", "on"),
        ("'1.10'", "1.10"),
        ("\"a\\tb\"", "a\tb"),
        ("5m", "5m"),
        ("!!str 007", "007"),
        (".inf", ".inf"),
        ("-.inf", "-.inf"),
        (".nan", ".nan"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("+1", "+1"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("${NOT_EXPANDED}", "${NOT_EXPANDED}"),
        ("1 # comment", "1"),
    ] {
        assert_eq!(value::<String>(written).as_deref(), Ok(read), "{written}");
    }
    let anchored = parse("a: &x 1.50\nb: *x\nc: ü\nd: 1.70\n");
    let mut section = Section::of(anchored.root(), "t").unwrap();
    assert_eq!(section.get::<String>("a").unwrap().as_deref(), Some("1.50"));
    assert_eq!(section.get::<String>("b").unwrap().as_deref(), Some("1.50"));
    assert_eq!(section.get::<String>("d").unwrap().as_deref(), Some("1.70"), "offsets count bytes");
}

#[test]
fn other_values() {
    assert_eq!(value::<bool>("yes"), Ok(true));
    assert_eq!(value::<bool>("Off"), Ok(false));
    assert_eq!(value::<u64>("42"), Ok(42));
    assert_eq!(value::<Duration>("1h30m").map(Duration::as_ms), Ok(5_400_000));
    assert_eq!(value::<Duration>("0").map(Duration::as_ms), Ok(0));
    assert_eq!(value::<Vec<String>>("[a, 1]"), Ok(vec!["a".to_owned(), "1".to_owned()]));
    assert_eq!(
        value::<u64>("1.5").unwrap_err(),
        "t.yml:1:4: v: expected a whole number from 0, found \"1.5\""
    );
    assert_eq!(value::<String>("[a]").unwrap_err(), "t.yml:1:4: v: expected a string, found a list");
    assert_eq!(value::<bool>("{}").unwrap_err(), "t.yml:1:4: v: expected true or false, found a mapping");
}

#[test]
fn merged_mappings_and_their_places() {
    let document = parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n");
    let mut top = Section::of(document.root(), "t").unwrap();
    let Some(node) = top.node("use") else { panic!("use is there") };
    let mut merged = Section::of(node, "use").unwrap();
    assert_eq!(merged.get::<u64>("x"), Ok(Some(1)));
    assert_eq!(merged.get::<u64>("y"), Ok(Some(3)), "own keys win");
}

#[test]
fn empty_files_and_empty_values_are_nothing() {
    for text in ["", "# only a comment\n", "---\n", "\u{feff}"] {
        assert!(parse(text).root().is_null(), "{text:?}");
    }
    let document = parse("a:\nb: ~\n");
    let mut section = Section::of(document.root(), "t").unwrap();
    assert!(section.node("a").is_none() && section.node("b").is_none());
    section.finish().unwrap();
}

#[test]
fn secrets_are_never_shown() {
    let secret = value::<Secret>("tiger").unwrap();
    assert_eq!(secret.expose(), "tiger");
    assert_eq!(format!("{secret} {secret:?}"), "<secret> <secret>");
}

#[test]
fn content_is_compared_without_places() {
    let (a, b) = (parse("a: [1, {b: c}]"), parse("a:\n  - 1\n  - b: 'c'\n"));
    assert!(a.root().same_content(b.root()));
    assert!(!a.root().same_content(parse("a: [1, {b: d}]").root()));
    assert!(matches!(a.root(), Node::Map(..)));
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let error = Document::read(Path::new("/nowhere/prometheus.yml")).unwrap_err();
    assert!(
        error.to_string().starts_with("/nowhere/prometheus.yml: cannot be read: No such file"),
        "{error}"
    );
}
