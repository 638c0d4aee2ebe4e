//! Moving sealed chunks from memory into a file.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use platform::Disk;

use super::late::Late;
use super::{ChunkBytes, ChunkFile, FileChunk, Head, MemSeries, PAGE_SLOTS, SealedChunk, slot_of};
use crate::wal::{ChunkFileWriter, ChunkPlace};

/// A file takes no more chunks when it has grown by this many bytes.
const FILE_BYTES: u64 = 256 << 20;

/// A chunk on its way: it is found again by the memory that it has.
struct Moved {
    series: u64,
    bytes: Arc<[u8]>,
    place: ChunkPlace,
}

impl Head {
    /// Writes the chunks that were sealed and are still in memory into file `number` of `dir`, and lets the
    /// series have them from there. `between` is called from time to time. `false` when the file is full and
    /// another one is needed for the rest.
    ///
    /// # Errors
    /// As the disk says; then all chunks are still in memory.
    pub(crate) fn spill(
        &self,
        disk: &dyn Disk,
        dir: &Path,
        number: u64,
        between: &mut dyn FnMut(),
    ) -> io::Result<bool> {
        let mut writer = ChunkFileWriter::create(disk, dir, number)?;
        let waiting = self.sealed_bytes.swap(0, Ordering::Relaxed);
        let outcome = self.write_sealed(&mut writer, between).and_then(|(moved, all)| {
            let file = writer.finish()?;
            Ok((moved, all, file))
        });
        let (moved, all, file) = outcome.inspect_err(|_| {
            self.sealed_bytes.fetch_add(waiting, Ordering::Relaxed);
            // What stays is not known to any checkpoint and goes with the next.
            let _ = disk.remove_file(&ChunkFileWriter::path(dir, number));
        })?;
        let file = Arc::new(file);
        for moved in moved {
            self.hand_to_file(&moved, &file);
        }
        self.files.lock().push(Arc::downgrade(&file));
        Ok(all)
    }

    fn write_sealed(
        &self,
        writer: &mut ChunkFileWriter<'_>,
        between: &mut dyn FnMut(),
    ) -> io::Result<(Vec<Moved>, bool)> {
        let mut moved = Vec::new();
        let mut found: Vec<(u64, SealedChunk, Arc<[u8]>, bool)> = Vec::new();
        for number in 0..self.slab.page_count() {
            let first = number * PAGE_SLOTS as u32;
            let Some(page) = self.slab.known_page(first) else { continue };
            let mut held = page.series.lock();
            for (at, series) in held.iter_mut().enumerate() {
                let (Some(series), Some(reference)) = (series, self.slab.reference(first + at as u32)) else {
                    continue;
                };
                let late = in_memory(series.late_mut().map(Late::sealed_mut).unwrap_or_default());
                found.extend(late.map(|(chunk, bytes)| (reference, chunk, bytes, true)));
                let in_order = in_memory(series.sealed_mut());
                found.extend(in_order.map(|(chunk, bytes)| (reference, chunk, bytes, false)));
            }
            drop(held);
            for (series, chunk, bytes, late) in found.drain(..) {
                let place = writer.add(series, &chunk, late)?;
                moved.push(Moved { series, bytes, place });
            }
            if writer.length() > FILE_BYTES {
                return Ok((moved, false));
            }
            between();
        }
        Ok((moved, true))
    }

    fn hand_to_file(&self, moved: &Moved, file: &Arc<ChunkFile>) {
        let slot = slot_of(moved.series);
        let Some(page) = self.slab.known_page(slot) else { return };
        let mut held = page.series.lock();
        if self.slab.reference(slot) != Some(moved.series) {
            return;
        }
        let Some(Some(series)) = held.get_mut(slot as usize % PAGE_SLOTS) else { return };
        let ChunkPlace { record, start, length } = moved.place;
        let data = ChunkBytes::File(FileChunk { file: Arc::clone(file), record, start, length });
        if let Some(chunk) = find(series, &moved.bytes) {
            chunk.data = data;
        }
    }

    /// Gives back the memory that reading chunks from files took.
    pub(crate) fn release_files(&self) {
        for file in self.files.lock().iter().filter_map(Weak::upgrade) {
            file.bytes.release();
        }
    }

    /// Numbers of the files that somebody may still read.
    pub(crate) fn live_files(&self) -> Vec<u64> {
        let mut files = self.files.lock();
        files.retain(|file| file.strong_count() > 0);
        files.iter().filter_map(|file| Some(file.upgrade()?.number)).collect()
    }
}

fn in_memory(chunks: &mut [SealedChunk]) -> impl Iterator<Item = (SealedChunk, Arc<[u8]>)> {
    chunks.iter().filter_map(|chunk| match &chunk.data {
        ChunkBytes::Memory(bytes) => Some((chunk.clone(), Arc::clone(bytes))),
        ChunkBytes::File(_) => None,
    })
}

fn find<'s>(series: &'s mut MemSeries, bytes: &Arc<[u8]>) -> Option<&'s mut SealedChunk> {
    let is_it =
        |chunk: &SealedChunk| matches!(&chunk.data, ChunkBytes::Memory(held) if Arc::ptr_eq(held, bytes));
    if let Some(at) = series.sealed().iter().position(is_it) {
        return series.sealed_mut().get_mut(at);
    }
    series.late_mut()?.sealed_mut().iter_mut().find(|chunk| is_it(chunk))
}
