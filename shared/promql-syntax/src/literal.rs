//! Literals: numbers as Go reads and writes them, strings with Go's escapes, both directions.
//!
//! Label names and values are UTF-8 here. Escapes such as `\xff` that make a string which is not UTF-8 are
//! refused there, since no series can carry it; elsewhere such a string is kept as bytes.

/// What is wrong with a string literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StringError {
    /// `\q`.
    UnknownEscape(char),
    /// `\x0g`.
    IllegalCharacter(char),
    /// The text ends within an escape.
    Unterminated,
    /// A surrogate, or beyond U+10FFFF.
    InvalidCodePoint,
    /// The escaped bytes are not UTF-8.
    NotUtf8,
}

#[cfg(feature = "parse")]
/// Reads a number literal: decimal, hexadecimal, octal with a leading 0, `_` between digits, `Inf`, `NaN`.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    if text.eq_ignore_ascii_case("inf") {
        return Some(f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let bytes = text.as_bytes();
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // One `_` may follow the prefix.
        let digits = clean_digits(hex.strip_prefix('_').unwrap_or(hex), u8::is_ascii_hexdigit)?;
        return i64::from_str_radix(&digits, 16).ok().map(|n| n as f64);
    }
    let clean = clean_digits(text, u8::is_ascii_digit)?;
    let octal = bytes.len() > 1 && bytes[0] == b'0' && clean.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if octal && let Ok(n) = i64::from_str_radix(&clean, 8) {
        return Some(n as f64);
    }
    clean.parse().ok()
}

#[cfg(feature = "parse")]
/// `text` without its `_`, which may only stand between digits.
fn clean_digits(text: &str, is_digit: fn(&u8) -> bool) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|i| bytes.get(i)).is_some_and(is_digit);
    for (i, b) in bytes.iter().enumerate() {
        if *b == b'_' && !(digit(i.checked_sub(1)) && digit(Some(i + 1))) {
            return None;
        }
    }
    (!text.is_empty()).then(|| text.replace('_', ""))
}

#[cfg(feature = "parse")]
/// Writes a number as Go's `%f` with the fewest digits does: never an exponent; `+Inf`, `-Inf`, `NaN`.
pub(crate) fn format_number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        format!("{value}")
    }
}

/// The content of a string literal, quotes included in `text`.
pub(crate) fn unquote(text: &str) -> Result<String, StringError> {
    String::from_utf8(unquote_bytes(text)?).map_err(|_| StringError::NotUtf8)
}

/// The content of a string literal as bytes, which need not be UTF-8.
pub(crate) fn unquote_bytes(text: &str) -> Result<Vec<u8>, StringError> {
    let quote = text.chars().next().ok_or(StringError::Unterminated)?;
    let inner = text.get(1..text.len().saturating_sub(1)).ok_or(StringError::Unterminated)?;
    if quote == '`' || !inner.contains('\\') {
        return Ok(inner.as_bytes().to_vec());
    }
    let mut out: Vec<u8> = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let (escape, after) = read_escape(&rest[at + 1..], quote);
        match escape? {
            Escape::Byte(byte) => out.push(byte),
            Escape::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// What an escape stands for.
pub(crate) enum Escape {
    /// `\xff`, `\377`: one byte.
    Byte(u8),
    /// Everything else.
    Char(char),
}

/// Reads one escape after its backslash. Returns the text after it, also when it is wrong.
pub(crate) fn read_escape(text: &str, quote: char) -> (Result<Escape, StringError>, &str) {
    let mut chars = text.chars();
    let Some(c) = chars.next() else { return (Err(StringError::Unterminated), text) };
    let after = chars.as_str();
    let simple = |c: char| (Ok(Escape::Char(c)), after);
    match c {
        'a' => simple('\x07'),
        'b' => simple('\x08'),
        'f' => simple('\x0c'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\x0b'),
        '\\' => simple('\\'),
        c if c == quote => simple(c),
        '0'..='7' => digits(text, 3, 8),
        'x' => digits(after, 2, 16),
        'u' => digits(after, 4, 16),
        'U' => digits(after, 8, 16),
        c => (Err(StringError::UnknownEscape(c)), after),
    }
}

fn digits(text: &str, count: usize, base: u32) -> (Result<Escape, StringError>, &str) {
    let mut value: u64 = 0;
    let mut chars = text.chars();
    for _ in 0..count {
        let before = chars.as_str();
        let Some(c) = chars.next() else { return (Err(StringError::Unterminated), before) };
        let Some(digit) = c.to_digit(base) else { return (Err(StringError::IllegalCharacter(c)), before) };
        value = value * u64::from(base) + u64::from(digit);
    }
    let after = chars.as_str();
    let escape = if count < 4 {
        u8::try_from(value).ok().map(Escape::Byte)
    } else {
        u32::try_from(value).ok().and_then(char::from_u32).map(Escape::Char)
    };
    (escape.ok_or(StringError::InvalidCodePoint), after)
}

/// `text` in double quotes as Go's `strconv.Quote` writes it, but with printable Unicode left as it is.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_control()
                || matches!(c, '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}') =>
            {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Writes bytes that need not be UTF-8 as a double-quoted literal, as Go's `%q` does.
pub fn quote_bytes(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for part in bytes.utf8_chunks() {
        let quoted = quote(part.valid());
        out.push_str(&quoted[1..quoted.len() - 1]);
        for byte in part.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[cfg(feature = "parse")]
    #[test]
    fn numbers_as_go_reads_them() {
        for (text, want) in [
            ("1", 1.0),
            ("1_000.5", 1000.5),
            ("0755", 493.0),
            ("08", 8.0),
            ("0x1F", 31.0),
            ("0X_1f", 31.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1_2e+1_0", 12e10),
            ("iNf", f64::INFINITY),
        ] {
            assert_eq!(parse_number(text), Some(want), "{text}");
        }
        assert!(parse_number("NaN").is_some_and(f64::is_nan));
        for bad in ["", "0x", "1__0", "_1", "1_", "0xffffffffffffffff"] {
            assert_eq!(parse_number(bad), None, "{bad}");
        }
    }

    #[cfg(feature = "parse")]
    #[test]
    fn numbers_as_go_writes_them() {
        assert_eq!(format_number(1e21), "1000000000000000000000");
        assert_eq!(format_number(0.1), "0.1");
        assert_eq!(format_number(-3.0), "-3");
        assert_eq!(format_number(f64::INFINITY), "+Inf");
    }

    #[test]
    fn strings_with_escapes() {
        assert_eq!(unquote(r#""a\n\"b\x41\101\u00e9\U0001f600""#), Ok("a\n\"bAA\u{e9}\u{1f600}".to_owned()));
        assert_eq!(unquote(r"`a\n`"), Ok(r"a\n".to_owned()));
        assert_eq!(unquote(r"'it\'s'"), Ok("it's".to_owned()));
        assert_eq!(unquote(r#""\xc3\xa9""#), Ok("\u{e9}".to_owned()));
        assert_eq!(unquote(r#""\xff""#), Err(StringError::NotUtf8));
        assert_eq!(quote_bytes(&unquote_bytes(r#""a\xc5\305\"é""#).unwrap()), r#""a\xc5\xc5\"é""#);
        assert_eq!(unquote(r#""\'""#), Err(StringError::UnknownEscape('\'')));
        assert_eq!(unquote(r#""\400""#), Err(StringError::InvalidCodePoint));
        assert_eq!(unquote(r#""\ud800""#), Err(StringError::InvalidCodePoint));
        assert_eq!(unquote(r#""\xg0""#), Err(StringError::IllegalCharacter('g')));
    }

    proptest! {
        #[test]
        fn quoted_and_read_again(text in any::<String>()) {
            prop_assert_eq!(unquote(&quote(&text)), Ok(text));
        }

        #[cfg(feature = "parse")]
        #[test]
        fn number_written_and_read_again(value in any::<f64>()) {
            prop_assume!(value.is_finite() && value >= 0.0);
            let text = format_number(value);
            // An integer beyond 64 bits or with a leading zero never comes out in octal.
            prop_assert_eq!(parse_number(&text), Some(value));
        }
    }
}
