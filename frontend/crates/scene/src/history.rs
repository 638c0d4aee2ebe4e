//! The list of queries asked before: newest first, each once, bounded.

/// Most entries kept.
pub const ENTRIES_MAX: usize = 50;
/// Longest query kept, in bytes.
const ENTRY_BYTES_MAX: usize = 10_000;

/// Puts `query` first.
pub fn remember(entries: &mut Vec<String>, query: &str) {
    let query = query.trim();
    if query.is_empty() || query.len() > ENTRY_BYTES_MAX {
        return;
    }
    entries.retain(|e| e != query);
    entries.insert(0, query.to_owned());
    entries.truncate(ENTRIES_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_first_and_once() {
        let mut entries = Vec::new();
        for q in ["up", " a ", "up", ""] {
            remember(&mut entries, q);
        }
        assert_eq!(entries, ["up", "a"]);
        for i in 0..100 {
            remember(&mut entries, &i.to_string());
        }
        assert_eq!(entries.len(), ENTRIES_MAX);
        assert_eq!(entries[0], "99");
    }
}
