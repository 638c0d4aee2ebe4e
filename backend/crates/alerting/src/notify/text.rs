//! Cutting texts to the length that a service takes, and other small things done to texts.

use sha2::{Digest, Sha256};

const MARK: char = '…';

/// The text, or its beginning with a mark, in at most `most` characters.
pub(super) fn truncate_chars(text: String, most: usize) -> String {
    if text.len() <= most || text.chars().nth(most).is_none() {
        return text;
    }
    let mut cut: String = text.chars().take(if most > 3 { most - 1 } else { most }).collect();
    if most > 3 {
        cut.push(MARK);
    }
    cut
}

/// The text, or its beginning with a mark, in at most `most` bytes.
pub(super) fn truncate_bytes(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    if most < MARK.len_utf8() {
        return ".".repeat(most);
    }
    let mut end = most - MARK.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MARK}", &text[..end])
}

/// The name of a group where its key may be too long: a hash of the key.
pub(super) fn hashed(group_key: &str) -> String {
    hex(&Sha256::digest(group_key.as_bytes()))
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value in a query, escaped as Go does it.
pub(super) fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// Pairs as a query, in the order of their names.
pub(super) fn query<N: AsRef<str>>(mut pairs: Vec<(N, String)>) -> String {
    pairs.sort_by(|(a, _), (b, _)| a.as_ref().cmp(b.as_ref()));
    let pair =
        |(name, value): &(N, String)| format!("{}={}", query_escape(name.as_ref()), query_escape(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The parts of a list separated by commas, without empty ones.
pub(super) fn parts(text: &str) -> Vec<String> {
    text.trim().split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_with_a_mark() {
        let chars = |text: &str, most| truncate_chars(text.to_owned(), most);
        assert_eq!(chars("abcde", 5), "abcde");
        assert_eq!(chars("äöüßé", 5), "äöüßé");
        assert_eq!(chars("abcdef", 5), "abcd…");
        assert_eq!(chars("äöüßéà", 5), "äöüß…");
        assert_eq!(chars("abcdef", 3), "abc");
        let bytes = |text: &str, most| truncate_bytes(text.to_owned(), most);
        assert_eq!(bytes("abcdef", 6), "abcdef");
        assert_eq!(bytes("abcdefg", 6), "abc…");
        assert_eq!(bytes("ääää", 6), "ä…");
        assert_eq!(bytes("abcdefg", 3), "…");
        assert_eq!(bytes("abcdefg", 2), "..");
    }

    #[test]
    fn queries_are_escaped_and_sorted() {
        let pairs = vec![("b", "x y&z~*/ä".to_owned()), ("a", String::new())];
        assert_eq!(query(pairs), "a=&b=x+y%26z~%2A%2F%C3%A4");
        assert_eq!(parts(" a,,b c, "), ["a", "b c"]);
        assert_eq!(parts(""), Vec::<String>::new());
    }

    #[test]
    fn keys_of_groups_are_hashed() {
        assert_eq!(hashed("1"), "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
    }
}
