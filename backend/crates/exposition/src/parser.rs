//! One parser for all formats.

use crate::content_type::Format;
use crate::created::CreatedParser;
use crate::entry::Entry;
use crate::error::ParseError;
use crate::openmetrics::OpenMetricsParser;
use crate::protobuf::ProtobufParser;
use crate::strict::StrictParser;
use crate::text::TextParser;

/// Walks a body from front to back.
pub struct Parser<'a> {
    inner: Inner<'a>,
    done: bool,
}

enum Inner<'a> {
    Text(TextParser<'a>),
    OpenMetrics(OpenMetricsParser<'a>),
    Created(Box<CreatedParser<'a>>),
    Strict(Box<StrictParser<'a>>),
    Protobuf(Box<ProtobufParser<'a>>),
}

impl<'a> Parser<'a> {
    /// A parser as lenient as Prometheus is when it scrapes.
    #[must_use]
    pub fn new(body: &'a [u8], format: Format) -> Self {
        let inner = match format {
            Format::Text => Inner::Text(TextParser::new(body)),
            Format::OpenMetrics => Inner::OpenMetrics(OpenMetricsParser::new(body, false)),
            Format::Protobuf => Inner::Protobuf(Box::new(ProtobufParser::prometheus(body))),
            Format::OpenMetricsProtobuf => Inner::Protobuf(Box::new(ProtobufParser::openmetrics(body))),
        };
        Self { inner, done: false }
    }

    /// A parser that reads the `_created` lines of OpenMetrics text as [`Series::start_ms`](crate::Series::start_ms)
    /// of the samples they are about, and hands out no samples of them. Labels are decoded while it walks.
    /// The other formats tell the start with the sample anyway.
    #[must_use]
    pub fn with_starts(body: &'a [u8], format: Format) -> Self {
        match format {
            Format::OpenMetrics => {
                Self { inner: Inner::Created(Box::new(CreatedParser::new(body))), done: false }
            }
            other => Self::new(body, other),
        }
    }

    /// A parser that refuses whatever the OpenMetrics 1.0 text format forbids: families that are split or
    /// clash, samples that do not fit their type, histograms that contradict themselves, and so on.
    #[must_use]
    pub fn strict_openmetrics(body: &'a [u8]) -> Self {
        Self { inner: Inner::Strict(Box::new(StrictParser::new(body))), done: false }
    }

    /// The next entry; `None` at the end of a well-formed body and after an error.
    ///
    /// # Errors
    /// When the body is malformed. What was handed out before stays right; nothing comes after.
    #[inline]
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, ParseError> {
        if self.done {
            return Ok(None);
        }
        let next = match &mut self.inner {
            Inner::Text(parser) => parser.next_entry(),
            Inner::OpenMetrics(parser) => parser.next_entry(),
            Inner::Created(parser) => parser.next_entry(),
            Inner::Strict(parser) => parser.next_entry(),
            Inner::Protobuf(parser) => parser.next_entry(),
        };
        if !matches!(next, Ok(Some(_))) {
            self.done = true;
        }
        next
    }
}
