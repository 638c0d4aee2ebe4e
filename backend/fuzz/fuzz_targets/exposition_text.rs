//! Text 0.0.4: any bytes are read or refused with a place inside the body.
#![no_main]

use exposition::{Entry, Format, LabelScratch, Parser, Position};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let lines = 1 + body.iter().filter(|b| **b == b'\n').count();
    let place = |error: exposition::ParseError| match error.position {
        Position::Text { line, column } => assert!(line <= lines && column <= body.len() + 1, "{error}"),
        Position::Byte(_) => panic!("{error}"),
    };
    let mut parser = Parser::new(body, Format::Text);
    let mut scratch = LabelScratch::default();
    loop {
        match parser.next_entry() {
            Ok(None) => break,
            Ok(Some(Entry::Series(series))) => {
                if let Err(error) = series.labels(&mut scratch) {
                    place(error);
                } else {
                    assert!(!scratch.metric_name().is_empty());
                    assert_eq!(scratch.to_labels(), series.to_labels().expect("decoded once"));
                }
            }
            Ok(Some(_)) => {}
            Err(error) => place(error),
        }
    }
});
