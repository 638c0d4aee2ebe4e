//! What may follow a backslash: characters by number, Perl classes, Unicode categories and scripts.

use super::{Translator, shortened};

/// A character, or a whole class, of an escape.
pub(super) enum Escape {
    Char(char),
    /// In the crate's notation, to stand inside or outside of brackets.
    Class(String),
}

impl Translator<'_> {
    /// What follows a backslash, inside and outside of classes.
    pub(super) fn escape(&mut self) -> Result<Escape, String> {
        let start = self.rest();
        let invalid = || format!("invalid escape sequence: {:?}", format!("\\{}", shortened(start)));
        let Some(c) = self.next() else { return Err("trailing backslash at end of expression".to_owned()) };
        if let Some(class) = perl_class(c) {
            return Ok(Escape::Class(class.to_owned()));
        }
        Ok(Escape::Char(match c {
            'p' | 'P' => return self.unicode_class(c == 'P').map(Escape::Class),
            '0' => self.octal(c),
            // A digit alone would be a back reference.
            '1'..='7' if matches!(self.peek(), Some('0'..='7')) => self.octal(c),
            'x' => self.hexadecimal().ok_or_else(invalid)?,
            'a' => '\x07',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
            _ => return Err(invalid()),
        }))
    }

    fn octal(&mut self, first: char) -> char {
        let mut code = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            code = code * 8 + digit;
            self.next();
        }
        char::from_u32(code).unwrap_or('\0')
    }

    /// `{10FFFF}` or two digits behind `\x`.
    fn hexadecimal(&mut self) -> Option<char> {
        let rest = self.rest();
        let digits = match rest.strip_prefix('{') {
            Some(braced) => {
                let digits = &braced[..braced.find('}')?];
                self.skip(digits.chars().count() + 2);
                digits
            }
            None => {
                let digits = rest.get(..2)?;
                self.skip(2);
                digits
            }
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        char::from_u32(u32::from_str_radix(if significant.is_empty() { "0" } else { significant }, 16).ok()?)
    }

    /// A category or script behind `\p` or `\P`.
    fn unicode_class(&mut self, negated: bool) -> Result<String, String> {
        let rest = self.rest();
        let name = match rest.strip_prefix('{') {
            Some(braced) => {
                let name = braced.split_once('}').map(|(name, _)| name);
                let name =
                    name.ok_or_else(|| format!("invalid character class range: {:?}", shortened(rest)))?;
                self.skip(name.chars().count() + 2);
                name
            }
            None => {
                let length = rest.chars().next().map_or(0, char::len_utf8);
                self.skip(1);
                &rest[..length]
            }
        };
        let (negated, name) = match name.strip_prefix('^') {
            Some(name) => (!negated, name),
            None => (negated, name),
        };
        let plain = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
        let property = match name {
            "Any" => "any".to_owned(),
            name if plain && name.len() <= 2 => format!("gc={name}"),
            name if plain => format!("sc={name}"),
            _ => return Err(format!("invalid character class range: \\p{{{name}}}")),
        };
        Ok(format!("\\{}{{{property}}}", if negated { 'P' } else { 'p' }))
    }
}

fn perl_class(c: char) -> Option<&'static str> {
    Some(match c {
        'd' => "0-9",
        'D' => "[^0-9]",
        'w' => "0-9A-Za-z_",
        'W' => "[^0-9A-Za-z_]",
        's' => "\\t\\n\\x0C\\r\\x20",
        'S' => "[^\\t\\n\\x0C\\r\\x20]",
        _ => return None,
    })
}
