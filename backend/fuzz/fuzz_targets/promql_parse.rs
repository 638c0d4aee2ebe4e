//! Any text is a PromQL query or an error with a place; a query prints as text that reads back as the same
//! tree, and each node's span covers text that reads as that node.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promql_syntax::{ParseOptions, parse, parse_selector, pretty};

fuzz_target!(|text: &str| {
    let options = ParseOptions::all_features();
    let _ = parse_selector(text);
    let tree = match parse(text, &options) {
        Ok(tree) => tree,
        Err(error) => {
            assert!(!error.message.starts_with("the query cannot be read"), "{error}");
            assert!(error.span.start <= error.span.end && error.span.end as usize <= text.len());
            return;
        }
    };
    let printed = tree.to_string();
    for again in [&printed, &pretty(&tree)] {
        // Printing may lengthen a query beyond what is read.
        if again.len() > promql_syntax::MAX_QUERY_BYTES {
            continue;
        }
        let back = parse(again, &options).unwrap_or_else(|error| panic!("{again}: {error}"));
        assert_eq!(back.to_string(), printed);
    }
    if text.len() < 500 {
        for node in tree.walk() {
            match parse(node.span.of(text), &options) {
                Ok(alone) => assert_eq!(alone.to_string(), node.to_string()),
                Err(error) => assert!(error.message.contains("at least one non-empty matcher"), "{error}"),
            }
        }
    }
});
