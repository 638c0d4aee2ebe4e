//! From chunk bytes to samples and back: the one place that knows what the number of an encoding stands for.

use std::sync::Arc;

use chunk::{ChunkError, Encoding, HistogramChunk, Refused, XorChunk, decode_xor, next_histogram};
use model::{Histogram, TimeRange, Value};
use storage::Samples;
use thiserror::Error;

use super::BlockError;
use super::chunks::EncodedChunk;

/// Samples of a chunk that is written anew.
const SAMPLES_PER_CHUNK: u16 = 120;

/// Why a chunk could not be decoded.
#[derive(Debug, Error)]
pub(crate) enum DecodeError {
    #[error("unknown chunk encoding {0}")]
    Unknown(u8),
    #[error(transparent)]
    Broken(#[from] ChunkError),
}

/// Appends the samples of a chunk that lie within `range`.
pub(crate) fn decode(
    encoding: u8,
    data: &[u8],
    range: TimeRange,
    out: &mut Samples,
) -> Result<(), DecodeError> {
    let encoding = Encoding::try_from(encoding).map_err(|_| DecodeError::Unknown(encoding))?;
    if encoding == Encoding::Xor {
        decode_xor(data, |t, value| {
            if t >= range.start_ms && t <= range.end_ms {
                out.push(t, value);
            }
            t <= range.end_ms
        })?;
        return Ok(());
    }
    chunk::decode(encoding, data, |t, value| {
        match value {
            _ if !range.contains(t) => {}
            Value::Float(value) => out.push(t, value),
            Value::Histogram(histogram) => out.push_histogram(t, histogram),
        }
        t <= range.end_ms
    })?;
    Ok(())
}

/// Encodes samples into chunks of at most 120. Floats and histograms do not share a chunk, nor do
/// histograms between which a counter fell or the buckets changed their bounds.
pub(crate) fn encode(samples: &Samples, out: &mut Vec<EncodedChunk>) -> Result<(), BlockError> {
    let mut encoder = Encoder { out, open: None };
    let mut histograms = samples.histograms.iter().peekable();
    for (position, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
        match histograms.next_if(|(at, _)| *at as usize == position) {
            None => encoder.float(*t, *value),
            Some((_, histogram)) => encoder
                .histogram(*t, histogram)
                .map_err(|reason| BlockError::Unwritable(format!("sample at {t}: {reason}")))?,
        }
    }
    encoder.close();
    Ok(())
}

struct Encoder<'a> {
    out: &'a mut Vec<EncodedChunk>,
    open: Option<Open>,
}

/// The chunk that takes the next sample, if it fits.
struct Open {
    min_t: i64,
    max_t: i64,
    samples: Kind,
}

enum Kind {
    Floats(XorChunk),
    Histograms(HistogramChunk),
}

impl Encoder<'_> {
    fn float(&mut self, t: i64, value: f64) {
        if let Some(Open { max_t, samples: Kind::Floats(chunk), .. }) = &mut self.open
            && chunk.len() < SAMPLES_PER_CHUNK
            && chunk.append(t, value).is_ok()
        {
            *max_t = t;
            return;
        }
        let mut chunk = XorChunk::new();
        // An empty chunk is not full.
        let _ = chunk.append(t, value);
        self.begin(t, Kind::Floats(chunk));
    }

    fn histogram(&mut self, t: i64, histogram: &Arc<Histogram>) -> Result<(), Refused> {
        let open = match &mut self.open {
            Some(Open { max_t, samples: Kind::Histograms(chunk), .. }) => Some((max_t, chunk)),
            _ => None,
        };
        let next = match open {
            None => next_histogram(None, SAMPLES_PER_CHUNK, false, t, histogram)?,
            Some((max_t, chunk)) => {
                let next = next_histogram(Some(chunk), SAMPLES_PER_CHUNK, false, t, histogram)?;
                if next.is_none() {
                    *max_t = t;
                }
                next
            }
        };
        if let Some(chunk) = next {
            self.begin(t, Kind::Histograms(chunk));
        }
        Ok(())
    }

    fn begin(&mut self, t: i64, samples: Kind) {
        self.close();
        self.open = Some(Open { min_t: t, max_t: t, samples });
    }

    fn close(&mut self) {
        let Some(Open { min_t, max_t, samples }) = self.open.take() else { return };
        let (encoding, bytes) = match samples {
            Kind::Floats(chunk) => (Encoding::Xor, chunk.into_bytes()),
            Kind::Histograms(chunk) => (chunk.encoding(), chunk.into_bytes()),
        };
        self.out.push(EncodedChunk { min_t, max_t, encoding: encoding.id(), data: bytes.into() });
    }
}

#[cfg(test)]
mod tests {
    use model::{ResetHint, Span};

    use super::*;

    fn histogram(n: u32, float: bool) -> Histogram {
        let half = if float { 0.5 } else { 0.0 };
        Histogram {
            reset_hint: ResetHint::Unknown,
            schema: 1,
            zero_threshold: 0.001,
            zero_count: f64::from(n) + half,
            count: f64::from(n * 3) + half,
            sum: f64::from(n) * 1.25,
            positive_spans: vec![Span { offset: 0, length: 1 + n % 50 / 10 }],
            positive_buckets: (0..1 + n % 50 / 10).map(|k| f64::from(n * 2 + k) + half).collect(),
            ..Histogram::default()
        }
    }

    fn comparable(samples: &Samples) -> Vec<(i64, u64, Option<Histogram>)> {
        let find = |at: usize| samples.histograms.iter().find(|(position, _)| *position as usize == at);
        let trimmed = |histogram: &Histogram| {
            // A chunk gives all its histograms the same buckets, some of them empty.
            let used =
                histogram.positive_buckets.iter().rposition(|value| *value > 0.0).map_or(0, |at| at + 1);
            let mut histogram = histogram.clone();
            histogram.positive_buckets.truncate(used);
            histogram.positive_spans = vec![Span { offset: 0, length: used as u32 }];
            Histogram { reset_hint: ResetHint::Unknown, ..histogram }
        };
        let one = |(at, t): (usize, &i64)| {
            (*t, samples.floats[at].to_bits(), find(at).map(|(_, histogram)| trimmed(histogram)))
        };
        samples.timestamps.iter().enumerate().map(one).collect()
    }

    /// Floats, then integers that fall once, then floats among them, then floats again.
    #[test]
    fn samples_of_all_kinds_come_back() {
        let mut samples = Samples::default();
        for n in 0..130 {
            samples.push(n, n as f64);
        }
        for n in 0..400u32 {
            let histogram = histogram(n % 150 + 1, (250..300).contains(&n));
            samples.push_histogram(1000 + i64::from(n), Arc::new(histogram));
        }
        samples.push(5000, 1.0);
        let mut chunks = Vec::new();
        encode(&samples, &mut chunks).unwrap();
        assert!(chunks.windows(2).all(|pair| pair[0].max_t < pair[1].min_t));
        let mut kinds: Vec<u8> = chunks.iter().map(|chunk| chunk.encoding).collect();
        kinds.dedup();
        assert_eq!(kinds, [1, 2, 3, 1]);
        assert!(chunks.iter().all(|chunk| chunk.samples() <= SAMPLES_PER_CHUNK));
        let mut back = Samples::default();
        for chunk in &chunks {
            decode(chunk.encoding, &chunk.data, TimeRange::ALL, &mut back).unwrap();
        }
        assert_eq!(comparable(&back), comparable(&samples));
        let mut some = Samples::default();
        for chunk in &chunks {
            decode(chunk.encoding, &chunk.data, TimeRange::new(100, 1010), &mut some).unwrap();
        }
        assert_eq!(
            (some.timestamps.first(), some.timestamps.last(), some.len()),
            (Some(&100), Some(&1010), 41)
        );
    }

    #[test]
    fn an_unknown_encoding_is_named() {
        let error = decode(9, &[0, 0], TimeRange::ALL, &mut Samples::default()).unwrap_err();
        assert_eq!(error.to_string(), "unknown chunk encoding 9");
    }
}
