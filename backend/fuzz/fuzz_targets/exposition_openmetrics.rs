//! OpenMetrics: what is right to the letter is right for the lenient reader, with the same counts.
#![no_main]

use exposition::{Format, summary, summary_strict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let lenient = summary(body, Format::OpenMetrics);
    if let Ok(strict) = summary_strict(body) {
        assert_eq!(lenient, Ok(strict));
    }
});
