//! Classes in brackets.

use super::Translator;
use super::escape::Escape;

impl Translator<'_> {
    /// A class in brackets; the opening one is behind.
    pub(super) fn class(&mut self) -> Result<(), String> {
        let missing = || "missing closing ]".to_owned();
        self.out.push('[');
        if self.peek() == Some('^') {
            self.next();
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.peek().ok_or_else(missing)?;
            if c == ']' && !first {
                self.next();
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if c == '[' && self.named_class()? {
                continue;
            }
            let low = match self.class_character()?.ok_or_else(missing)? {
                Escape::Class(class) => {
                    self.out.push_str(&class);
                    continue;
                }
                Escape::Char(low) => low,
            };
            let rest = self.rest();
            push_class_character(&mut self.out, low);
            if rest.starts_with('-') && rest.len() > 1 && !rest.starts_with("-]") {
                self.next();
                let high = match self.class_character()?.ok_or_else(missing)? {
                    Escape::Char(high) if high >= low => high,
                    _ => return Err(format!("invalid character class range behind {low:?}")),
                };
                self.out.push('-');
                push_class_character(&mut self.out, high);
            }
        }
    }

    fn class_character(&mut self) -> Result<Option<Escape>, String> {
        match self.next() {
            None => Ok(None),
            Some('\\') => self.escape().map(Some),
            Some(c) => Ok(Some(Escape::Char(c))),
        }
    }

    /// `[:name:]` inside a class; without the closing `:]` it is an ordinary bracket.
    fn named_class(&mut self) -> Result<bool, String> {
        let rest = self.rest();
        let Some(inner) = rest.strip_prefix("[:") else { return Ok(false) };
        let Some((name, _)) = inner.split_once(":]") else { return Ok(false) };
        let known = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
            "space", "upper", "word", "xdigit",
        ];
        if !known.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(format!("invalid character class range: \"[:{name}:]\""));
        }
        self.skip(name.len() + 4);
        self.out.push_str(&format!("[:{name}:]"));
        Ok(true)
    }
}

/// Any ASCII punctuation may be an operator inside the crate's classes.
fn push_class_character(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        out.push_str(&format!("\\x{:02X}", c as u32));
    }
}
