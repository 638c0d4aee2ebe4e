//! Texts as mail carries them: encoded words in headers, quoted-printable in bodies, as Go's library writes them.

/// Longest line of a body.
const LINE: usize = 76;
/// Most characters between the marks of an encoded word.
const WORD: usize = 63;

/// A header's value; what is not plain ASCII, line breaks among it, is encoded.
pub(super) fn header(value: &str) -> String {
    if value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
        return value.to_owned();
    }
    let mut out = "=?utf-8?q?".to_owned();
    let mut length = 0;
    for c in value.chars() {
        let plain = c == ' ' || (c.is_ascii_graphic() && !"=?_".contains(c));
        let needed = if plain { 1 } else { 3 * c.len_utf8() };
        if length + needed > WORD {
            out.push_str("?=\r\n =?utf-8?q?");
            length = 0;
        }
        length += needed;
        match c {
            ' ' => out.push('_'),
            c if plain => out.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("={byte:02X}"))),
        }
    }
    out + "?="
}

/// A text in quoted-printable.
pub(super) fn quoted_printable(text: &str) -> String {
    let mut out = Lines::default();
    let mut after_return = false;
    for byte in text.bytes() {
        match byte {
            b'\n' if after_return => {
                after_return = false;
                continue;
            }
            b'\n' | b'\r' => out.end_line(),
            b'\t' | b' ' => out.push(char::from(byte)),
            b'!'..=b'~' if byte != b'=' => out.push(char::from(byte)),
            _ => out.push_encoded(byte),
        }
        after_return = byte == b'\r';
    }
    out.guard_space();
    out.done + &out.line
}

#[derive(Default)]
struct Lines {
    done: String,
    line: String,
}

impl Lines {
    fn push(&mut self, c: char) {
        if self.line.len() == LINE - 1 {
            self.soft_break();
        }
        self.line.push(c);
    }

    fn push_encoded(&mut self, byte: u8) {
        if LINE - 1 - self.line.len() < 3 {
            self.soft_break();
        }
        self.line.push_str(&format!("={byte:02X}"));
    }

    fn soft_break(&mut self) {
        self.line.push('=');
        self.flush();
    }

    fn end_line(&mut self) {
        self.guard_space();
        self.flush();
    }

    fn flush(&mut self) {
        self.done.push_str(&self.line);
        self.done.push_str("\r\n");
        self.line.clear();
    }

    /// Space at the end of a line would be lost on the way.
    fn guard_space(&mut self) {
        if let Some(last @ (b' ' | b'\t')) = self.line.as_bytes().last().copied() {
            self.line.pop();
            self.push_encoded(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        assert_eq!(header("[FIRING:1] a <b>"), "[FIRING:1] a <b>");
        assert_eq!(header("füll a_b"), "=?utf-8?q?f=C3=BCll_a=5Fb?=");
        assert_eq!(header("a\r\nBcc: x@y"), "=?utf-8?q?a=0D=0ABcc:_x@y?=");
        let long = header(&"ä".repeat(12));
        let (first, second) = ("=C3=A4".repeat(10), "=C3=A4".repeat(2));
        assert_eq!(long, format!("=?utf-8?q?{first}?=\r\n =?utf-8?q?{second}?="));
    }

    #[test]
    fn bodies() {
        assert_eq!(quoted_printable("a = ü\nb \n\r\nc\t"), "a =3D =C3=BC\r\nb=20\r\n\r\nc=09");
        let line = "x".repeat(76);
        assert_eq!(quoted_printable(&line), format!("{}=\r\nx", "x".repeat(75)));
        let line = format!("{}ü", "x".repeat(71));
        assert_eq!(quoted_printable(&line), format!("{}=C3=\r\n=BC", "x".repeat(71)));
    }
}
