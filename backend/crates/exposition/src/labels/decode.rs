//! Taking apart a label set in text notation: names bare or quoted, escapes, commas. Everything that is
//! checked about a label set except that names are unique is checked here.

use std::ops::Range;

use model::{BUCKET_LABEL, METRIC_NAME, MetricType, QUANTILE_LABEL};

use super::{Complaint, LabelScratch, Notation, Pair, end_of_string, unescape};
use crate::error::shown;
use crate::number::{format_float, parse_float};

pub(super) struct Decoder<'r, 's> {
    raw: &'r [u8],
    at: usize,
    notation: Notation,
    metric_type: MetricType,
    out: &'s mut LabelScratch,
}

impl<'r, 's> Decoder<'r, 's> {
    pub(super) fn new(
        raw: &'r [u8],
        notation: Notation,
        metric_type: MetricType,
        out: &'s mut LabelScratch,
    ) -> Self {
        Self { raw, at: 0, notation, metric_type, out }
    }

    fn peek(&self) -> Option<u8> {
        self.raw.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.notation.free_blanks() && matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn complaint<T>(&self, expected: &str) -> Result<T, Complaint> {
        let found = match self.raw.get(self.at..) {
            Some(rest) if !rest.is_empty() => shown(rest),
            _ => "the end of the label set".to_owned(),
        };
        Err((self.at, format!("expected {expected}, found {found}")))
    }

    pub(super) fn label_set(mut self) -> Result<(), Complaint> {
        let of_exemplar = matches!(self.notation, Notation::Exemplar { .. });
        let mut named = of_exemplar;
        if !of_exemplar && self.peek() != Some(b'{') {
            let name = self.identifier(true, "a metric name")?;
            self.out.text.reserve(self.raw.len() + 16);
            self.push_name(METRIC_NAME);
            self.push_value(name)?;
            named = true;
            self.skip_blanks();
        }
        if self.at < self.raw.len() {
            if self.peek() != Some(b'{') {
                return self.complaint("\"{\"");
            }
            self.at += 1;
            self.braces(&mut named)?;
        }
        if self.at < self.raw.len() {
            return self.complaint("a value after the labels");
        }
        if named { Ok(()) } else { Err((0, "the metric name is missing".to_owned())) }
    }

    fn braces(&mut self, named: &mut bool) -> Result<(), Complaint> {
        let mut first = true;
        loop {
            self.skip_blanks();
            let quoted = match self.peek() {
                Some(b'}') if first || !self.notation.is_strict() => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'"') if !self.notation.is_strict() => true,
                Some(b) if b.is_ascii_alphabetic() || b == b'_' => false,
                _ => return self.complaint("a label name"),
            };
            first = false;
            let name_at = self.at;
            let name = if quoted { self.quoted()? } else { self.identifier(false, "a label name")? };
            self.skip_blanks();
            if quoted && matches!(self.peek(), Some(b',' | b'}')) {
                if *named {
                    let why = "a label value is missing, or the metric name is there twice";
                    return Err((name_at, why.to_owned()));
                }
                self.push_name(METRIC_NAME);
                self.push_value(name)?;
                self.non_empty_name(name_at)?;
                *named = true;
            } else {
                if name.is_empty() {
                    return Err((name_at, "a label name is empty".to_owned()));
                }
                if self.peek() != Some(b'=') {
                    return self.complaint("\"=\" after the label name");
                }
                self.at += 1;
                self.skip_blanks();
                if self.peek() != Some(b'"') {
                    return self.complaint("a label value in double quotes");
                }
                let start = self.out.text.len();
                self.push_unescaped(name)?;
                self.out.pairs.push(Pair { start, middle: self.out.text.len(), end: 0 });
                let value = self.quoted()?;
                let value_at = value.start;
                self.push_value(value)?;
                self.normalise(value_at)?;
            }
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'"' | b'_' | b'a'..=b'z' | b'A'..=b'Z') if self.notation == Notation::Text => {}
                _ => return self.complaint("\",\" or \"}\""),
            }
            if self.notation.is_strict() && self.peek() == Some(b'}') {
                return self.complaint("a label name");
            }
        }
    }

    fn non_empty_name(&self, at: usize) -> Result<(), Complaint> {
        match self.out.pairs.last() {
            Some(pair) if pair.middle < pair.end => Ok(()),
            _ => Err((at, "the metric name is empty".to_owned())),
        }
    }

    /// Reads a name of the classic character set; returns where it lies.
    fn identifier(&mut self, colon: bool, what: &str) -> Result<Range<usize>, Complaint> {
        let start = self.at;
        while let Some(b) = self.peek() {
            let ok = b.is_ascii_alphabetic() || b == b'_' || (colon && b == b':');
            if !(ok || (self.at > start && b.is_ascii_digit())) {
                break;
            }
            self.at += 1;
        }
        if self.at == start { self.complaint(what) } else { Ok(start..self.at) }
    }

    /// Steps over a string in double quotes; returns what lies between them, still escaped.
    fn quoted(&mut self) -> Result<Range<usize>, Complaint> {
        let start = self.at + 1;
        match end_of_string(self.raw, start) {
            Some(end) => {
                self.at = end + 1;
                Ok(start..end)
            }
            None => Err((self.at, "the string is not terminated".to_owned())),
        }
    }

    fn push_name(&mut self, name: &str) {
        let start = self.out.text.len();
        self.out.text.push_str(name);
        self.out.pairs.push(Pair { start, middle: self.out.text.len(), end: 0 });
    }

    fn push_value(&mut self, range: Range<usize>) -> Result<(), Complaint> {
        self.push_unescaped(range)?;
        let end = self.out.text.len();
        if let Some(pair) = self.out.pairs.last_mut() {
            pair.end = end;
        }
        Ok(())
    }

    fn push_unescaped(&mut self, range: Range<usize>) -> Result<(), Complaint> {
        let start = range.start;
        match std::str::from_utf8(&self.raw[range]) {
            Ok(text) => {
                unescape(&mut self.out.text, text, true);
                Ok(())
            }
            Err(error) => Err((start + error.valid_up_to(), "invalid UTF-8".to_owned())),
        }
    }

    /// Puts the bound of a bucket or quantile, just decoded, in its normal form.
    fn normalise(&mut self, at: usize) -> Result<(), Complaint> {
        let label = match self.metric_type {
            MetricType::Histogram | MetricType::GaugeHistogram => BUCKET_LABEL,
            MetricType::Summary => QUANTILE_LABEL,
            _ => return Ok(()),
        };
        let Some(pair) = self.out.pairs.last_mut() else { return Ok(()) };
        let text = &mut self.out.text;
        if &text[pair.start..pair.middle] != label {
            return Ok(());
        }
        if let Some(number) = parse_float(&text.as_bytes()[pair.middle..pair.end]) {
            let normal = format_float(number);
            if self.notation.is_strict() && !number.is_finite() && text[pair.middle..pair.end] != normal {
                return Err((at, format!("this number is written {normal:?}")));
            }
            text.truncate(pair.middle);
            text.push_str(&normal);
            pair.end = text.len();
        }
        Ok(())
    }
}
