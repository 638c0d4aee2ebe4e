//! Go's quoted strings and characters.

/// What a literal in double quotes, single quotes or backquotes says; `None` if it is malformed. Bytes that
/// are no UTF-8 become U+FFFD.
pub(super) fn unquote(literal: &str) -> Option<String> {
    let mut chars = literal.chars();
    let quote = chars.next()?;
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if literal.len() < 2 || !literal.ends_with(quote) {
        return None;
    }
    match quote {
        '`' => Some(inner.replace('\r', "")),
        '"' | '\'' => {
            let mut bytes = Vec::with_capacity(inner.len());
            let mut rest = inner;
            while let Some(c) = rest.chars().next() {
                rest = &rest[c.len_utf8()..];
                if c == quote || c == '\n' {
                    return None;
                }
                if c == '\\' {
                    rest = escape(rest, quote, &mut bytes)?;
                } else {
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => None,
    }
}

/// Reads what follows a backslash; gives what is left.
fn escape<'a>(rest: &'a str, quote: char, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let c = rest.chars().next()?;
    let after = &rest[c.len_utf8()..];
    let simple = match c {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        c if c == quote => c as u8,
        'x' | 'u' | 'U' => return coded(after, c, bytes),
        '0'..='7' => {
            let value = u32::from_str_radix(rest.get(..3)?, 8).ok()?;
            bytes.push(u8::try_from(value).ok()?);
            return rest.get(3..);
        }
        _ => return None,
    };
    bytes.push(simple);
    Some(after)
}

fn coded<'a>(rest: &'a str, kind: char, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let length = match kind {
        'x' => 2,
        'u' => 4,
        _ => 8,
    };
    let digits = rest.get(..length).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    if kind == 'x' {
        bytes.push(u8::try_from(value).ok()?);
    } else {
        let c = char::from_u32(value)?;
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    rest.get(length..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_literals() {
        assert_eq!(unquote(r#""a\tb\n\"é\x41\101\u00e9""#).as_deref(), Some("a\tb\n\"éAAé"));
        assert_eq!(unquote("`a\\n`").as_deref(), Some("a\\n"));
        assert_eq!(unquote("'x'").as_deref(), Some("x"));
        for bad in [r#""\q""#, r#""\x4""#, r#""\'""#, "\"", "", "\"a\nb\"", r#""\400""#, r#""\ud800""#] {
            assert_eq!(unquote(bad), None, "{bad}");
        }
    }
}
