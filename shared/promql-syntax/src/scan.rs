//! Finding where a token ends: words, numbers, durations, strings. Knows nothing of context.

use crate::literal::{self, StringError};
use crate::token::LexError;

pub(crate) fn is_word_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

pub(crate) fn is_word(b: u8) -> bool {
    is_word_start(b) || b.is_ascii_digit()
}

/// The end of the run of bytes from `start` on for which `keep` says yes.
pub(crate) fn run(bytes: &[u8], start: usize, keep: impl Fn(u8) -> bool) -> usize {
    start + bytes[start..].iter().take_while(|b| keep(**b)).count()
}

/// What a digit (or `.` and a digit) began.
pub(crate) enum Numeric {
    Number,
    Duration,
    Bad,
}

/// Scans a number or duration. Whether it has a value is for the parser to find out.
pub(crate) fn numeric(bytes: &[u8], start: usize) -> (Numeric, usize) {
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let ends = |i: usize| !is_word(at(i)) && at(i) != b'.';
    if at(start) == b'0' && matches!(at(start + 1), b'x' | b'X') {
        let end = run(bytes, start + 2, |b| b.is_ascii_hexdigit() || b == b'_');
        if ends(end) && end > start + 2 {
            return (Numeric::Number, end);
        }
        return (Numeric::Bad, run(bytes, start, |b| is_word(b) || b == b'.'));
    }
    let digits = |i: usize| run(bytes, i, |b| b.is_ascii_digit() || b == b'_');
    let mut end = digits(start);
    if at(end) == b'.' {
        end = digits(end + 1);
    }
    if matches!(at(end), b'e' | b'E') {
        let sign = usize::from(matches!(at(end + 1), b'+' | b'-'));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    if ends(end) {
        return (Numeric::Number, end);
    }
    let end = duration(bytes, run(bytes, start, |b| b.is_ascii_digit()));
    if let Some(end) = end.filter(|end| ends(*end)) {
        return (Numeric::Duration, end);
    }
    (Numeric::Bad, run(bytes, start, |b| is_word(b) || b == b'.'))
}

/// Scans the rest of a duration; its first digits end at `at`.
fn duration(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let unit = bytes.get(at)?;
        if !b"smhdwy".contains(unit) {
            return None;
        }
        at += 1;
        if *unit == b'm' && bytes.get(at) == Some(&b's') {
            at += 1;
        }
        let digits = run(bytes, at, |b| b.is_ascii_digit());
        if digits == at {
            return Some(at);
        }
        at = digits;
    }
}

/// Scans a string. Goes on to the closing quote even past a wrong escape, so that what follows is read
/// as what it is.
pub(crate) fn string(text: &str, start: usize) -> (Result<(), LexError>, usize) {
    let quote = text.as_bytes()[start];
    let mut error = Ok(());
    let mut at = start + 1;
    loop {
        let Some(b) = text.as_bytes().get(at) else {
            let unterminated =
                if quote == b'`' { LexError::UnterminatedRawString } else { LexError::UnterminatedString };
            return (error.and(Err(unterminated)), at);
        };
        match *b {
            b if b == quote => {
                at += 1;
                break;
            }
            b'\n' if quote != b'`' => return (error.and(Err(LexError::UnterminatedString)), at),
            b'\\' if quote != b'`' => {
                let (escape, rest) = literal::read_escape(&text[at + 1..], quote as char);
                if let Err(e) = escape {
                    error = error.and(Err(e.into()));
                }
                at = text.len() - rest.len();
            }
            _ => at += 1,
        }
    }
    (error, at)
}

impl From<StringError> for LexError {
    fn from(error: StringError) -> Self {
        match error {
            StringError::UnknownEscape(c) => Self::UnknownEscape(c),
            StringError::IllegalCharacter(c) => Self::IllegalEscape(c),
            StringError::Unterminated => Self::UnterminatedEscape,
            StringError::InvalidCodePoint => Self::InvalidCodePoint,
            StringError::NotUtf8 => Self::NotUtf8,
        }
    }
}
