//! Parameters of the HTTP API: times, durations, limits and selectors never panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = http_rim::fuzz_params(text);
    for name in ["time", "start", "end", "step", "timeout", "limit", "match[]"] {
        let _ = http_rim::fuzz_params(&format!("{name}={text}"));
    }
});
