//! JSON as Go's encoder writes it: HTML's characters escaped, a newline at the end.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::NotifyError;

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let Some(c) = rest[at..].chars().next() else { break };
            write!(writer, "\\u{:04x}", u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// A message as JSON.
pub(super) fn encode(message: &impl Serialize) -> Result<Vec<u8>, NotifyError> {
    let mut out = Vec::new();
    message
        .serialize(&mut Serializer::with_formatter(&mut out, Escaping))
        .map_err(|error| NotifyError::lasting(format!("the message cannot be written as JSON: {error}")))?;
    out.push(b'\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_go_does() {
        let text = "<a href=\"x\">&\u{2028}\u{7f}é\t\n\u{8}\u{1}\\";
        let json = String::from_utf8(encode(&text).unwrap()).unwrap();
        let expected =
            concat!(r#""\u003ca href=\"x\"\u003e\u0026\u2028"#, "\u{7f}é", r#"\t\n\b\u0001\\""#, "\n");
        assert_eq!(json, expected);
    }
}
