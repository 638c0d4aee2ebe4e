//! Reading a `ReadRequest`.

use model::{CompiledMatcher, MatchOp, Matcher, TimeRange};

use crate::read::{ReadQuery, ReadRequest};
use crate::wire::{Reader, WireError, bytes, varint};
use crate::{RequestError, snappy};

const MESSAGE: &str = "prometheus.ReadRequest";
/// Queries of a request, and matchers of a query.
const QUERIES_MAX: usize = 1_000;
const MATCHERS_MAX: usize = 1_000;
/// A request of more bytes is refused: even long lists in regular expressions are far smaller.
const BODY_BYTES_MAX: usize = 4 << 20;

/// Reads a packed request.
///
/// # Errors
/// When the body cannot be read, is too large, or a matcher is no matcher.
pub fn decode(packed: &[u8]) -> Result<ReadRequest, RequestError> {
    let mut buffer = Vec::new();
    let body = snappy::unpack(packed, BODY_BYTES_MAX, &mut buffer)?;
    let wire = |error| RequestError::Protobuf { message: MESSAGE, error };
    let mut request = ReadRequest::default();
    let mut fields = Reader::new(body);
    while let Some(tag) = fields.tag().map_err(wire)? {
        const QUERY: u32 = bytes(1);
        match tag {
            QUERY => {
                if request.queries.len() >= QUERIES_MAX {
                    return Err(RequestError::Invalid(format!("there are more than {QUERIES_MAX} queries")));
                }
                let message = fields.message().map_err(wire)?;
                request.queries.push(read_query(message).map_err(wire)?.compile()?);
            }
            other => read_accepted(&mut fields, other, &mut request.accepted).map_err(wire)?,
        }
    }
    Ok(request)
}

/// Response types, packed or one by one. No more are kept than there could ever be.
fn read_accepted(fields: &mut Reader<'_>, tag: u32, out: &mut Vec<u64>) -> Result<(), WireError> {
    const ONE: u32 = varint(2);
    const PACKED: u32 = bytes(2);
    const KEPT: usize = 16;
    match tag {
        ONE => {
            let number = fields.number()?;
            if out.len() < KEPT {
                out.push(number);
            }
        }
        PACKED => {
            let mut packed = fields.message()?;
            while !packed.is_empty() {
                let number = packed.number()?;
                if out.len() < KEPT {
                    out.push(number);
                }
            }
        }
        other => fields.skip(other)?,
    }
    Ok(())
}

/// A query whose matchers are not looked at yet.
#[derive(Default)]
struct RawQuery<'a> {
    start_ms: i64,
    end_ms: i64,
    matchers: Vec<(u64, &'a [u8], &'a [u8])>,
    step_ms: i64,
    range_ms: i64,
}

fn read_query(mut message: Reader<'_>) -> Result<RawQuery<'_>, WireError> {
    const START: u32 = varint(1);
    const END: u32 = varint(2);
    const MATCHER: u32 = bytes(3);
    const HINTS: u32 = bytes(4);
    let mut query = RawQuery::default();
    while let Some(tag) = message.tag()? {
        match tag {
            START => query.start_ms = message.int()?,
            END => query.end_ms = message.int()?,
            MATCHER => {
                if query.matchers.len() >= MATCHERS_MAX {
                    return Err(message.error("a query has more than 1000 matchers"));
                }
                query.matchers.push(read_matcher(message.message()?)?);
            }
            HINTS => read_hints(message.message()?, &mut query)?,
            other => message.skip(other)?,
        }
    }
    Ok(query)
}

fn read_matcher(mut message: Reader<'_>) -> Result<(u64, &[u8], &[u8]), WireError> {
    const TYPE: u32 = varint(1);
    const NAME: u32 = bytes(2);
    const VALUE: u32 = bytes(3);
    let (mut kind, mut name, mut value): (u64, &[u8], &[u8]) = (0, &[], &[]);
    while let Some(tag) = message.tag()? {
        match tag {
            TYPE => kind = message.number()?,
            NAME => name = message.message()?.rest(),
            VALUE => value = message.message()?.rest(),
            other => message.skip(other)?,
        }
    }
    Ok((kind, name, value))
}

fn read_hints(mut message: Reader<'_>, query: &mut RawQuery<'_>) -> Result<(), WireError> {
    const STEP: u32 = varint(1);
    const RANGE: u32 = varint(7);
    while let Some(tag) = message.tag()? {
        match tag {
            STEP => query.step_ms = message.int()?,
            RANGE => query.range_ms = message.int()?,
            other => message.skip(other)?,
        }
    }
    Ok(())
}

impl RawQuery<'_> {
    fn compile(self) -> Result<ReadQuery, RequestError> {
        let mut matchers = Vec::with_capacity(self.matchers.len());
        for (kind, name, value) in self.matchers {
            let op = match kind {
                0 => MatchOp::Equal,
                1 => MatchOp::NotEqual,
                2 => MatchOp::Regex,
                3 => MatchOp::NotRegex,
                other => return Err(RequestError::Invalid(format!("matcher type {other} is not known"))),
            };
            let (Ok(name), Ok(value)) = (str::from_utf8(name), str::from_utf8(value)) else {
                return Err(RequestError::Invalid("a matcher is not UTF-8".to_owned()));
            };
            let matcher = Matcher::new(name, op, value);
            let compiled = CompiledMatcher::new(matcher)
                .map_err(|error| RequestError::Invalid(format!("matcher {name}{op}{value:?}: {error}")))?;
            matchers.push(compiled);
        }
        Ok(ReadQuery {
            range: TimeRange::new(self.start_ms, self.end_ms),
            matchers,
            step_ms: self.step_ms,
            range_ms: self.range_ms,
        })
    }
}
