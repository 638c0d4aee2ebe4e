//! Text 0.0.4, as Prometheus 3 reads it: quoted UTF-8 names, free blanks, comments.
//!
//! One deviation: a line feed inside a label value must be escaped (as the format says; Prometheus lets a
//! bare one pass), so that an unterminated string is reported on its own line.

use model::MetricType;

use crate::entry::{Entry, Origin, Series};
use crate::error::{ParseError, shown};
use crate::labels::{LabelScratch, Notation};
use crate::metadata::{family_name, unescaped, utf8};
use crate::number::{parse_float, parse_milliseconds};

pub(crate) struct TextParser<'a> {
    body: &'a [u8],
    at: usize,
    metric_type: MetricType,
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

fn skip_blanks(line: &[u8], mut at: usize) -> usize {
    while line.get(at).is_some_and(|b| is_blank(*b)) {
        at += 1;
    }
    at
}

fn skip_word(line: &[u8], mut at: usize) -> usize {
    while line.get(at).is_some_and(|b| !is_blank(*b)) {
        at += 1;
    }
    at
}

impl<'a> TextParser<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0, metric_type: MetricType::Unknown }
    }

    #[inline]
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        while self.at < self.body.len() {
            let start = self.at;
            let rest = &self.body[start..];
            let line = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..end]);
            self.at = start + line.len() + 1;
            let indent = skip_blanks(line, 0);
            match line.get(indent) {
                None => {}
                Some(b'#') => return self.comment(start + indent, &line[indent..]).map(Some),
                Some(_) => return self.series(start + indent, &line[indent..]).map(Some),
            }
        }
        Ok(None)
    }

    #[inline]
    fn series(&mut self, offset: usize, line: &'a [u8]) -> Result<Entry<'a>, ParseError> {
        // After the labels come only numbers, so the last brace of the line closes them.
        let raw_end = match memchr::memrchr(b'}', line) {
            Some(brace) => brace + 1,
            None => skip_word(line, 0),
        };
        let raw = &line[..raw_end];
        let origin =
            Origin { body: self.body, offset, notation: Notation::Text, metric_type: self.metric_type };
        let value_start = skip_blanks(line, raw_end);
        let value_end = skip_word(line, value_start);
        let Some(value) = parse_float(&line[value_start..value_end]) else {
            return Err(self.bad_series(origin, raw, line, value_start, value_end));
        };
        let mut timestamp_ms = None;
        let timestamp_start = skip_blanks(line, value_end);
        if timestamp_start < line.len() {
            let timestamp_end = skip_word(line, timestamp_start);
            let text = &line[timestamp_start..timestamp_end];
            timestamp_ms = parse_milliseconds(text);
            let error = |at, why| Err(ParseError::in_text(self.body, offset + at, why));
            if timestamp_ms.is_none() {
                let why =
                    format!("expected a timestamp in milliseconds or a line end, found {}", shown(text));
                return error(timestamp_start, why);
            }
            let end = skip_blanks(line, timestamp_end);
            if end < line.len() {
                let why = format!("expected a line end after the timestamp, found {}", shown(&line[end..]));
                return error(end, why);
            }
        }
        Ok(Entry::Series(Series {
            raw,
            timestamp_ms,
            value,
            start_ms: None,
            also_native: false,
            exemplar: None,
            origin,
        }))
    }

    #[cold]
    fn bad_series(
        &self,
        origin: Origin<'a>,
        raw: &[u8],
        line: &[u8],
        start: usize,
        end: usize,
    ) -> ParseError {
        // A broken label set is the likelier cause: it moves where the value is looked for.
        if let Err(error) = origin.decode(raw, &mut LabelScratch::default()) {
            return error;
        }
        let why = match &line[start..end] {
            [] => "expected a value after the series".to_owned(),
            text => format!("expected a number, found {}", shown(text)),
        };
        ParseError::in_text(self.body, origin.offset + start, why)
    }

    fn comment(&mut self, offset: usize, line: &'a [u8]) -> Result<Entry<'a>, ParseError> {
        let keyword_start = skip_blanks(line, 1);
        let keyword_end = skip_word(line, keyword_start);
        let keyword = &line[keyword_start..keyword_end];
        let is_metadata = keyword_start > 1
            && matches!(keyword, b"HELP" | b"TYPE")
            && line.get(keyword_end).is_some_and(|b| is_blank(*b));
        if !is_metadata {
            return Ok(Entry::Comment(line));
        }
        let fail = |at: usize, why: String| ParseError::in_text(self.body, offset + at, why);
        let name_start = skip_blanks(line, keyword_end);
        let (family, length) =
            family_name(&line[name_start..], true).map_err(|(at, why)| fail(name_start + at, why))?;
        let name_end = name_start + length;
        // Exactly one blank separates name and text; more belong to the text.
        let text_start = match line.get(name_end) {
            None => name_end,
            Some(b) if is_blank(*b) => name_end + 1,
            Some(_) => return Err(fail(name_end, "expected a blank after the metric name".to_owned())),
        };
        let text = &line[text_start..];
        if keyword == b"HELP" {
            let help = utf8(text).map_err(|(at, why)| fail(text_start + at, why))?;
            return Ok(Entry::Help { family, help: unescaped(help, false) });
        }
        let metric_type = match text {
            b"counter" => MetricType::Counter,
            b"gauge" => MetricType::Gauge,
            b"histogram" => MetricType::Histogram,
            b"summary" => MetricType::Summary,
            b"untyped" => MetricType::Unknown,
            _ => {
                let why = format!(
                    "invalid metric type {}; text 0.0.4 knows counter, gauge, histogram, summary and untyped",
                    shown(text)
                );
                return Err(fail(text_start, why));
            }
        };
        self.metric_type = metric_type;
        Ok(Entry::Type { family, metric_type })
    }
}
