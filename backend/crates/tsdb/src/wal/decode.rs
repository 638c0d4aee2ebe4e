//! Reading records: the counterpart of `record`.

use std::sync::Arc;

use chunk::Encoding;
use model::{Exemplar, Histogram, Labels, MetricMetadata, MetricType, ResetHint, Span};

use super::codec::{Cursor, Malformed};
use super::frame;
use super::record::{HISTOGRAM_LIST, NEXT_SERIES, OPEN_CHUNK, SAME_TIME, kind, value_kind};
use crate::head::{ChunkData, MAX_SLOTS, SealedChunk, slot_of};

/// A decoded record, but for samples and histograms, which are visited.
#[derive(Debug)]
pub(crate) enum Record {
    Series(u64, Labels),
    Exemplar(u64, Exemplar),
    Metadata(String, MetricMetadata),
    Removed(Vec<u64>),
    Chunk { series: u64, chunk: SealedChunk, open: bool },
    Head { generation: u32, min_valid_ms: i64 },
}

/// Decodes a record that is neither samples nor histograms.
pub(crate) fn record(kind: u8, payload: &[u8]) -> Result<Record, Malformed> {
    let mut cursor = Cursor::new(payload);
    let record = match kind {
        kind::SERIES => {
            let series = reference(&mut cursor)?;
            let labels = labels(&mut cursor)?;
            if labels.is_empty() {
                return Err(Malformed);
            }
            Record::Series(series, labels)
        }
        kind::EXEMPLARS => {
            let series = reference(&mut cursor)?;
            let timestamp_ms = cursor.int()?;
            let value = cursor.float()?;
            let labels = labels(&mut cursor)?;
            Record::Exemplar(series, Exemplar { labels, value, timestamp_ms })
        }
        kind::METADATA => {
            let family = cursor.text()?.to_owned();
            let metric_type = metric_type(cursor.byte()?)?;
            let help = cursor.text()?.to_owned();
            let unit = cursor.text()?.to_owned();
            Record::Metadata(family, MetricMetadata { metric_type, help, unit })
        }
        kind::REMOVED => {
            let mut gone = Vec::new();
            while !cursor.is_empty() {
                gone.push(reference(&mut cursor)?);
            }
            Record::Removed(gone)
        }
        kind::CHUNKS => chunk(&mut cursor)?,
        kind::HEAD => {
            let generation = u32::try_from(cursor.uint()?).map_err(|_| Malformed)?;
            Record::Head { generation, min_valid_ms: cursor.int()? }
        }
        _ => return Err(Malformed),
    };
    if cursor.is_empty() { Ok(record) } else { Err(Malformed) }
}

/// Visits the floats of a samples record.
#[inline]
pub(crate) fn samples(payload: &[u8], mut visit: impl FnMut(u64, i64, f64)) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(payload);
    let (mut series, mut t) = (0, 0);
    while !cursor.is_empty() {
        let tag = place(&mut cursor, &mut series, &mut t)?;
        let value = match tag & 3 {
            value_kind::ZERO => 0.0,
            value_kind::INTEGER => cursor.int()? as f64,
            value_kind::SINGLE => f64::from(f32::from_bits(u32::from_le_bytes(cursor.array()?))),
            _ => cursor.float()?,
        };
        visit(series, t, value);
    }
    Ok(())
}

/// Visits the histograms of a histograms record.
pub(crate) fn histograms(
    payload: &[u8],
    mut visit: impl FnMut(u64, i64, Histogram),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(payload);
    let (mut series, mut t) = (0, 0);
    while !cursor.is_empty() {
        place(&mut cursor, &mut series, &mut t)?;
        visit(series, t, histogram(&mut cursor)?);
    }
    Ok(())
}

#[inline]
fn place(cursor: &mut Cursor<'_>, series: &mut u64, t: &mut i64) -> Result<u8, Malformed> {
    let tag = cursor.byte()?;
    if tag > 15 {
        return Err(Malformed);
    }
    let step = if tag & NEXT_SERIES == 0 { cursor.int()? } else { 1 };
    *series = series.wrapping_add(step as u64);
    if tag & SAME_TIME == 0 {
        *t = t.wrapping_add(cursor.int()?);
    }
    if slot_of(*series) >= MAX_SLOTS { Err(Malformed) } else { Ok(tag) }
}

fn reference(cursor: &mut Cursor<'_>) -> Result<u64, Malformed> {
    let series = cursor.uint()?;
    let fits = slot_of(series) < MAX_SLOTS && series >> 32 != 0;
    if fits { Ok(series) } else { Err(Malformed) }
}

fn labels(cursor: &mut Cursor<'_>) -> Result<Labels, Malformed> {
    let count = cursor.count(2)?;
    let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(count);
    for _ in 0..count {
        let (name, value) = (cursor.text()?, cursor.text()?);
        if value.is_empty() || pairs.last().is_some_and(|(last, _)| *last >= name) {
            return Err(Malformed);
        }
        pairs.push((name, value));
    }
    Ok(Labels::from_sorted(&pairs))
}

fn chunk(cursor: &mut Cursor<'_>) -> Result<Record, Malformed> {
    let series = reference(cursor)?;
    let open = match cursor.byte()? {
        0 => false,
        OPEN_CHUNK => true,
        _ => return Err(Malformed),
    };
    let (min_t, max_t) = (cursor.int()?, cursor.int()?);
    let encoding = cursor.byte()?;
    let data = if encoding == Encoding::Xor.id() {
        let bytes = cursor.bytes()?;
        let mut last = None;
        chunk::decode_xor(bytes, |t, _| {
            last = Some(t);
            true
        })
        .map_err(|_| Malformed)?;
        if last != Some(max_t) {
            return Err(Malformed);
        }
        ChunkData::Xor(Arc::from(bytes))
    } else if encoding == HISTOGRAM_LIST {
        let count = cursor.count(1)?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push((cursor.int()?, Arc::new(histogram(cursor)?)));
        }
        ChunkData::Histograms(Arc::from(list))
    } else {
        return Err(Malformed);
    };
    Ok(Record::Chunk { series, chunk: SealedChunk { min_t, max_t, data }, open })
}

fn histogram(cursor: &mut Cursor<'_>) -> Result<Histogram, Malformed> {
    let reset_hint = match cursor.byte()? {
        0 => ResetHint::Unknown,
        1 => ResetHint::Reset,
        2 => ResetHint::NotReset,
        3 => ResetHint::Gauge,
        _ => return Err(Malformed),
    };
    let schema = i32::try_from(cursor.int()?).map_err(|_| Malformed)?;
    let zero_threshold = cursor.float()?;
    let zero_count = cursor.float()?;
    let count = cursor.float()?;
    let sum = cursor.float()?;
    let positive_spans = spans(cursor)?;
    let negative_spans = spans(cursor)?;
    let positive_buckets = floats(cursor)?;
    let negative_buckets = floats(cursor)?;
    let custom_values = floats(cursor)?;
    Ok(Histogram {
        reset_hint,
        schema,
        zero_threshold,
        zero_count,
        count,
        sum,
        positive_spans,
        negative_spans,
        positive_buckets,
        negative_buckets,
        custom_values,
    })
}

fn spans(cursor: &mut Cursor<'_>) -> Result<Vec<Span>, Malformed> {
    let count = cursor.count(2)?;
    (0..count)
        .map(|_| {
            let offset = i32::try_from(cursor.int()?).map_err(|_| Malformed)?;
            let length = u32::try_from(cursor.uint()?).map_err(|_| Malformed)?;
            Ok(Span { offset, length })
        })
        .collect()
}

fn floats(cursor: &mut Cursor<'_>) -> Result<Vec<f64>, Malformed> {
    let count = cursor.count(8)?;
    (0..count).map(|_| cursor.float()).collect()
}

fn metric_type(number: u8) -> Result<MetricType, Malformed> {
    Ok(match number {
        0 => MetricType::Unknown,
        1 => MetricType::Counter,
        2 => MetricType::Gauge,
        3 => MetricType::Histogram,
        4 => MetricType::GaugeHistogram,
        5 => MetricType::Summary,
        6 => MetricType::Info,
        7 => MetricType::StateSet,
        _ => return Err(Malformed),
    })
}

/// Reads bytes as a log file and decodes each record, whatever its checksum says about its place; the
/// number of records that made sense. For fuzzing.
#[doc(hidden)]
#[must_use]
pub fn fuzz_records(data: &[u8]) -> usize {
    let found = frame::scan(data, 0);
    let mut good = 0;
    let mut try_all = |payload: &[u8]| {
        good += usize::from(samples(payload, |_, _, _| {}).is_ok());
        good += usize::from(histograms(payload, |_, _, _| {}).is_ok());
        good += (0..=10).filter(|kind| record(*kind, payload).is_ok()).count();
    };
    found.frames.iter().for_each(|frame| try_all(&data[frame.payload.clone()]));
    try_all(data);
    good
}
