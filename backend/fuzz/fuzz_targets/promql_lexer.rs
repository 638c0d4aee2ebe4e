//! The PromQL lexer covers any text, in order and without overlap, and completion answers at any cursor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promql_syntax::complete::complete;
use promql_syntax::tokenize;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let mut end = 0;
    for token in tokenize(text) {
        let (start, stop) = (token.span.start as usize, token.span.end as usize);
        assert!(end <= start && start < stop);
        assert!(text[end..start].trim_matches([' ', '\t', '\n', '\r']).is_empty());
        end = stop;
    }
    assert!(text[end..].trim_matches([' ', '\t', '\n', '\r']).is_empty());
    let completion = complete(text, usize::from(*first));
    assert!(text.get(completion.span.start as usize..completion.span.end as usize).is_some());
});
