//! The log rewritten from memory: all series with their chunks as they are, so that the segments they came
//! from can go. Samples that were committed meanwhile stand in later segments as well; replay skips what
//! it knows already.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use platform::{Disk, DiskFile};

use super::files::{WalFiles, checkpoint_file_id, checkpoint_name, segment_name};
use super::frame::{self, FILE_HEADER};
use super::pack::SeriesPack;
use super::record::{Encoder, LATE_CHUNK, OPEN_CHUNK};
use crate::head::{ChunkBytes, Head, MemSeries, PAGE_SLOTS, SealedChunk};

/// Bytes gathered before they are written.
const WRITE_BYTES: usize = 1 << 20;

/// Writes files of the log's format, a new one when one is full.
struct Output<'a> {
    disk: &'a dyn Disk,
    dir: &'a Path,
    checkpoint: u64,
    file_bytes: u64,
    file: Option<(u64, Arc<dyn DiskFile>, u64)>,
    total: u64,
}

impl Output<'_> {
    fn write(&mut self, encoder: &mut Encoder) -> io::Result<()> {
        let (number, file, offset) = match self.file.take() {
            Some((number, file, offset)) if offset < self.file_bytes => (number, file, offset),
            full => {
                let number = full.as_ref().map_or(0, |(number, ..)| number + 1);
                if let Some((_, file, _)) = full {
                    file.sync()?;
                }
                let file = self.disk.create(&self.dir.join(segment_name(number)))?;
                file.append(&FILE_HEADER)?;
                (number, file, FILE_HEADER.len() as u64)
            }
        };
        frame::place(encoder.frames_mut(), checkpoint_file_id(self.checkpoint, number), offset);
        file.append(encoder.frames())?;
        let length = encoder.frames().len() as u64;
        self.total += length;
        self.file = Some((number, file, offset + length));
        encoder.clear();
        Ok(())
    }

    fn finish(self) -> io::Result<u64> {
        if let Some((_, file, _)) = self.file {
            file.sync()?;
        }
        self.disk.sync_dir(self.dir)?;
        Ok(self.total)
    }
}

/// Writes checkpoint `number`, which stands for the segments up to `number`, and then removes what it
/// replaces. Hands back its length in bytes. `between` is called from time to time.
///
/// # Errors
/// As the disk says. Nothing was removed unless the checkpoint is complete and on the medium.
pub(crate) fn write_checkpoint(
    head: &Head,
    disk: &dyn Disk,
    wal_dir: &Path,
    number: u64,
    file_bytes: u64,
    between: &mut dyn FnMut(),
) -> io::Result<u64> {
    let finished = wal_dir.join(checkpoint_name(number));
    let unfinished = wal_dir.join(format!("{}.tmp", checkpoint_name(number)));
    let mut write = || {
        disk.create_dir_all(&unfinished)?;
        let mut out = Output { disk, dir: &unfinished, checkpoint: number, file_bytes, file: None, total: 0 };
        write_head(head, &mut out, between)?;
        let length = out.finish()?;
        disk.rename(&unfinished, &finished)?;
        Ok(length)
    };
    let length = write().inspect_err(|_: &io::Error| {
        // On a full disk the space is needed; what stays is ignored and goes with the next checkpoint.
        let _ = disk.remove_dir_all(&unfinished);
    })?;
    disk.sync_dir(wal_dir)?;
    remove_replaced(disk, wal_dir, number)?;
    Ok(length)
}

fn write_head(head: &Head, out: &mut Output<'_>, between: &mut dyn FnMut()) -> io::Result<()> {
    let mut encoder = Encoder::default();
    encoder.head(head.generation.load(Ordering::Relaxed), head.min_valid_ms.load(Ordering::Relaxed));
    for (family, metadata) in head.metadata.snapshot() {
        encoder.metadata(&family, &metadata);
    }
    let mut pack = SeriesPack::default();
    let mut copies = Vec::new();
    for page_number in 0..head.slab.page_count() {
        let first = page_number * PAGE_SLOTS as u32;
        let Some(page) = head.slab.known_page(first) else { continue };
        {
            // Only copies are made under the lock; encoding and writing come after it.
            let held = page.series.lock();
            for (at, series) in held.iter().enumerate() {
                let (Some(series), Some(reference)) = (series, head.slab.reference(first + at as u32)) else {
                    continue;
                };
                copies.push((reference, series.labels.clone(), Chunks::of(series)));
            }
        }
        for (reference, packed, _) in &copies {
            pack.add(*reference, &head.index.unpack(packed), encoder.buffer());
        }
        // The chunks of a series come behind it.
        encoder.series(&mut pack);
        for (reference, _, chunks) in copies.drain(..) {
            chunks.encode(reference, &mut encoder);
            if encoder.frames().len() > WRITE_BYTES {
                out.write(&mut encoder)?;
                between();
            }
        }
    }
    for (series, exemplar) in head.exemplars.snapshot() {
        encoder.exemplar(series, &exemplar);
    }
    out.write(&mut encoder)
}

/// Copies of the chunks of a series.
struct Chunks {
    sealed: Vec<SealedChunk>,
    open: Option<SealedChunk>,
    late: Vec<SealedChunk>,
}

impl Chunks {
    fn of(series: &MemSeries) -> Self {
        let mut late = Vec::new();
        if let Some(held) = series.late() {
            late.extend_from_slice(held.sealed());
            late.extend(held.snapshot_open());
        }
        Self { sealed: series.sealed().to_vec(), open: series.snapshot_open(), late }
    }

    fn encode(&self, series: u64, encoder: &mut Encoder) {
        encode_sealed(series, &self.late, LATE_CHUNK, encoder);
        encode_sealed(series, &self.sealed, 0, encoder);
        if let Some(chunk) = &self.open {
            encoder.chunk(series, chunk, OPEN_CHUNK);
        }
    }
}

/// Chunks in their order: those in files by their places, the others with their bytes.
fn encode_sealed(series: u64, chunks: &[SealedChunk], flags: u8, encoder: &mut Encoder) {
    let in_file = |chunk: &SealedChunk| matches!(chunk.data, ChunkBytes::File(_));
    for run in chunks.chunk_by(|a, b| in_file(a) && in_file(b)) {
        if run.iter().all(in_file) {
            encoder.chunks_in_files(series, run);
        } else {
            run.iter().for_each(|chunk| encoder.chunk(series, chunk, flags));
        }
    }
}

/// Removes the segments up to `checkpoint`, and other checkpoints, finished or not.
pub(crate) fn remove_replaced(disk: &dyn Disk, wal_dir: &Path, checkpoint: u64) -> io::Result<()> {
    let files = WalFiles::list(disk, wal_dir)?;
    for (segment, _) in files.segments.iter().filter(|(segment, _)| *segment <= checkpoint) {
        disk.remove_file(&wal_dir.join(segment_name(*segment)))?;
    }
    for other in files.checkpoints.iter().filter(|other| **other != checkpoint) {
        disk.remove_dir_all(&wal_dir.join(checkpoint_name(*other)))?;
    }
    for name in &files.unfinished {
        disk.remove_dir_all(&wal_dir.join(name))?;
    }
    disk.sync_dir(wal_dir)
}
