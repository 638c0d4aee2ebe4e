//! Samples of one series that came out of order: chunks of their own, which may overlap those in order and
//! each other. Readers merge them.

use chunk::Encoding;
use model::{TimeRange, Value};
use storage::Samples;

use super::delete::without;
use super::{ChunkBytes, SealedChunk};
use crate::block::encode_samples;

/// Samples that are kept sorted before they are encoded; as in Prometheus.
const OPEN_SAMPLES: usize = 32;

/// The late samples of a series.
#[derive(Debug, Default)]
pub(crate) struct Late {
    /// By time, each time once.
    open: Vec<(i64, Value)>,
    sealed: Vec<SealedChunk>,
    /// So many of the sealed ones are on their way into blocks.
    frozen: usize,
}

impl Late {
    /// Adds a sample. `false` when the open chunk has one at this time.
    pub(crate) fn insert(&mut self, t: i64, value: Value) -> bool {
        let Err(at) = self.open.binary_search_by_key(&t, |(t, _)| *t) else { return false };
        if self.open.len() == OPEN_SAMPLES {
            self.seal();
            self.open.push((t, value));
        } else {
            self.open.insert(at, (t, value));
        }
        true
    }

    /// Puts back a chunk from a checkpoint.
    pub(crate) fn restore(&mut self, chunk: SealedChunk) {
        self.sealed.push(chunk);
    }

    fn seal(&mut self) {
        let sealed = encoded(&self.open);
        self.sealed.extend(sealed);
        self.open = Vec::new();
    }

    /// Marks the chunks that end before `before_ms`; new samples go beside them until [`Late::drop_frozen`].
    pub(crate) fn freeze(&mut self, before_ms: i64) {
        self.seal();
        let (frozen, others): (Vec<_>, Vec<_>) =
            self.sealed.drain(..).partition(|chunk| chunk.max_t < before_ms);
        self.frozen = frozen.len();
        self.sealed = frozen;
        self.sealed.extend(others);
    }

    /// Deletes the samples within the range.
    pub(crate) fn delete(&mut self, range: TimeRange) -> Result<(), String> {
        self.seal();
        let frozen = without(&self.sealed[..self.frozen], range)?;
        let others = without(&self.sealed[self.frozen..], range)?;
        self.frozen = frozen.len();
        self.sealed = frozen;
        self.sealed.extend(others);
        Ok(())
    }

    /// The chunks that [`Late::freeze`] marked.
    pub(crate) fn frozen(&self) -> &[SealedChunk] {
        &self.sealed[..self.frozen]
    }

    /// Forgets what [`Late::freeze`] marked; hands back how many chunks went.
    pub(crate) fn drop_frozen(&mut self) -> usize {
        let gone = std::mem::take(&mut self.frozen);
        self.sealed.drain(..gone);
        gone
    }

    pub(crate) fn sealed_mut(&mut self) -> &mut [SealedChunk] {
        &mut self.sealed
    }

    /// Sealed chunks.
    pub(crate) fn sealed(&self) -> &[SealedChunk] {
        &self.sealed
    }

    /// A copy of what is not sealed yet.
    pub(crate) fn snapshot_open(&self) -> Vec<SealedChunk> {
        encoded(&self.open)
    }

    /// Times of the first and the last sample.
    pub(crate) fn bounds(&self) -> Option<(i64, i64)> {
        let open = self.open.first().zip(self.open.last()).map(|(first, last)| (first.0, last.0));
        let sealed = self.sealed.iter().map(|chunk| (chunk.min_t, chunk.max_t));
        sealed.chain(open).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.sealed.is_empty()
    }

    pub(crate) fn chunk_count(&self) -> usize {
        self.sealed.len() + usize::from(!self.open.is_empty())
    }

    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        self.sealed.iter().any(|chunk| chunk.overlaps(range))
            || self.open.iter().any(|(t, _)| range.contains(*t))
    }

    /// The chunks that meet the range, in the order in which they were sealed.
    pub(crate) fn chunks(&self, range: TimeRange, out: &mut Vec<SealedChunk>) {
        out.extend(self.sealed.iter().filter(|chunk| chunk.overlaps(range)).cloned());
        if self.open.iter().any(|(t, _)| range.contains(*t)) {
            out.extend(encoded(&self.open));
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.sealed.capacity() * size_of::<SealedChunk>()
            + self.open.capacity() * size_of::<(i64, Value)>()
            + self.sealed.iter().map(|chunk| chunk.data.heap_bytes()).sum::<usize>()
    }
}

fn encoded(samples: &[(i64, Value)]) -> Vec<SealedChunk> {
    let mut columns = Samples::default();
    for (t, value) in samples {
        match value {
            Value::Float(value) => columns.push(*t, *value),
            Value::Histogram(histogram) => columns.push_histogram(*t, histogram.clone()),
        }
    }
    let mut chunks = Vec::new();
    if let Err(error) = encode_samples(&columns, &mut chunks) {
        // Histograms that no chunk takes are refused when they are appended.
        tracing::error!(%error, "late samples cannot be encoded");
    }
    let sealed = |chunk: crate::block::EncodedChunk| {
        let encoding = Encoding::try_from(chunk.encoding).ok()?;
        let data = ChunkBytes::Memory(chunk.data.to_vec().into());
        Some(SealedChunk { min_t: chunk.min_t, max_t: chunk.max_t, encoding, data })
    };
    chunks.into_iter().filter_map(sealed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(late: &Late, range: TimeRange) -> Vec<(i64, f64)> {
        let mut chunks = Vec::new();
        late.chunks(range, &mut chunks);
        let mut all = Samples::default();
        for chunk in chunks {
            let mut more = Samples::default();
            chunk.read(range, &mut more).unwrap();
            storage::merge::add_samples(&mut all, 0, &more);
        }
        all.timestamps.iter().copied().zip(all.floats.iter().copied()).collect()
    }

    #[test]
    fn samples_come_back_by_time_whatever_their_order() {
        let mut late = Late::default();
        for n in 0..100i64 {
            assert!(late.insert(n * 37 % 100 * 10, Value::Float(n as f64)));
        }
        let expected: Vec<(i64, f64)> = (0..100).map(|k| (k * 10, (k * 73 % 100) as f64)).collect();
        assert_eq!(read(&late, TimeRange::ALL), expected);
        assert_eq!(read(&late, TimeRange::new(100, 130)), expected[10..14]);
        assert!(!late.overlaps(TimeRange::new(1001, 2000)));
    }

    #[test]
    fn what_comes_while_others_are_frozen_stays() {
        let mut late = Late::default();
        (0..40).for_each(|t| assert!(late.insert(t, Value::Float(1.0))));
        late.freeze(39);
        assert_eq!(late.frozen().len(), 1);
        late.freeze(40);
        assert_eq!(late.frozen().len(), 2);
        assert!(late.insert(7, Value::Float(2.0)));
        late.drop_frozen();
        assert_eq!(read(&late, TimeRange::ALL), [(7, 2.0)]);
    }

    #[test]
    fn the_same_time_again_is_said() {
        let mut late = Late::default();
        assert!(late.insert(7, Value::Float(2.0)));
        assert!(!late.insert(7, Value::Float(3.0)));
    }
}
