//! Patterns: compiled or refused, and every shortcut around the engine agrees with the engine.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::AnchoredRegex;

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    if pattern.len() > 400 || text.len() > 400 {
        return;
    }
    let Ok(regex) = AnchoredRegex::new(pattern) else { return };
    let captures = regex.captures(text);
    let matches = regex.is_match(text);
    assert_eq!(matches, captures.is_some());
    if let Some(set) = regex.set_matches() {
        assert_eq!(matches, set.iter().any(|value| value == text));
        assert!(set.iter().take(20).all(|value| regex.captures(value).is_some()));
    }
    if let Some(captures) = captures {
        assert_eq!(captures.get(0), Some(text));
        assert!(regex.prefix().is_none_or(|prefix| text.starts_with(prefix)));
        let mut out = String::new();
        captures.expand(pattern, &mut out);
    }
});
