//! Reading records: the counterpart of `record`.

use std::ops::Range;

use chunk::Encoding;
use model::{Exemplar, Histogram, Labels, LabelsWriter, MetricMetadata, MetricType, ResetHint, Span};

use super::codec::{Cursor, Malformed};
pub(super) use super::floats::read_floats as samples;
use super::frame;
use super::pack::unpack;
use super::record::{LATE_CHUNK, NEXT_SERIES, OPEN_CHUNK, SAME_TIME, kind};
use crate::head::{MAX_SLOTS, slot_of};

/// A decoded record, but for samples and histograms, which are visited.
#[derive(Debug)]
pub(crate) enum Record {
    Series(Vec<(u64, Labels)>),
    Exemplar(u64, Exemplar),
    Metadata(String, MetricMetadata),
    Removed(Vec<u64>),
    Chunk(ChunkHeader, Range<usize>),
    /// Series, and of each chunk the number of its file and where its record begins there.
    ChunksInFiles(u64, Vec<(u64, u32)>),
    Head {
        generation: u32,
        min_valid_ms: i64,
    },
}

/// What a record says about a chunk beside its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkHeader {
    pub(crate) series: u64,
    pub(crate) open: bool,
    pub(crate) late: bool,
    pub(crate) min_t: i64,
    pub(crate) max_t: i64,
    pub(crate) encoding: Encoding,
}

/// Decodes a record that is neither samples nor histograms.
pub(crate) fn record(kind: u8, payload: &[u8]) -> Result<Record, Malformed> {
    let mut cursor = Cursor::new(payload);
    let record = match kind {
        kind::SERIES => {
            let raw = unpack(payload)?;
            cursor = Cursor::new(&raw);
            let (mut all, mut writer) = (Vec::new(), LabelsWriter::default());
            while !cursor.is_empty() {
                let series = reference(&mut cursor)?;
                let labels = labels(&mut cursor, &mut writer)?;
                if labels.is_empty() {
                    return Err(Malformed);
                }
                all.push((series, labels));
            }
            return Ok(Record::Series(all));
        }
        kind::EXEMPLARS => {
            let series = reference(&mut cursor)?;
            let timestamp_ms = cursor.int()?;
            let value = cursor.float()?;
            let labels = labels(&mut cursor, &mut LabelsWriter::default())?;
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
        kind::CHUNKS => {
            let (header, bytes) = chunk(payload)?;
            return Ok(Record::Chunk(header, bytes));
        }
        kind::CHUNKS_IN_FILES => {
            let series = reference(&mut cursor)?;
            let mut places = Vec::new();
            while !cursor.is_empty() {
                let file = cursor.uint()?;
                places.push((file, u32::try_from(cursor.uint()?).map_err(|_| Malformed)?));
            }
            Record::ChunksInFiles(series, places)
        }
        kind::HEAD => {
            let generation = u32::try_from(cursor.uint()?).map_err(|_| Malformed)?;
            Record::Head { generation, min_valid_ms: cursor.int()? }
        }
        _ => return Err(Malformed),
    };
    if cursor.is_empty() { Ok(record) } else { Err(Malformed) }
}

/// Visits the histograms of a histograms record.
pub(crate) fn histograms(
    payload: &[u8],
    mut visit: impl FnMut(u64, i64, Histogram),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(payload);
    let (mut series, mut t) = (0u64, 0i64);
    while !cursor.is_empty() {
        let tag = cursor.byte()?;
        if tag & !(NEXT_SERIES | SAME_TIME) != 0 {
            return Err(Malformed);
        }
        let step = if tag & NEXT_SERIES == 0 { cursor.int()? } else { 1 };
        series = series.wrapping_add(step as u64);
        if tag & SAME_TIME == 0 {
            t = t.wrapping_add(cursor.int()?);
        }
        if slot_of(series) >= MAX_SLOTS {
            return Err(Malformed);
        }
        visit(series, t, histogram(&mut cursor)?);
    }
    Ok(())
}

fn reference(cursor: &mut Cursor<'_>) -> Result<u64, Malformed> {
    let series = cursor.uint()?;
    let fits = slot_of(series) < MAX_SLOTS && series >> 32 != 0;
    if fits { Ok(series) } else { Err(Malformed) }
}

/// The writer keeps its memory from one label set to the next.
fn labels(cursor: &mut Cursor<'_>, writer: &mut LabelsWriter) -> Result<Labels, Malformed> {
    let count = cursor.count(2)?;
    let mut last = None;
    for _ in 0..count {
        let (name, value) = (cursor.text()?, cursor.text()?);
        if value.is_empty() || last.is_some_and(|last| last >= name) {
            return Err(Malformed);
        }
        writer.push(name, value);
        last = Some(name);
    }
    Ok(writer.finish())
}

/// Decodes a record of a chunk: what it says, and where in the payload its bytes are.
pub(crate) fn chunk(payload: &[u8]) -> Result<(ChunkHeader, Range<usize>), Malformed> {
    let mut cursor = Cursor::new(payload);
    let series = reference(&mut cursor)?;
    let flags = cursor.byte()?;
    let (open, late) = (flags & OPEN_CHUNK != 0, flags & LATE_CHUNK != 0);
    if flags > OPEN_CHUNK.max(LATE_CHUNK) {
        return Err(Malformed);
    }
    let (min_t, max_t) = (cursor.int()?, cursor.int()?);
    let encoding = Encoding::try_from(cursor.byte()?).map_err(|_| Malformed)?;
    let length = cursor.bytes()?.len();
    if !cursor.is_empty() || min_t > max_t {
        return Err(Malformed);
    }
    let header = ChunkHeader { series, open, late, min_t, max_t, encoding };
    Ok((header, payload.len() - length..payload.len()))
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
        good += (0..=12).filter(|kind| record(*kind, payload).is_ok()).count();
    };
    found.frames.iter().for_each(|frame| try_all(&data[frame.payload.clone()]));
    try_all(data);
    good
}
