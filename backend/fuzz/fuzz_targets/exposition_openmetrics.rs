//! OpenMetrics: what is right to the letter is right for the lenient reader, with the same counts; the reader of
//! starts hands out the same samples but those that tell them.
#![no_main]

use exposition::{Entry, Format, Parser, summary, summary_strict};
use libfuzzer_sys::fuzz_target;

/// Series as written until the end or the first error, and whether there was one.
fn series(mut parser: Parser<'_>) -> (Vec<Vec<u8>>, bool) {
    let mut out = Vec::new();
    loop {
        match parser.next_entry() {
            Ok(Some(Entry::Series(series))) => out.push(series.raw.to_vec()),
            Ok(Some(_)) => {}
            end => return (out, end.is_err()),
        }
    }
}

fuzz_target!(|body: &[u8]| {
    let lenient = summary(body, Format::OpenMetrics);
    if let Ok(strict) = summary_strict(body) {
        assert_eq!(lenient, Ok(strict));
    }
    let (plain, failed) = series(Parser::new(body, Format::OpenMetrics));
    let (with_starts, failed_with_starts) = series(Parser::with_starts(body, Format::OpenMetrics));
    let mut all = plain.into_iter();
    assert!(with_starts.iter().all(|raw| all.any(|one| one == *raw)), "in order, and none invented");
    assert!(failed_with_starts || !failed);
});
