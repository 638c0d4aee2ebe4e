//! Deleting samples of the head.

use std::sync::atomic::{AtomicBool, Ordering};

use model::{CompiledMatcher, TimeRange};
use storage::merge::retain_samples;
use storage::{Cancel, QueryError, Samples};

use super::{ChunkBytes, Head, PAGE_SLOTS, SealedChunk};
use crate::block::encode_samples;

impl Head {
    /// Deletes the samples within `range` of all series that match; hands back how many series lost some.
    /// Those that are being appended meanwhile may stay. Sets `deleted` before the first sample goes.
    pub(crate) fn delete(
        &self,
        matchers: &[CompiledMatcher],
        range: TimeRange,
        deleted: &AtomicBool,
    ) -> Result<u64, QueryError> {
        let _view = self.view.read();
        let slots = self.index.select(matchers, self, &Cancel::default())?;
        let mut count = 0;
        for slot in &slots {
            let Some(page) = self.slab.known_page(slot) else { continue };
            let mut held = page.series.lock();
            let Some(Some(series)) = held.get_mut(slot as usize % PAGE_SLOTS) else { continue };
            if !series.overlaps(range) {
                continue;
            }
            let (chunks, bytes) = (series.chunk_count(), series.sealed_in_memory());
            deleted.store(true, Ordering::Relaxed);
            series.delete(range).map_err(QueryError::Storage)?;
            count += 1;
            let gone = chunks as i64 - series.chunk_count() as i64;
            self.chunk_count.fetch_sub(gone, Ordering::Relaxed);
            let more = series.sealed_in_memory().saturating_sub(bytes);
            self.sealed_bytes.fetch_add(more as u64, Ordering::Relaxed);
        }
        Ok(count)
    }
}

/// The chunks without their samples within `range`; those that are not met stay as they are.
pub(super) fn without(chunks: &[SealedChunk], range: TimeRange) -> Result<Vec<SealedChunk>, String> {
    let mut kept = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        if !chunk.overlaps(range) {
            kept.push(chunk.clone());
            continue;
        }
        let mut samples = Samples::default();
        chunk.read(TimeRange::ALL, &mut samples).map_err(|error| error.to_string())?;
        retain_samples(&mut samples, 0, |t| !range.contains(t));
        let mut encoded = Vec::new();
        encode_samples(&samples, &mut encoded).map_err(|error| error.to_string())?;
        for chunk in encoded {
            let encoding = chunk::Encoding::try_from(chunk.encoding).map_err(|error| error.to_string())?;
            let data = ChunkBytes::Memory(chunk.data.to_vec().into());
            kept.push(SealedChunk { min_t: chunk.min_t, max_t: chunk.max_t, encoding, data });
        }
    }
    Ok(kept)
}
