//! OpenMetrics 1.0 text, line by line. Lenient as Prometheus reads it, or with the notation to the letter;
//! the rules about whole families are in `strict`.

use model::MetricType;

use crate::entry::{Entry, Origin, RawExemplar, Series};
use crate::error::{ParseError, shown};
use crate::labels::{LabelScratch, Notation, end_of_string};
use crate::metadata::{family_name, unescaped, utf8};
use crate::number::{parse_float, parse_seconds};

pub(crate) struct OpenMetricsParser<'a> {
    body: &'a [u8],
    at: usize,
    metric_type: MetricType,
    strict: bool,
    /// Where the current line begins; the strict checks report it.
    pub(crate) line_start: usize,
}

/// The line end every line but `# EOF` must have.
const NO_EOF: &str = "the body does not end with \"# EOF\"";

impl<'a> OpenMetricsParser<'a> {
    pub(crate) fn new(body: &'a [u8], strict: bool) -> Self {
        Self { body, at: 0, metric_type: MetricType::Unknown, strict, line_start: 0 }
    }

    pub(crate) fn error(&self, offset: usize, why: impl Into<String>) -> ParseError {
        ParseError::in_text(self.body, offset, why)
    }

    #[inline]
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        let start = self.at;
        self.line_start = start;
        let rest = &self.body[start..];
        let line = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..end]);
        if line.first() == Some(&b'#') {
            if line == b"# EOF" {
                self.at = (start + line.len() + 1).min(self.body.len());
                if self.at < self.body.len() {
                    return Err(self.error(self.at, "unexpected data after \"# EOF\""));
                }
                return Ok(None);
            }
            if line.len() < rest.len() {
                self.at = start + line.len() + 1;
                return self.metadata(start, line).map(Some);
            }
        }
        if line.len() == rest.len() {
            let at = if line.starts_with(b"# EOF") { start + 5 } else { self.body.len() };
            return Err(self.error(at, NO_EOF));
        }
        self.at = start + line.len() + 1;
        self.series(start, line).map(Some)
    }

    #[inline]
    fn series(&mut self, offset: usize, line: &'a [u8]) -> Result<Entry<'a>, ParseError> {
        let notation = if self.strict { Notation::Strict } else { Notation::OpenMetrics };
        let origin = Origin { body: self.body, offset, notation, metric_type: self.metric_type };
        let has_hash = memchr::memchr(b'#', line).is_some();
        let raw_end = if has_hash {
            end_of_series(line)
        } else {
            match memchr::memrchr(b'}', line) {
                Some(brace) => brace + 1,
                None => memchr::memchr(b' ', line).unwrap_or(line.len()),
            }
        };
        let raw = &line[..raw_end];
        let Some((value_start, value_end)) = word(line, raw_end) else {
            return Err(self.bad_series(origin, raw, line, raw_end));
        };
        let Some(value) = parse_float(&line[value_start..value_end]) else {
            return Err(self.bad_series(origin, raw, line, raw_end));
        };
        let mut series = Series {
            raw,
            timestamp_ms: None,
            value,
            start_ms: None,
            also_native: false,
            exemplar: None,
            origin,
        };
        if value_end < line.len() {
            self.after_value(&mut series, offset, line, value_end)?;
        }
        Ok(Entry::Series(series))
    }

    /// `[ timestamp][ # exemplar]`, from `at` to the end of the line.
    fn after_value(
        &self,
        series: &mut Series<'a>,
        offset: usize,
        line: &'a [u8],
        mut at: usize,
    ) -> Result<(), ParseError> {
        if !line[at..].starts_with(b" # {") {
            let (timestamp, end) = self.timestamp(offset, line, at)?;
            series.timestamp_ms = Some(timestamp);
            at = end;
        }
        if at == line.len() {
            return Ok(());
        }
        if !line[at..].starts_with(b" # {") {
            let why =
                format!("expected \" # {{\" of an exemplar or a line end, found {}", shown(&line[at..]));
            return Err(self.error(offset + at, why));
        }
        let labels_start = at + 3;
        let labels_end = end_of_braces(line, labels_start)
            .ok_or_else(|| self.error(offset + labels_start, "the exemplar's labels are not closed"))?;
        let Some((value_start, value_end)) = word(line, labels_end) else {
            let why =
                format!("expected a blank and the exemplar's value, found {}", shown(&line[labels_end..]));
            return Err(self.error(offset + labels_end, why));
        };
        let text = &line[value_start..value_end];
        let value = parse_float(text).ok_or_else(|| {
            self.error(
                offset + value_start,
                format!("expected a number as the exemplar's value, found {}", shown(text)),
            )
        })?;
        let mut timestamp_ms = None;
        if value_end < line.len() {
            let (timestamp, end) = self.timestamp(offset, line, value_end)?;
            if end < line.len() {
                let why = format!("expected a line end after the exemplar, found {}", shown(&line[end..]));
                return Err(self.error(offset + end, why));
            }
            timestamp_ms = Some(timestamp);
        }
        series.exemplar = Some(RawExemplar {
            raw: &line[labels_start..labels_end],
            value,
            timestamp_ms,
            origin: Origin {
                body: self.body,
                offset: offset + labels_start,
                notation: Notation::Exemplar { strict: self.strict },
                metric_type: MetricType::Unknown,
            },
        });
        Ok(())
    }

    fn timestamp(&self, offset: usize, line: &[u8], at: usize) -> Result<(i64, usize), ParseError> {
        let fail = |at: usize| {
            let found = shown(&line[at..]);
            self.error(offset + at, format!("expected a timestamp in seconds or a line end, found {found}"))
        };
        let (start, end) = word(line, at).ok_or_else(|| fail(at))?;
        let timestamp = parse_seconds(&line[start..end]).ok_or_else(|| fail(start))?;
        Ok((timestamp, end))
    }

    #[cold]
    fn bad_series(&self, origin: Origin<'a>, raw: &[u8], line: &[u8], raw_end: usize) -> ParseError {
        if let Err(error) = origin.decode(raw, &mut LabelScratch::default()) {
            return error;
        }
        let found = match &line[raw_end..] {
            [] => "a line end".to_owned(),
            rest => shown(rest),
        };
        let at = origin.offset + raw_end;
        self.error(at, format!("expected a single blank and a number after the series, found {found}"))
    }

    fn metadata(&mut self, offset: usize, line: &'a [u8]) -> Result<Entry<'a>, ParseError> {
        let fail = |at: usize, why: String| ParseError::in_text(self.body, offset + at, why);
        let keyword = match line.get(..7) {
            Some(b"# HELP ") => b'H',
            Some(b"# TYPE ") => b'T',
            Some(b"# UNIT ") => b'U',
            _ => {
                let why =
                    "OpenMetrics allows only \"# HELP\", \"# TYPE\", \"# UNIT\" and \"# EOF\", no comments";
                return Err(fail(0, why.to_owned()));
            }
        };
        let (family, length) =
            family_name(&line[7..], !self.strict).map_err(|(at, why)| fail(7 + at, why))?;
        let name_end = 7 + length;
        if line.get(name_end) != Some(&b' ') {
            return Err(fail(name_end, "expected a blank after the metric name".to_owned()));
        }
        let start = name_end + 1;
        let text = utf8(&line[start..]).map_err(|(at, why)| fail(start + at, why))?;
        match keyword {
            b'H' => Ok(Entry::Help { family, help: unescaped(text, true) }),
            b'T' => {
                let metric_type = metric_type(text)
                    .ok_or_else(|| fail(start, format!("invalid metric type {}", shown(text.as_bytes()))))?;
                self.metric_type = metric_type;
                Ok(Entry::Type { family, metric_type })
            }
            _ => {
                let is_suffix = family.strip_suffix(text).is_some_and(|rest| rest.ends_with('_'));
                if !text.is_empty() && !is_suffix {
                    let why = format!("unit {text:?} is not a suffix of metric {family:?}");
                    return Err(fail(start, why));
                }
                Ok(Entry::Unit { family, unit: text.into() })
            }
        }
    }
}

fn metric_type(text: &str) -> Option<MetricType> {
    Some(match text {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "gaugehistogram" => MetricType::GaugeHistogram,
        "summary" => MetricType::Summary,
        "info" => MetricType::Info,
        "stateset" => MetricType::StateSet,
        "unknown" => MetricType::Unknown,
        _ => return None,
    })
}

/// The word behind the single blank at `at`: where it begins and ends.
#[inline]
fn word(line: &[u8], at: usize) -> Option<(usize, usize)> {
    if line.get(at) != Some(&b' ') {
        return None;
    }
    let start = at + 1;
    let rest = &line[start..];
    let length = rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
    (length > 0).then_some((start, start + length))
}

/// Where the series of a line with a `#` ends: behind its own braces, or at the first blank.
fn end_of_series(line: &[u8]) -> usize {
    match memchr::memchr2(b' ', b'{', line) {
        Some(at) if line[at] == b'{' => end_of_braces(line, at).unwrap_or(line.len()),
        Some(at) => at,
        None => line.len(),
    }
}

/// The first byte behind the braces that open at `at`; braces inside strings do not count.
fn end_of_braces(line: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'}', line.get(at..)?)?;
        if line[at] == b'}' {
            return Some(at + 1);
        }
        at = end_of_string(line, at + 1)? + 1;
    }
}
