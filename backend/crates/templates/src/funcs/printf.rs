//! Go's `printf`.

use std::sync::Arc;

use super::{Context, float};
use crate::syntax::quote;
use crate::value::{Style, Value, leaf_text, show, show_into};

/// The widest field and the most digits, beyond which Go takes a number for a mistake.
const WIDEST: i64 = 1_000_000;

/// A verb with all that stands before it.
#[derive(Clone, Copy, Default)]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// Whether structs name their fields, which is what `+` asks of `v`.
    named: bool,
    width: Option<usize>,
    precision: Option<usize>,
    verb: char,
}

/// Formats values.
///
/// # Errors
/// When the text grows beyond what it may be; mistakes in the format show in the text instead.
pub(super) fn format(context: &Context<'_>, format: &str, args: &[Value]) -> Result<String, String> {
    let mut state = State { args, next: 0, reordered: false, out: String::new() };
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        state.out.push_str(before);
        rest = state.verb(after);
        context.room(state.out.len())?;
    }
    state.out.push_str(rest);
    state.extra();
    context.room(state.out.len())?;
    Ok(state.out)
}

struct State<'a> {
    args: &'a [Value],
    next: usize,
    reordered: bool,
    out: String,
}

impl State<'_> {
    /// One verb; gives what follows it.
    fn verb<'t>(&mut self, text: &'t str) -> &'t str {
        let mut spec = Spec::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            match c {
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        let mut good = self.index(&mut rest);
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            match self.star() {
                Some(width) => {
                    spec.minus |= width < 0;
                    spec.width = Some(usize::try_from(width.unsigned_abs()).unwrap_or(0));
                }
                None => self.out.push_str("%!(BADWIDTH)"),
            }
            good &= self.index(&mut rest);
        } else {
            spec.width = digits(&mut rest);
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            good &= self.index(&mut rest);
            if let Some(after) = rest.strip_prefix('*') {
                rest = after;
                match self.star() {
                    Some(precision) => spec.precision = usize::try_from(precision).ok(),
                    None => self.out.push_str("%!(BADPREC)"),
                }
            } else {
                spec.precision = Some(digits(&mut rest).unwrap_or(0));
            }
        }
        good &= self.index(&mut rest);
        let Some(verb) = rest.chars().next() else {
            self.out.push_str("%!(NOVERB)");
            return rest;
        };
        rest = &rest[verb.len_utf8()..];
        spec.verb = verb;
        if verb == '%' {
            self.out.push('%');
        } else if !good {
            self.out.push_str(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(value) = self.args.get(self.next) {
            self.next += 1;
            spec.write(value, &mut self.out);
        } else {
            self.out.push_str(&format!("%!{verb}(MISSING)"));
        }
        rest
    }

    /// An explicit index such as `[2]`; false if it is none of an argument's.
    fn index(&mut self, rest: &mut &str) -> bool {
        let Some(inner) = rest.strip_prefix('[') else { return true };
        self.reordered = true;
        let Some((number, after)) = inner.split_once(']') else {
            *rest = inner;
            return false;
        };
        *rest = after;
        match number.parse::<usize>() {
            Ok(index) if index >= 1 && index <= self.args.len() => {
                self.next = index - 1;
                true
            }
            _ => false,
        }
    }

    fn star(&mut self) -> Option<i64> {
        let value = self.args.get(self.next);
        self.next += usize::from(value.is_some());
        match value {
            Some(Value::Int(value)) if value.abs() <= WIDEST => Some(*value),
            _ => None,
        }
    }

    /// Tells of arguments that no verb took.
    fn extra(&mut self) {
        if self.reordered || self.next >= self.args.len() {
            return;
        }
        let told: Vec<String> = self.args[self.next..]
            .iter()
            .map(|arg| match arg {
                Value::Nil => "<nil>".to_owned(),
                arg => format!("{}={}", arg.type_name(), show(arg)),
            })
            .collect();
        self.out.push_str(&format!("%!(EXTRA {})", told.join(", ")));
    }
}

fn digits(rest: &mut &str) -> Option<usize> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(length);
    *rest = after;
    number
        .parse::<i64>()
        .ok()
        .filter(|number| *number <= WIDEST)
        .and_then(|number| usize::try_from(number).ok())
}

impl Spec {
    fn write(&self, value: &Value, out: &mut String) {
        match (self.verb, value) {
            ('v', _) if self.plus => Self { plus: false, named: true, ..*self }.write(value, out),
            ('T', value) => self.pad(value.type_name(), out),
            ('v', Value::Nil) => self.pad("<nil>", out),
            (verb, Value::Nil) => out.push_str(&format!("%!{verb}(<nil>)")),
            _ => {
                let leaf = |value: &Value, out: &mut String| self.leaf(value, out);
                let strings = "vsxXq".contains(self.verb);
                let style = Style { named: self.named, leaf: &leaf, strings };
                show_into(value, &style, out);
            }
        }
    }

    fn leaf(&self, value: &Value, out: &mut String) {
        let verb = self.verb;
        match value {
            Value::Bool(flag) if "tv".contains(verb) => self.pad(&flag.to_string(), out),
            Value::Int(number) => self.integer(*number, value, out),
            Value::Byte(number) => self.integer(i64::from(*number), value, out),
            Value::Float(number) => self.float(*number, value, out),
            Value::Text(text) | Value::SafeHtml(text) | Value::SafeUrl(text) => self.text(text, value, out),
            Value::Duration(_) | Value::Month(_) | Value::Weekday(_) if !"vsxXq".contains(verb) => {
                let number = match value {
                    Value::Duration(duration) => duration.0,
                    Value::Month(number) | Value::Weekday(number) => i64::from(*number),
                    _ => 0,
                };
                self.integer(number, value, out);
            }
            Value::Time(_)
            | Value::Duration(_)
            | Value::Month(_)
            | Value::Weekday(_)
            | Value::Location(_)
            | Value::Histogram(_)
            | Value::Kv(_)
            | Value::Pairs(_) => {
                let text: Arc<str> = leaf_text(value).into();
                self.text(&text, value, out);
            }
            Value::Nil => self.pad("<nil>", out),
            _ => self.bad(value, out),
        }
    }

    fn bad(&self, value: &Value, out: &mut String) {
        let mut text = String::new();
        Self { verb: 'v', ..*self }.leaf(value, &mut text);
        out.push_str(&format!("%!{}({}={text})", self.verb, value.type_name()));
    }

    fn text(&self, text: &str, value: &Value, out: &mut String) {
        let cut: String = match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text.to_owned(),
        };
        match self.verb {
            'v' | 's' => self.pad(&cut, out),
            'q' if self.sharp
                && !cut.contains('`')
                && !cut.contains(|c: char| c.is_control() && c != '\t') =>
            {
                self.pad(&format!("`{cut}`"), out);
            }
            'q' => self.pad(&quote(&cut), out),
            'x' | 'X' => {
                let bytes = text.as_bytes();
                let bytes = &bytes[..self.precision.unwrap_or(bytes.len()).min(bytes.len())];
                let prefix = if self.sharp && !bytes.is_empty() { "0x" } else { "" };
                let parts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let between = if self.space { if self.sharp { " 0x" } else { " " } } else { "" };
                let text = format!("{prefix}{}", parts.join(between));
                self.pad(&if self.verb == 'X' { text.to_uppercase() } else { text }, out);
            }
            _ => self.bad(value, out),
        }
    }

    fn integer(&self, number: i64, value: &Value, out: &mut String) {
        let size = number.unsigned_abs();
        let (digits, prefix) = match self.verb {
            'v' | 'd' => (size.to_string(), ""),
            'b' => (format!("{size:b}"), if self.sharp { "0b" } else { "" }),
            'o' => (format!("{size:o}"), if self.sharp { "0" } else { "" }),
            'O' => (format!("{size:o}"), "0o"),
            'x' => (format!("{size:x}"), if self.sharp { "0x" } else { "" }),
            'X' => (format!("{size:X}"), if self.sharp { "0X" } else { "" }),
            'c' => return self.pad(&character(number).to_string(), out),
            'q' => return self.pad(&quoted_character(character(number)), out),
            'U' => {
                let code = format!("U+{size:04X}");
                let shown = if self.sharp { format!("{code} '{}'", character(number)) } else { code };
                return self.pad(&shown, out);
            }
            _ => return self.bad(value, out),
        };
        let digits = match self.precision {
            Some(0) if number == 0 => String::new(),
            Some(least) => format!("{digits:0>least$}"),
            None => digits,
        };
        self.number(number < 0, prefix, &digits, self.precision.is_none(), out);
    }

    fn float(&self, number: f64, value: &Value, out: &mut String) {
        let text = match self.verb {
            'v' | 'g' => float::general(number, self.precision),
            'G' => float::general(number, self.precision).to_uppercase(),
            'e' => float::exponent(number, Some(self.precision.unwrap_or(6))),
            'E' => float::exponent(number, Some(self.precision.unwrap_or(6))).to_uppercase(),
            'f' | 'F' => float::fixed(number, Some(self.precision.unwrap_or(6))),
            _ => return self.bad(value, out),
        };
        let text = if self.verb == 'G' || self.verb == 'E' { restored(&text) } else { text };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        if number.is_infinite() && number > 0.0 && !self.space {
            return Self { plus: true, zero: false, ..*self }.number(false, "", digits, false, out);
        }
        self.number(negative, "", digits, number.is_finite(), out);
    }

    /// Sign, prefix and digits, with zeros up to the width if the flag says so.
    fn number(&self, negative: bool, prefix: &str, digits: &str, zeros: bool, out: &mut String) {
        let sign = match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        let taken = sign.len() + prefix.len() + digits.len();
        let missing = self.width.unwrap_or(0).saturating_sub(taken);
        if self.zero && zeros && !self.minus && missing > 0 {
            out.push_str(&format!("{sign}{prefix}{}{digits}", "0".repeat(missing)));
        } else {
            Self { zero: false, ..*self }.pad(&format!("{sign}{prefix}{digits}"), out);
        }
    }

    fn pad(&self, text: &str, out: &mut String) {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        let filler = if self.zero && !self.minus { "0" } else { " " };
        if self.minus {
            out.push_str(text);
        }
        out.push_str(&filler.repeat(missing));
        if !self.minus {
            out.push_str(text);
        }
    }
}

/// The names of what is no number keep their case.
fn restored(text: &str) -> String {
    match text {
        "NAN" => "NaN".to_owned(),
        "+INF" => "+Inf".to_owned(),
        "-INF" => "-Inf".to_owned(),
        text => text.to_owned(),
    }
}

fn character(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn quoted_character(c: char) -> String {
    if c == '\'' {
        return "'\\''".to_owned();
    }
    let quoted = quote(&c.to_string());
    let inner = &quoted[1..quoted.len() - 1];
    format!("'{}'", if c == '"' { "\"" } else { inner })
}
