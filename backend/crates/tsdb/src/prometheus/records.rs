//! Decoding the records of Prometheus' logs.

use model::{Exemplar, Labels, MetricMetadata, MetricType};

use super::cursor::{Cursor, Malformed};
use super::histograms;

/// First byte of a record.
mod kind {
    pub(super) const SERIES: u8 = 1;
    pub(super) const SAMPLES: u8 = 2;
    pub(super) const TOMBSTONES: u8 = 3;
    pub(super) const EXEMPLARS: u8 = 4;
    pub(super) const MMAP_MARKERS: u8 = 5;
    pub(super) const METADATA: u8 = 6;
    pub(super) const HISTOGRAMS: u8 = 7;
    pub(super) const FLOAT_HISTOGRAMS: u8 = 8;
    pub(super) const CUSTOM_HISTOGRAMS: u8 = 9;
    pub(super) const CUSTOM_FLOAT_HISTOGRAMS: u8 = 10;
}

/// Takes what records hold. `series` is Prometheus' reference of a series everywhere.
pub(super) trait Visitor {
    fn series(&mut self, series: u64, labels: Labels);
    fn sample(&mut self, series: u64, t: i64, value: f64);
    /// A histogram in its bytes, which `histograms::decode` understands; `float` tells the populations' form.
    fn histogram(&mut self, series: u64, t: i64, float: bool, bytes: &[u8]);
    /// All samples from `first` to `last` were deleted.
    fn tombstone(&mut self, series: u64, first: i64, last: i64);
    fn exemplar(&mut self, series: u64, exemplar: Exemplar);
    fn metadata(&mut self, series: u64, metadata: MetricMetadata);
    /// All samples of the series that came late until now stand in the head chunk at `chunk`.
    fn mmap_marker(&mut self, series: u64, chunk: u64);
    /// A record of a kind that is not known.
    fn unknown(&mut self, kind: u8);
}

/// Decodes a record. What stands before the place that makes no sense has been visited.
pub(super) fn decode(record: &[u8], visitor: &mut impl Visitor) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(record);
    let number = cursor.byte()?;
    match number {
        kind::SERIES => {
            while !cursor.is_empty() {
                let series = cursor.be64()?;
                visitor.series(series, labels(&mut cursor)?);
            }
        }
        kind::SAMPLES => relative(&mut cursor, |cursor, series, t| {
            visitor.sample(series, t, cursor.float()?);
            Ok(())
        })?,
        kind::TOMBSTONES => {
            while !cursor.is_empty() {
                let (series, first, last) = (cursor.be64()?, cursor.int()?, cursor.int()?);
                visitor.tombstone(series, first, last);
            }
        }
        kind::EXEMPLARS => relative(&mut cursor, |cursor, series, timestamp_ms| {
            let value = cursor.float()?;
            let labels = labels(cursor)?;
            visitor.exemplar(series, Exemplar { labels, value, timestamp_ms });
            Ok(())
        })?,
        kind::MMAP_MARKERS => {
            while !cursor.is_empty() {
                let (series, chunk) = (cursor.be64()?, cursor.be64()?);
                visitor.mmap_marker(series, chunk);
            }
        }
        kind::METADATA => {
            while !cursor.is_empty() {
                let series = cursor.uint()?;
                visitor.metadata(series, metadata(&mut cursor)?);
            }
        }
        kind::HISTOGRAMS | kind::CUSTOM_HISTOGRAMS => histograms_of(&mut cursor, false, visitor)?,
        kind::FLOAT_HISTOGRAMS | kind::CUSTOM_FLOAT_HISTOGRAMS => histograms_of(&mut cursor, true, visitor)?,
        other => visitor.unknown(other),
    }
    Ok(())
}

/// Items whose series and time are told as differences to a base that stands in front of all.
#[inline]
fn relative<'a>(
    cursor: &mut Cursor<'a>,
    mut item: impl FnMut(&mut Cursor<'a>, u64, i64) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    if cursor.is_empty() {
        return Ok(());
    }
    let base_series = cursor.be64()?;
    let base_t = cursor.be64()? as i64;
    while !cursor.is_empty() {
        let series = base_series.wrapping_add(cursor.int()? as u64);
        let t = base_t.wrapping_add(cursor.int()?);
        item(cursor, series, t)?;
    }
    Ok(())
}

fn histograms_of(cursor: &mut Cursor<'_>, float: bool, visitor: &mut impl Visitor) -> Result<(), Malformed> {
    relative(cursor, |cursor, series, t| {
        let before = cursor.rest();
        histograms::decode(cursor, float)?;
        let length = before.len() - cursor.rest().len();
        visitor.histogram(series, t, float, &before[..length]);
        Ok(())
    })
}

pub(super) fn labels(cursor: &mut Cursor<'_>) -> Result<Labels, Malformed> {
    let count = cursor.count(2)?;
    let pairs = (0..count).map(|_| Ok((cursor.text()?, cursor.text()?)));
    Ok(Labels::from_pairs(pairs.collect::<Result<Vec<_>, _>>()?))
}

fn metadata(cursor: &mut Cursor<'_>) -> Result<MetricMetadata, Malformed> {
    let metric_type = match cursor.byte()? {
        1 => MetricType::Counter,
        2 => MetricType::Gauge,
        3 => MetricType::Histogram,
        4 => MetricType::GaugeHistogram,
        5 => MetricType::Summary,
        6 => MetricType::Info,
        7 => MetricType::StateSet,
        _ => MetricType::Unknown,
    };
    let mut metadata = MetricMetadata { metric_type, ..MetricMetadata::default() };
    for _ in 0..cursor.count(2)? {
        let (name, value) = (cursor.text()?, cursor.text()?);
        match name {
            "UNIT" => value.clone_into(&mut metadata.unit),
            "HELP" => value.clone_into(&mut metadata.help),
            _ => {} // a later version may say more
        }
    }
    Ok(metadata)
}

/// The number of a head chunk's file and its offset there, from a marker.
pub(super) fn chunk_place(chunk: u64) -> (u64, usize) {
    (chunk >> 32, (chunk & 0xffff_ffff) as usize)
}

/// Counts what it is given.
#[derive(Debug, Default)]
pub(super) struct Counter {
    pub(super) seen: usize,
}

impl Visitor for Counter {
    fn series(&mut self, _: u64, _: Labels) {
        self.seen += 1;
    }
    fn sample(&mut self, _: u64, _: i64, _: f64) {
        self.seen += 1;
    }
    fn histogram(&mut self, _: u64, _: i64, float: bool, bytes: &[u8]) {
        self.seen += usize::from(histograms::decode(&mut Cursor::new(bytes), float).is_ok());
    }
    fn tombstone(&mut self, _: u64, _: i64, _: i64) {
        self.seen += 1;
    }
    fn exemplar(&mut self, _: u64, _: Exemplar) {
        self.seen += 1;
    }
    fn metadata(&mut self, _: u64, _: MetricMetadata) {
        self.seen += 1;
    }
    fn mmap_marker(&mut self, _: u64, chunk: u64) {
        self.seen += usize::from(chunk_place(chunk).1 > 0);
    }
    fn unknown(&mut self, _: u8) {}
}
