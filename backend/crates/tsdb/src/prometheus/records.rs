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

#[cfg(test)]
mod tests {
    use model::{Histogram, ResetHint, Span};
    use proptest::prelude::*;

    use super::super::encode;
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        series: Vec<(u64, Labels)>,
        samples: Vec<(u64, i64, u64)>,
        histograms: Vec<(u64, i64, Histogram)>,
        tombstones: Vec<(u64, i64, i64)>,
        exemplars: Vec<(u64, Exemplar)>,
        metadata: Vec<(u64, MetricMetadata)>,
        markers: Vec<(u64, u64)>,
        unknown: Vec<u8>,
    }

    impl Visitor for Seen {
        fn series(&mut self, series: u64, labels: Labels) {
            self.series.push((series, labels));
        }
        fn sample(&mut self, series: u64, t: i64, value: f64) {
            self.samples.push((series, t, value.to_bits()));
        }
        fn histogram(&mut self, series: u64, t: i64, float: bool, bytes: &[u8]) {
            let histogram = histograms::decode(&mut Cursor::new(bytes), float).unwrap();
            self.histograms.push((series, t, histogram));
        }
        fn tombstone(&mut self, series: u64, first: i64, last: i64) {
            self.tombstones.push((series, first, last));
        }
        fn exemplar(&mut self, series: u64, exemplar: Exemplar) {
            self.exemplars.push((series, exemplar));
        }
        fn metadata(&mut self, series: u64, metadata: MetricMetadata) {
            self.metadata.push((series, metadata));
        }
        fn mmap_marker(&mut self, series: u64, chunk: u64) {
            self.markers.push((series, chunk));
        }
        fn unknown(&mut self, kind: u8) {
            self.unknown.push(kind);
        }
    }

    fn read(records: &[Vec<u8>]) -> Seen {
        let mut seen = Seen::default();
        records.iter().for_each(|record| decode(record, &mut seen).unwrap());
        seen
    }

    fn labels() -> impl Strategy<Value = Labels> {
        proptest::collection::btree_map(".{1,5}", ".{1,20}", 1..6).prop_map(Labels::from_pairs)
    }

    fn histogram() -> impl Strategy<Value = Histogram> {
        let side = || {
            let spans = proptest::collection::vec((any::<i32>(), any::<u32>()), 0..4);
            (spans, proptest::collection::vec(0u32..1 << 30, 0..12))
        };
        let hint = prop_oneof![Just(ResetHint::Unknown), Just(ResetHint::Reset), Just(ResetHint::Gauge)];
        (hint, -53i32..9, any::<(u32, u32, i32)>(), side(), side()).prop_map(|(hint, schema, n, p, q)| {
            let spans = |list: &[(i32, u32)]| {
                list.iter().map(|(offset, length)| Span { offset: *offset, length: *length }).collect()
            };
            let counts = |list: &[u32]| list.iter().copied().map(f64::from).collect();
            Histogram {
                reset_hint: hint,
                schema,
                zero_threshold: 0.25,
                zero_count: f64::from(n.0),
                count: f64::from(n.1),
                sum: f64::from(n.2),
                positive_spans: spans(&p.0),
                negative_spans: spans(&q.0),
                positive_buckets: counts(&p.1),
                negative_buckets: counts(&q.1),
                custom_values: if schema == Histogram::CUSTOM_BUCKETS_SCHEMA {
                    vec![1.0, 2.0]
                } else {
                    vec![]
                },
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            series in proptest::collection::vec((any::<u64>(), labels()), 0..4),
            samples in proptest::collection::vec(any::<(u64, i64, f64)>(), 0..20),
            tombstones in proptest::collection::vec(any::<(u64, i64, i64)>(), 0..4),
            markers in proptest::collection::vec(any::<(u64, u64)>(), 0..4),
            exemplars in proptest::collection::vec((any::<u64>(), any::<i64>(), -1e9..1e9, labels()), 0..4),
            whole in proptest::collection::vec((any::<u64>(), any::<i64>(), histogram()), 0..4),
            float in proptest::collection::vec((any::<u64>(), any::<i64>(), histogram()), 0..4),
        ) {
            let exemplars: Vec<(u64, Exemplar)> = exemplars
                .into_iter()
                .map(|(series, timestamp_ms, value, labels)| (series, Exemplar { labels, value, timestamp_ms }))
                .collect();
            let records = [
                encode::series(&series),
                encode::samples(&samples),
                encode::tombstones(&tombstones),
                encode::markers(&markers),
                encode::exemplars(&exemplars),
                encode::histograms(&whole, false),
                encode::histograms(&float, true),
                vec![11, 1, 2, 3],
            ];
            let want = Seen {
                series,
                samples: samples.iter().map(|(series, t, value)| (*series, *t, value.to_bits())).collect(),
                histograms: whole.into_iter().chain(float).collect(),
                tombstones,
                exemplars,
                metadata: Vec::new(),
                markers,
                unknown: vec![11],
            };
            prop_assert_eq!(read(&records), want);
            for record in &records {
                for length in 0..record.len() {
                    // Any outcome but a panic.
                    let _ = decode(&record[..length], &mut Counter::default());
                }
            }
        }

        #[test]
        fn any_bytes_are_decoded(kind in 0u8..16, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&[&[kind], bytes.as_slice()].concat(), &mut Counter::default());
        }
    }
}
