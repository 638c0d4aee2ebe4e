//! The message `Histogram`, which is the same in all versions of the protocols.
//!
//! Source: `prompb/types.proto` and `io/prometheus/write/v2/types.proto` of Prometheus.

use model::{Histogram, ResetHint, Span, TimestampMs};

use crate::wire::{
    Reader, WireError, bytes, fixed64, put_double, put_message, put_number, put_varint, varint,
};
use crate::wire::{put_bytes, zigzag};

/// Buckets or spans on one side; far more than any client makes.
const BUCKETS_MAX: usize = 10_000;

const COUNT: u32 = varint(1);
const FLOAT_COUNT: u32 = fixed64(2);
const SUM: u32 = fixed64(3);
const SCHEMA: u32 = varint(4);
const ZERO_THRESHOLD: u32 = fixed64(5);
const ZERO_COUNT: u32 = varint(6);
const FLOAT_ZERO_COUNT: u32 = fixed64(7);
const NEGATIVE_SPANS: u32 = bytes(8);
const POSITIVE_SPANS: u32 = bytes(11);
const RESET_HINT: u32 = varint(14);
const TIMESTAMP: u32 = varint(15);
const START: u32 = varint(17);

/// One side of a histogram while it is read: spans, and buckets as deltas or as counts.
#[derive(Default)]
struct Side {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl Side {
    /// The populations; `None` when the deltas leave the range of numbers.
    fn buckets(&mut self, float: bool) -> Option<Vec<f64>> {
        if float {
            return Some(std::mem::take(&mut self.counts));
        }
        let mut count = 0_i64;
        let absolute = self.deltas.iter().map(|delta| {
            count = count.checked_add(*delta)?;
            Some(count as f64)
        });
        absolute.collect()
    }

    fn total(&self) -> Option<i64> {
        let (mut count, mut total) = (0_i64, 0_i64);
        for delta in &self.deltas {
            count = count.checked_add(*delta)?;
            total = total.checked_add(count)?;
        }
        Some(total)
    }
}

/// When the counters of a histogram began, in milliseconds since the epoch; 0: not said.
pub(crate) fn start(message: Reader<'_>) -> Result<TimestampMs, WireError> {
    message.int_of(START)
}

/// Reads a histogram with its time. The inner error tells what contradicts itself.
pub(crate) fn read(message: Reader<'_>) -> Result<(TimestampMs, Result<Histogram, String>), WireError> {
    let (mut count, mut float_count, mut zero_count, mut float_zero_count) = (0, 0.0, 0, 0.0);
    let (mut float, mut timestamp, mut hint) = (false, 0, 0);
    let (mut negative, mut positive) = (Side::default(), Side::default());
    let mut histogram = Histogram::default();
    let mut fields = message;
    while let Some(tag) = fields.tag()? {
        match tag {
            COUNT => count = fields.number()?,
            FLOAT_COUNT => {
                float = true;
                float_count = fields.double()?;
            }
            SUM => histogram.sum = fields.double()?,
            SCHEMA => histogram.schema = fields.zigzag32()?,
            ZERO_THRESHOLD => histogram.zero_threshold = fields.double()?,
            ZERO_COUNT => zero_count = fields.number()?,
            FLOAT_ZERO_COUNT => float_zero_count = fields.double()?,
            NEGATIVE_SPANS => push(&mut negative.spans, read_span(fields.message()?)?, &fields)?,
            POSITIVE_SPANS => push(&mut positive.spans, read_span(fields.message()?)?, &fields)?,
            RESET_HINT => hint = fields.number()?,
            TIMESTAMP => timestamp = fields.int()?,
            other => match other >> 3 {
                9 => read_deltas(&mut fields, other, &mut negative.deltas)?,
                10 => read_doubles(&mut fields, other, &mut negative.counts)?,
                12 => read_deltas(&mut fields, other, &mut positive.deltas)?,
                13 => read_doubles(&mut fields, other, &mut positive.counts)?,
                16 => read_doubles(&mut fields, other, &mut histogram.custom_values)?,
                _ => fields.skip(other)?,
            },
        }
    }
    histogram.reset_hint = match hint {
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    };
    histogram.count = if float { float_count } else { count as f64 };
    histogram.zero_count = if float { float_zero_count } else { zero_count as f64 };
    if !float && let Some(problem) = miscounted(&negative, &positive, count, zero_count, histogram.sum) {
        return Ok((timestamp, Err(problem)));
    }
    let (Some(negative_buckets), Some(positive_buckets)) = (negative.buckets(float), positive.buckets(float))
    else {
        return Ok((timestamp, Err("bucket populations are too large".to_owned())));
    };
    histogram.negative_buckets = negative_buckets;
    histogram.positive_buckets = positive_buckets;
    histogram.negative_spans = negative.spans;
    histogram.positive_spans = positive.spans;
    Ok((timestamp, Ok(histogram)))
}

/// Buckets and count of an integer histogram must agree. Observations of NaN are in the count and in no
/// bucket, so with a sum of NaN the buckets may hold fewer. As in Prometheus.
fn miscounted(negative: &Side, positive: &Side, count: u64, zero_count: u64, sum: f64) -> Option<String> {
    if model::is_stale_nan(sum) {
        return None;
    }
    let total = negative.total().zip(positive.total()).and_then(|(negative, positive)| {
        let total = u64::try_from(negative.checked_add(positive)?).ok()?;
        total.checked_add(zero_count)
    });
    let Some(total) = total else { return Some("bucket populations are out of range".to_owned()) };
    let wrong = if sum.is_nan() { total > count } else { total != count };
    wrong.then(|| format!("{total} observations are in buckets, but the count is {count}"))
}

fn read_span(mut message: Reader<'_>) -> Result<Span, WireError> {
    const OFFSET: u32 = varint(1);
    const LENGTH: u32 = varint(2);
    let mut span = Span { offset: 0, length: 0 };
    while let Some(tag) = message.tag()? {
        match tag {
            OFFSET => span.offset = message.zigzag32()?,
            LENGTH => span.length = message.uint32()?,
            other => message.skip(other)?,
        }
    }
    Ok(span)
}

fn push<T>(list: &mut Vec<T>, item: T, at: &Reader<'_>) -> Result<(), WireError> {
    if list.len() >= BUCKETS_MAX {
        return Err(at.error("a histogram has more than 10000 buckets"));
    }
    list.push(item);
    Ok(())
}

/// `sint64` numbers, packed or one by one.
fn read_deltas(fields: &mut Reader<'_>, tag: u32, out: &mut Vec<i64>) -> Result<(), WireError> {
    match tag & 7 {
        0 => {
            let delta = fields.zigzag()?;
            push(out, delta, fields)
        }
        2 => {
            let mut packed = fields.message()?;
            while !packed.is_empty() {
                let delta = packed.zigzag()?;
                push(out, delta, &packed)?;
            }
            Ok(())
        }
        _ => fields.skip(tag),
    }
}

/// Doubles, packed or one by one.
fn read_doubles(fields: &mut Reader<'_>, tag: u32, out: &mut Vec<f64>) -> Result<(), WireError> {
    match tag & 7 {
        1 => {
            let value = fields.double()?;
            push(out, value, fields)
        }
        2 => {
            let mut packed = fields.message()?;
            while !packed.is_empty() {
                let value = packed.double()?;
                push(out, value, &packed)?;
            }
            Ok(())
        }
        _ => fields.skip(tag),
    }
}

/// Writes a histogram, as one with float populations: that holds every histogram there is.
pub(crate) fn put(out: &mut Vec<u8>, field: u32, t: TimestampMs, histogram: &Histogram) {
    put_message(out, field, |out| {
        // The populations are a choice of two fields each, so zeros are written, too.
        put_oneof_double(out, FLOAT_COUNT, histogram.count);
        put_double(out, 3, histogram.sum);
        put_varint(out, 4, zigzag(i64::from(histogram.schema)));
        put_double(out, 5, histogram.zero_threshold);
        put_oneof_double(out, FLOAT_ZERO_COUNT, histogram.zero_count);
        put_spans(out, 8, &histogram.negative_spans);
        put_doubles(out, 10, &histogram.negative_buckets);
        put_spans(out, 11, &histogram.positive_spans);
        put_doubles(out, 13, &histogram.positive_buckets);
        put_varint(
            out,
            14,
            match histogram.reset_hint {
                ResetHint::Unknown => 0,
                ResetHint::Reset => 1,
                ResetHint::NotReset => 2,
                ResetHint::Gauge => 3,
            },
        );
        put_varint(out, 15, t.cast_unsigned());
        put_doubles(out, 16, &histogram.custom_values);
    });
}

fn put_oneof_double(out: &mut Vec<u8>, tag: u32, value: f64) {
    put_number(out, u64::from(tag));
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_spans(out: &mut Vec<u8>, field: u32, spans: &[Span]) {
    for span in spans {
        put_message(out, field, |out| {
            put_varint(out, 1, zigzag(i64::from(span.offset)));
            put_varint(out, 2, u64::from(span.length));
        });
    }
}

fn put_doubles(out: &mut Vec<u8>, field: u32, values: &[f64]) {
    let packed: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    put_bytes(out, field, &packed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_body(body: &[u8]) -> (i64, Result<Histogram, String>) {
        let mut reader = Reader::new(body);
        assert_eq!(reader.tag().unwrap(), Some(bytes(1)));
        read(reader.message().unwrap()).unwrap()
    }

    #[test]
    fn a_float_histogram_comes_back_as_it_was() {
        let histogram = Histogram {
            reset_hint: ResetHint::Gauge,
            schema: -53,
            count: 4.5,
            sum: -2.0,
            positive_spans: vec![Span { offset: 1, length: 2 }, Span { offset: -3, length: 1 }],
            positive_buckets: vec![1.5, 2.0, 1.0],
            custom_values: vec![0.1, 5.0],
            ..Histogram::default()
        };
        let mut out = Vec::new();
        put(&mut out, 1, -7, &histogram);
        assert_eq!(read_body(&out), (-7, Ok(histogram)));
    }

    /// Integer populations are deltas; one side packed, the other one by one.
    fn integers(count: u64, sum: f64) -> Vec<u8> {
        let mut out = Vec::new();
        put_message(&mut out, 1, |out| {
            put_varint(out, 1, count);
            put_double(out, 3, sum);
            put_varint(out, 6, 2);
            put_spans(out, 8, &[Span { offset: 0, length: 2 }]);
            put_varint(out, 9, zigzag(3));
            put_varint(out, 9, zigzag(-2));
            put_spans(out, 11, &[Span { offset: 0, length: 2 }]);
            let mut packed = Vec::new();
            put_number(&mut packed, zigzag(1));
            put_number(&mut packed, zigzag(4));
            put_bytes(out, 12, &packed);
            put_varint(out, 15, 5);
        });
        out
    }

    #[test]
    fn integers_become_counts_and_must_add_up() {
        let (t, histogram) = read_body(&integers(12, 1.0));
        let histogram = histogram.unwrap();
        assert_eq!((t, histogram.count, histogram.zero_count), (5, 12.0, 2.0));
        assert_eq!(histogram.negative_buckets, [3.0, 1.0]);
        assert_eq!(histogram.positive_buckets, [1.0, 5.0]);
        let error = read_body(&integers(13, 1.0)).1.unwrap_err();
        assert_eq!(error, "12 observations are in buckets, but the count is 13");
        assert!(read_body(&integers(13, f64::NAN)).1.is_ok());
        assert!(read_body(&integers(11, f64::NAN)).1.is_err());
        assert!(read_body(&integers(0, model::stale_nan())).1.is_ok());
    }

    #[test]
    fn more_buckets_than_there_can_be_are_refused() {
        let mut out = Vec::new();
        put_bytes(&mut out, 9, &[0; BUCKETS_MAX + 1]);
        assert!(read(Reader::new(&out)).unwrap_err().to_string().contains("more than 10000 buckets"));
    }
}
