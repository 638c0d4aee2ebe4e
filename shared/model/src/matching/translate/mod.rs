//! Patterns in the syntax of Go's `regexp` (RE2) rewritten in that of the `regex-syntax` crate.
//!
//! The two agree on most things; where they do not, the pattern means what Go says: Perl classes and word
//! boundaries are ASCII, `\Q…\E` quotes, `{` that begins no repetition is a brace, set operators inside
//! classes are plain characters. What Go refuses is refused here, before the crate could give it a meaning.

mod class;
mod escape;

use std::collections::HashSet;
use std::iter::Peekable;
use std::str::CharIndices;

use escape::Escape;

/// The largest count of a repetition.
pub(super) const MOST_REPETITIONS: u32 = 1000;

/// A pattern rewritten.
#[derive(Debug)]
pub(super) struct Translated {
    /// The pattern for `regex-syntax`; its groups have no names.
    pub pattern: String,
    /// Names of the groups, by index; the whole match is group 0.
    pub group_names: Vec<Option<String>>,
}

/// Rewrites `pattern`.
///
/// # Errors
/// What Go would refuse, as far as it can be seen without parsing the whole; unbalanced parentheses and
/// repetitions of nothing are left to the parser.
pub(super) fn translate(pattern: &str) -> Result<Translated, String> {
    let mut translator = Translator {
        source: pattern,
        chars: pattern.char_indices().peekable(),
        out: String::with_capacity(pattern.len() + 16),
        group_names: vec![None],
        taken_names: HashSet::new(),
    };
    translator.run()?;
    Ok(Translated { pattern: translator.out, group_names: translator.group_names })
}

struct Translator<'p> {
    source: &'p str,
    chars: Peekable<CharIndices<'p>>,
    out: String,
    group_names: Vec<Option<String>>,
    taken_names: HashSet<String>,
}

impl<'p> Translator<'p> {
    fn rest(&mut self) -> &'p str {
        let at = self.chars.peek().map_or(self.source.len(), |(at, _)| *at);
        &self.source[at..]
    }

    fn skip(&mut self, characters: usize) {
        for _ in 0..characters {
            self.chars.next();
        }
    }

    fn next(&mut self) -> Option<char> {
        self.chars.next().map(|(_, c)| c)
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn run(&mut self) -> Result<(), String> {
        let mut after_repetition = false;
        while let Some(c) = self.next() {
            let mut is_repetition = false;
            match c {
                '*' | '+' | '?' => {
                    self.repetition(&c.to_string(), after_repetition)?;
                    is_repetition = true;
                }
                '{' => match self.counted_repetition()? {
                    Some(count) => {
                        self.repetition(&count, after_repetition)?;
                        is_repetition = true;
                    }
                    None => self.out.push_str("\\{"),
                },
                '(' => self.group()?,
                '[' => self.class()?,
                '\\' => self.escape_outside_class()?,
                ')' | '|' | '^' | '$' | '.' => self.out.push(c),
                c => push_literal(&mut self.out, c),
            }
            after_repetition = is_repetition;
        }
        Ok(())
    }

    /// An operator and the `?` that makes it lazy.
    fn repetition(&mut self, operator: &str, after_repetition: bool) -> Result<(), String> {
        if after_repetition {
            return Err(format!("repetition operators cannot be stacked: {operator:?}"));
        }
        self.out.push_str(operator);
        if self.peek() == Some('?') {
            self.next();
            self.out.push('?');
        }
        Ok(())
    }

    /// `n}`, `n,}` or `n,m}` behind a brace; `None` leaves everything where it is.
    fn counted_repetition(&mut self) -> Result<Option<String>, String> {
        let rest = self.rest();
        let Some(end) = rest.find('}') else { return Ok(None) };
        let inner = &rest[..end];
        let (least, most) = match inner.split_once(',') {
            None => (inner, None),
            Some((least, most)) => (least, Some(most)),
        };
        let number = |text: &str| {
            let leading_zero = text.len() > 1 && text.starts_with('0');
            let is_number = !text.is_empty() && !leading_zero && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u32>().unwrap_or(u32::MAX))
        };
        let Some(least) = number(least) else { return Ok(None) };
        let most = match most {
            None => Some(least),
            Some("") => None,
            Some(text) => match number(text) {
                Some(most) => Some(most),
                None => return Ok(None),
            },
        };
        if least > MOST_REPETITIONS || most.is_some_and(|most| most > MOST_REPETITIONS || most < least) {
            return Err(format!("invalid repeat count: {{{inner}}}"));
        }
        self.skip(end + 1);
        Ok(Some(format!("{{{inner}}}")))
    }

    /// What follows an opening parenthesis, up to its end or to what the group holds.
    fn group(&mut self) -> Result<(), String> {
        if self.peek() != Some('?') {
            self.group_names.push(None);
            self.out.push('(');
            return Ok(());
        }
        let rest = self.rest();
        let name_start = ["?P<", "?<"].into_iter().find(|start| rest.starts_with(start));
        if let Some(start) = name_start {
            let name = rest[start.len()..].split_once('>').map(|(name, _)| name);
            let valid = |name: &&str| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            };
            let Some(name) = name.filter(valid) else {
                return Err(format!("invalid named capture: {:?}", shortened(rest)));
            };
            if !self.taken_names.insert(name.to_owned()) {
                return Err(format!("duplicate capture name: {name:?}"));
            }
            self.skip(start.len() + name.len() + 1);
            self.group_names.push(Some(name.to_owned()));
            self.out.push('(');
            return Ok(());
        }
        self.flags(rest)
    }

    /// `?flags)` or `?flags:`.
    fn flags(&mut self, rest: &str) -> Result<(), String> {
        let unsupported =
            || format!("invalid or unsupported Perl syntax: {:?}", shortened(&format!("({rest}")));
        let end = rest.find([':', ')']).ok_or_else(unsupported)?;
        let flags = &rest[1..end];
        let (on, off) = match flags.split_once('-') {
            None => (flags, None),
            Some((on, off)) => (on, Some(off)),
        };
        let known = |flags: &str| flags.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'U'));
        if !known(on) || off.is_some_and(|off| off.is_empty() || !known(off)) {
            return Err(unsupported());
        }
        self.skip(end + 1);
        let closes = rest.as_bytes()[end] == b')';
        if closes && flags.is_empty() {
            return Ok(());
        }
        // Go lets a flag be said twice, the crate does not.
        let distinct =
            |flags: &str| ['i', 'm', 's', 'U'].into_iter().filter(|f| flags.contains(*f)).collect::<String>();
        let off = off.map(distinct).unwrap_or_default();
        // Said both ways, the last word counts: off.
        let on: String = distinct(on).chars().filter(|f| !off.contains(*f)).collect();
        self.out.push_str("(?");
        self.out.push_str(&on);
        if !off.is_empty() {
            self.out.push('-');
            self.out.push_str(&off);
        }
        self.out.push(if closes { ')' } else { ':' });
        Ok(())
    }

    fn escape_outside_class(&mut self) -> Result<(), String> {
        match self.peek() {
            Some('A') => self.out.push_str("\\A"),
            Some('z') => self.out.push_str("\\z"),
            Some('b') => self.out.push_str("(?-u:\\b)"),
            Some('B') => self.out.push_str("(?-u:\\B)"),
            Some('Q') => {
                self.next();
                let rest = self.rest();
                let (quoted, length) = match rest.split_once("\\E") {
                    Some((quoted, _)) => (quoted, quoted.chars().count() + 2),
                    None => (rest, rest.chars().count()),
                };
                self.skip(length);
                for c in quoted.chars() {
                    push_literal(&mut self.out, c);
                }
                return Ok(());
            }
            _ => {
                match self.escape()? {
                    Escape::Char(c) => push_literal(&mut self.out, c),
                    Escape::Class(class) => {
                        self.out.push('[');
                        self.out.push_str(&class);
                        self.out.push(']');
                    }
                }
                return Ok(());
            }
        }
        self.next();
        Ok(())
    }
}

fn push_literal(out: &mut String, c: char) {
    if regex_syntax::is_meta_character(c) {
        out.push('\\');
    }
    out.push(c);
}

fn shortened(text: &str) -> String {
    text.chars().take(12).collect()
}
