//! What all histograms of a chunk share: resolution, zero bucket and which buckets there are.

use model::{Histogram, Span};

use super::varbit::{
    put_bound, put_int, put_uint, put_zero_threshold, read_bound, read_int, read_uint, read_zero_threshold,
};
use crate::ChunkError;
use crate::bits::{BitReader, BitWriter};

/// The exponential resolutions.
pub(super) const EXPONENTIAL_SCHEMAS: std::ops::RangeInclusive<i64> = -4..=8;
/// A span takes at least as many bits.
const SPAN_BITS: usize = 2;

/// Written before the first sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    pub(super) schema: i32,
    pub(super) zero_threshold: f64,
    pub(super) positive: Vec<Span>,
    pub(super) negative: Vec<Span>,
    /// Upper bounds; empty unless the schema is that of custom buckets.
    pub(super) bounds: Vec<f64>,
}

impl Layout {
    pub(super) fn of(histogram: &Histogram) -> Self {
        Self {
            schema: histogram.schema,
            zero_threshold: histogram.zero_threshold,
            positive: histogram.positive_spans.clone(),
            negative: histogram.negative_spans.clone(),
            bounds: if histogram.has_custom_buckets() { histogram.custom_values.clone() } else { Vec::new() },
        }
    }

    pub(super) fn has_spans_of(&self, histogram: &Histogram) -> bool {
        self.positive == histogram.positive_spans && self.negative == histogram.negative_spans
    }

    /// Gives a histogram the buckets of this layout, among which are its own; the others are empty.
    pub(super) fn spread_out(&self, histogram: &mut Histogram) {
        for (buckets, spans, wanted) in [
            (&mut histogram.positive_buckets, &mut histogram.positive_spans, &self.positive),
            (&mut histogram.negative_buckets, &mut histogram.negative_spans, &self.negative),
        ] {
            *buckets = spread(spans, buckets, wanted);
            spans.clone_from(wanted);
        }
    }

    pub(super) fn put(&self, out: &mut BitWriter) {
        put_zero_threshold(out, self.zero_threshold);
        put_int(out, i64::from(self.schema));
        for spans in [&self.positive, &self.negative] {
            put_uint(out, spans.len() as u64);
            for span in spans {
                put_uint(out, u64::from(span.length));
                put_int(out, i64::from(span.offset));
            }
        }
        if self.schema == Histogram::CUSTOM_BUCKETS_SCHEMA {
            put_uint(out, self.bounds.len() as u64);
            self.bounds.iter().for_each(|bound| put_bound(out, *bound));
        }
    }

    /// Never takes memory for more than the bytes can hold: the first sample, which follows, has at least
    /// `bucket_bits` for each bucket.
    pub(super) fn read(bits: &mut BitReader<'_>, bucket_bits: usize) -> Result<Self, ChunkError> {
        let zero_threshold = read_zero_threshold(bits).ok_or(ChunkError::Truncated(0))?;
        let schema = read_int(bits).ok_or(ChunkError::Truncated(0))?;
        let custom = schema == i64::from(Histogram::CUSTOM_BUCKETS_SCHEMA);
        if !custom && !EXPONENTIAL_SCHEMAS.contains(&schema) {
            return Err(ChunkError::Schema(schema));
        }
        let positive = read_spans(bits)?;
        let negative = read_spans(bits)?;
        let bounds = if custom { read_bounds(bits)? } else { Vec::new() };
        let buckets = bucket_count(&positive)
            .zip(bucket_count(&negative))
            .and_then(|(positive, negative)| positive.checked_add(negative))
            .ok_or(ChunkError::Spans)?;
        if buckets > bits.left() / bucket_bits {
            return Err(ChunkError::Truncated(0));
        }
        Ok(Self { schema: schema as i32, zero_threshold, positive, negative, bounds })
    }
}

fn read_spans(bits: &mut BitReader<'_>) -> Result<Vec<Span>, ChunkError> {
    let count = read_uint(bits).ok_or(ChunkError::Truncated(0))?;
    if count > (bits.left() / SPAN_BITS) as u64 {
        return Err(ChunkError::Truncated(0));
    }
    let mut spans = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let length = read_uint(bits).ok_or(ChunkError::Truncated(0))?;
        let offset = read_int(bits).ok_or(ChunkError::Truncated(0))?;
        spans.push(Span {
            offset: i32::try_from(offset).map_err(|_| ChunkError::Spans)?,
            length: u32::try_from(length).map_err(|_| ChunkError::Spans)?,
        });
    }
    Ok(spans)
}

fn read_bounds(bits: &mut BitReader<'_>) -> Result<Vec<f64>, ChunkError> {
    /// The shortest bound.
    const BOUND_BITS: usize = 5;
    let count = read_uint(bits).ok_or(ChunkError::Truncated(0))?;
    if count > (bits.left() / BOUND_BITS) as u64 {
        return Err(ChunkError::Truncated(0));
    }
    (0..count).map(|_| read_bound(bits).ok_or(ChunkError::Truncated(0))).collect()
}

/// Number of buckets in `spans`; `None` when they overlap or an index is out of reason.
pub(super) fn bucket_count(spans: &[Span]) -> Option<usize> {
    /// So that the distance of two indexes is an `i32`. The finest resolution needs 2^18.
    const MOST: i64 = 1 << 30;
    let mut end = 0i64;
    let mut count = 0u64;
    for (place, span) in spans.iter().enumerate() {
        let start = end + i64::from(span.offset);
        end = start + i64::from(span.length);
        count += u64::from(span.length);
        if (place > 0 && span.offset < 0) || start < -MOST || end > MOST {
            return None;
        }
    }
    usize::try_from(count).ok()
}

/// Indexes of the buckets in `spans`, which [`bucket_count`] has accepted, ascending.
pub(super) fn indexes(spans: &[Span]) -> impl Iterator<Item = i32> {
    let mut end = 0i32;
    spans.iter().flat_map(move |span| {
        let start = end + span.offset;
        end = start + span.length as i32;
        start..end
    })
}

/// Spans of all buckets that are in one of the two, in the fewest runs.
pub(super) fn union(left: &[Span], right: &[Span]) -> Vec<Span> {
    let (mut left, mut right) = (indexes(left).peekable(), indexes(right).peekable());
    let mut spans: Vec<Span> = Vec::new();
    let mut end = 0i32;
    loop {
        let index = match (left.peek(), right.peek()) {
            (Some(l), Some(r)) => *l.min(r),
            (Some(index), None) | (None, Some(index)) => *index,
            (None, None) => return spans,
        };
        left.next_if_eq(&index);
        right.next_if_eq(&index);
        match spans.last_mut() {
            Some(last) if index == end => last.length += 1,
            // The index of the first bucket counts from 0, where `end` begins.
            _ => spans.push(Span { offset: index - end, length: 1 }),
        }
        end = index + 1;
    }
}

/// Puts the populations of `from`'s buckets into `to`'s, which has all of them; the others are empty.
pub(super) fn spread(from: &[Span], populations: &[f64], to: &[Span]) -> Vec<f64> {
    let mut known = indexes(from).zip(populations).peekable();
    indexes(to)
        .map(|index| known.next_if(|(old, _)| *old == index).map_or(0.0, |(_, population)| *population))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(list: &[(i32, u32)]) -> Vec<Span> {
        list.iter().map(|(offset, length)| Span { offset: *offset, length: *length }).collect()
    }

    #[test]
    fn buckets_are_counted_and_numbered() {
        let list = spans(&[(-2, 2), (3, 0), (1, 1)]);
        assert_eq!(bucket_count(&list), Some(3));
        assert_eq!(indexes(&list).collect::<Vec<_>>(), [-2, -1, 4]);
        assert_eq!(bucket_count(&spans(&[(0, 1), (-1, 1)])), None);
        assert_eq!(bucket_count(&spans(&[(i32::MAX, 1)])), None);
        assert_eq!(bucket_count(&spans(&[(i32::MIN, 1)])), None);
        assert_eq!(bucket_count(&spans(&[(0, u32::MAX)])), None);
    }

    #[test]
    fn union_merges_runs() {
        let (left, right) = (spans(&[(-1, 2), (3, 1)]), spans(&[(1, 1), (4, 2)]));
        // −1 0 4 and 1 6 7
        assert_eq!(union(&left, &right), spans(&[(-1, 3), (2, 1), (1, 2)]));
        assert_eq!(spread(&left, &[5.0, 6.0, 7.0], &union(&left, &right)), [5.0, 6.0, 0.0, 7.0, 0.0, 0.0]);
        assert_eq!(union(&[], &[]), []);
    }
}
