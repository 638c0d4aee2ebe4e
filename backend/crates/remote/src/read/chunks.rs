//! The samples of a series as chunks, cut as Prometheus cuts them.

use chunk::{Encoding, HistogramChunk, Refused, XorChunk, next_histogram};
use model::Histogram;
use storage::{QueryError, Samples};

use crate::read::ReadError;

/// Samples in a chunk, as in Prometheus' blocks.
const CHUNK_SAMPLES: u16 = 120;

/// A chunk with the times of its first and last sample in milliseconds.
pub(super) struct Chunk {
    pub(super) min_t: i64,
    pub(super) max_t: i64,
    pub(super) encoding: Encoding,
    pub(super) data: Vec<u8>,
}

/// All samples of `column` in chunks of their kinds, by time.
///
/// # Errors
/// When a histogram of the store contradicts itself and fits no chunk.
pub(super) fn chunks(column: &Samples) -> Result<Vec<Chunk>, ReadError> {
    let mut out = Out::default();
    let mut histograms = column.histograms.iter().peekable();
    for (at, (t, value)) in column.timestamps.iter().zip(&column.floats).enumerate() {
        match histograms.next_if(|(place, _)| *place as usize == at) {
            Some((_, histogram)) => out.histogram(*t, histogram).map_err(|why| {
                ReadError::Query(QueryError::Storage(format!("the histogram at {t} cannot be sent: {why}")))
            })?,
            None => out.float(*t, *value),
        }
    }
    out.close();
    Ok(out.done)
}

enum Open {
    Floats(XorChunk),
    Histograms(HistogramChunk),
}

#[derive(Default)]
struct Out {
    done: Vec<Chunk>,
    open: Option<Open>,
    min_t: i64,
    max_t: i64,
}

impl Out {
    fn float(&mut self, t: i64, value: f64) {
        if let Some(Open::Floats(chunk)) = &mut self.open
            && chunk.len() < CHUNK_SAMPLES
            && chunk.append(t, value).is_ok()
        {
            self.max_t = t;
            return;
        }
        let mut chunk = XorChunk::new();
        // An empty chunk is not full.
        let _ = chunk.append(t, value);
        self.begin(t, Open::Floats(chunk));
    }

    fn histogram(&mut self, t: i64, histogram: &Histogram) -> Result<(), Refused> {
        let next = match &mut self.open {
            Some(Open::Histograms(chunk)) => {
                let large = chunk.byte_len() >= HistogramChunk::TARGET_BYTES;
                let full = large && chunk.len() >= HistogramChunk::MIN_SAMPLES;
                next_histogram(Some(chunk), CHUNK_SAMPLES, full, t, histogram)?
            }
            _ => next_histogram(None, CHUNK_SAMPLES, false, t, histogram)?,
        };
        match next {
            Some(chunk) => self.begin(t, Open::Histograms(chunk)),
            None => self.max_t = t,
        }
        Ok(())
    }

    fn begin(&mut self, t: i64, chunk: Open) {
        self.close();
        (self.min_t, self.max_t, self.open) = (t, t, Some(chunk));
    }

    fn close(&mut self) {
        let (encoding, data) = match self.open.take() {
            Some(Open::Floats(chunk)) => (Encoding::Xor, chunk.into_bytes()),
            Some(Open::Histograms(chunk)) => (chunk.encoding(), chunk.into_bytes()),
            None => return,
        };
        self.done.push(Chunk { min_t: self.min_t, max_t: self.max_t, encoding, data });
    }
}
