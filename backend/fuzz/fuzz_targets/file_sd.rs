//! Target groups from files: JSON and YAML are read or refused.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = discovery::parse_yaml(text, Path::new("fuzz.yml"));
    if let Ok(groups) = discovery::parse_json(text, "fuzz.json") {
        for group in groups {
            assert!(group.targets.iter().all(|target| target.len() <= 1));
        }
    }
});
