//! The way back: checkpoint, then segments, into an empty head.
//!
//! One thread reads and checks files ahead, and forces them onto the medium. Of each file the records about series come first, then its
//! samples, both by several threads; within a series the order is that of the log. Nothing unreadable is passed over silently: see [`RecoveryReport`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use hashbrown::{HashMap, HashSet};
use platform::Disk;

use super::chunk_file::{ChunkFileWriter, read_chunk};
use super::decode::{self, ChunkHeader, Record};
use super::files::{WalFiles, checkpoint_file_id, checkpoint_name, chunk_files, segment_id, segment_name};
use super::frame::{self, FILE_HEADER, Frame, Scan};
use super::record::kind;
use super::replay::replay;
use super::report::{Damage, RecoveryReport, TornTail};
use super::series::make_known;
use crate::head::{ChunkBytes, ChunkFile, Head, PAGE_SLOTS, SealedChunk, generation_of, slot_of};
use crate::index::Neighbour;
use crate::progress::Teller;
use crate::{OpenError, Options};

/// Directory for copies of damaged files, beside the log.
const QUARANTINE: &str = "quarantine";

/// The outcome for the writer.
pub(crate) struct Recovered {
    pub(crate) report: RecoveryReport,
    /// Number of the segment to begin.
    pub(crate) next_segment: u64,
    /// Bytes in segments that no checkpoint stands for.
    pub(crate) segment_bytes: u64,
}

/// A file to be read.
struct Source {
    path: PathBuf,
    id: u64,
    segment: bool,
    last: bool,
    length: u64,
}

struct Recovery<'a> {
    head: &'a Head,
    disk: &'a dyn Disk,
    dir: &'a Path,
    chunk_dir: &'a Path,
    threads: usize,
    /// Files of chunks that the checkpoint names; `None` for those that cannot be opened.
    files: HashMap<u64, Option<Arc<ChunkFile>>>,
    /// How many of their chunks could not be read.
    unreadable: BTreeMap<u64, u64>,
    report: RecoveryReport,
    /// References of series that were removed or replaced: their samples are no loss.
    gone: HashSet<u64>,
    generation: u32,
    /// One for each thread that makes series known.
    neighbours: Vec<Neighbour>,
}

/// Fills an empty head from the log.
pub(crate) fn recover(
    head: &Head,
    disk: &Arc<dyn Disk>,
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<Recovered, OpenError> {
    let (wal_dir, chunk_dir) = (options.wal_dir(), options.chunk_dir());
    let files = WalFiles::list(&**disk, &wal_dir).map_err(|e| OpenError::io("list", &wal_dir, e))?;
    let mut recovery = Recovery {
        head,
        disk: &**disk,
        dir: &options.dir,
        chunk_dir: &chunk_dir,
        threads: options.replay_threads.max(1),
        files: HashMap::new(),
        unreadable: BTreeMap::new(),
        report: RecoveryReport::default(),
        gone: HashSet::new(),
        generation: 0,
        neighbours: vec![Neighbour::default()],
    };
    let checkpoint = files.checkpoints.last().copied();
    let sources = recovery.sources(&wal_dir, &files, checkpoint)?;
    recovery.report.checkpoint = checkpoint;
    recovery.read_all(&sources, teller)?;
    recovery.settle_files()?;
    head.slab.settle_free();
    head.generation.fetch_max(recovery.generation.saturating_add(1), Ordering::Relaxed);
    recovery.report.series = head.series_count.load(Ordering::Relaxed);
    let mut segments: Vec<u64> = files.segments.iter().map(|(number, _)| *number).collect();
    segments.retain(|number| checkpoint.is_none_or(|checkpoint| *number > checkpoint));
    // Segments at the end without a record are removed, and their numbers used again: were they skipped,
    // the next start would take them for missing.
    let mut segment_bytes = 0;
    while let Some(number) = segments.last() {
        let path = wal_dir.join(segment_name(*number));
        let torn = recovery.report.torn_tail.as_ref().filter(|torn| torn.file == path);
        let listed = files.segments.iter().find(|(listed, _)| listed == number);
        let length = torn.map_or(listed.map_or(0, |(_, length)| *length), |torn| torn.offset);
        if length > FILE_HEADER.len() as u64 {
            segment_bytes = length;
            break;
        }
        recovery.disk.remove_file(&path).map_err(|e| OpenError::io("remove", &path, e))?;
        segments.pop();
    }
    // Again, for what was cut off meanwhile.
    for number in &segments {
        let path = wal_dir.join(segment_name(*number));
        recovery.disk.sync_file(&path).map_err(|e| OpenError::io("sync", &path, e))?;
    }
    recovery.disk.sync_dir(&wal_dir).map_err(|e| OpenError::io("sync", &wal_dir, e))?;
    let lengths = files.segments.iter().filter(|(number, _)| Some(number) < segments.last());
    segment_bytes += lengths.filter(|(n, _)| segments.contains(n)).map(|(_, length)| length).sum::<u64>();
    let highest = segments.last().copied().max(checkpoint);
    Ok(Recovered { report: recovery.report, next_segment: highest.map_or(0, |n| n + 1), segment_bytes })
}

impl Recovery<'_> {
    fn sources(
        &mut self,
        wal_dir: &Path,
        files: &WalFiles,
        checkpoint: Option<u64>,
    ) -> Result<Vec<Source>, OpenError> {
        let mut sources = Vec::new();
        let mut expected = 0;
        if let Some(checkpoint) = checkpoint {
            let dir = wal_dir.join(checkpoint_name(checkpoint));
            let listed = WalFiles::checkpoint_files(self.disk, &dir);
            for (number, entry) in listed.map_err(|e| OpenError::io("list", &dir, e))? {
                let id = checkpoint_file_id(checkpoint, number);
                let path = dir.join(entry.name);
                sources.push(Source { path, id, segment: false, last: false, length: entry.len });
            }
            expected = checkpoint + 1;
        }
        let newer = files.segments.iter().filter(|(number, _)| *number >= expected);
        let newer: Vec<(u64, u64)> = newer.copied().collect();
        for (number, length) in &newer {
            if *number > expected && (checkpoint.is_some() || expected > 0) {
                self.report.damage.push(Damage {
                    file: wal_dir.join(segment_name(expected)),
                    offset: 0,
                    bytes: 0,
                    reason: format!("segments {expected} to {} are missing", number - 1),
                    quarantined: None,
                });
            }
            expected = number + 1;
            let path = wal_dir.join(segment_name(*number));
            let last = newer.last().is_some_and(|(last, _)| last == number);
            sources.push(Source { path, id: segment_id(*number), segment: true, last, length: *length });
        }
        Ok(sources)
    }

    fn read_all(&mut self, sources: &[Source], teller: &mut Teller<'_>) -> Result<(), OpenError> {
        let disk = self.disk;
        let total = sources.iter().map(|source| source.length).sum();
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel(1);
            let reader = scope.spawn(move || {
                for source in sources {
                    let read = disk.read(&source.path).map(|data| {
                        let found = frame::scan(&data, source.id);
                        (data, found)
                    });
                    // The receiver is gone when recovery gave up.
                    if send.send((source, read)).is_err() {
                        break;
                    }
                    // What a process before wrote last may not be on the medium yet, and takes its time.
                    if source.segment {
                        disk.sync_file(&source.path).map_err(|e| OpenError::io("sync", &source.path, e))?;
                    }
                }
                Ok(())
            });
            for (source, read) in receive {
                teller.tell("reading the write-ahead log", self.report.bytes, total);
                let (data, found) = read.map_err(|e| OpenError::io("read", &source.path, e))?;
                if let Some(version) = frame::other_version(&data) {
                    return Err(OpenError::OtherVersion { path: source.path.clone(), version });
                }
                self.apply(source, &data, &found)?;
            }
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn apply(&mut self, source: &Source, data: &[u8], found: &Scan) -> Result<(), OpenError> {
        self.report.bytes += data.len() as u64;
        self.report.segments += u64::from(source.segment);
        let mut damaged: Vec<(usize, usize, &str)> =
            found.gaps.iter().map(|gap| (gap.start, gap.len(), "no valid record")).collect();
        if let Some(tail) = found.tail.clone().filter(|_| !source.last) {
            damaged.push((tail.start, tail.len(), "no valid record up to the end"));
        }
        let (samples, others): (Vec<&Frame>, Vec<&Frame>) = found.frames.iter().partition(|frame| {
            use kind::{HISTOGRAMS, LATE_HISTOGRAMS, LATE_SAMPLES, SAMPLES};
            matches!(frame.kind, SAMPLES | HISTOGRAMS | LATE_SAMPLES | LATE_HISTOGRAMS)
        });
        for malformed in self.apply_others(data, &others) {
            damaged.push((malformed.start, malformed.len(), "a record that makes no sense"));
        }
        let replayed = replay(self.head, &self.gone, data, &samples, self.threads);
        self.report.samples += replayed.samples;
        self.report.orphaned_samples += replayed.orphaned;
        self.generation = self.generation.max(replayed.generation);
        for malformed in replayed.malformed {
            damaged.push((malformed.start, malformed.len(), "a samples record that makes no sense"));
        }
        self.keep_damaged(source, data, &damaged)?;
        if let Some(tail) = found.tail.clone().filter(|_| source.last) {
            self.disk
                .truncate(&source.path, tail.start as u64)
                .map_err(|e| OpenError::io("cut", &source.path, e))?;
            self.report.torn_tail = Some(TornTail {
                file: source.path.clone(),
                offset: tail.start as u64,
                bytes: tail.len() as u64,
            });
        }
        tracing::debug!(file = %source.path.display(), bytes = data.len(), "replayed");
        Ok(())
    }

    /// Applies records that are not of samples; hands back the payloads that make no sense.
    fn apply_others(&mut self, data: &[u8], frames: &[&Frame]) -> Vec<Range<usize>> {
        let mut malformed = Vec::new();
        let mut rest = frames;
        while !rest.is_empty() {
            let one_by_one = match make_known(self.head, data, rest, (self.threads, &mut self.neighbours)) {
                Ok((records, series)) => {
                    let highest = series.iter().map(|series| generation_of(*series)).max();
                    self.generation = self.generation.max(highest.unwrap_or(0));
                    if !self.gone.is_empty() {
                        series.iter().for_each(|series| {
                            self.gone.remove(series);
                        });
                    }
                    rest = &rest[records..];
                    continue;
                }
                Err(records) => rest.split_at(records),
            };
            for frame in one_by_one.0 {
                let payload = &data[frame.payload.clone()];
                let record = decode::record(frame.kind, payload);
                if !record.is_ok_and(|record| self.apply_record(record, payload)) {
                    malformed.push(frame.payload.clone());
                }
            }
            rest = one_by_one.1;
        }
        malformed
    }

    /// `false` when the record contradicts what is known.
    fn apply_record(&mut self, record: Record, payload: &[u8]) -> bool {
        let head = self.head;
        match record {
            Record::Series(all) => {
                for (series, labels) in all {
                    self.generation = self.generation.max(generation_of(series));
                    self.gone.remove(&series);
                    match head.restore(series, &labels, &mut self.neighbours[0]) {
                        Ok(replaced) => self.gone.extend(replaced),
                        Err(_) => return false,
                    }
                }
            }
            Record::Removed(series) => {
                for series in series {
                    self.generation = self.generation.max(generation_of(series));
                    head.forget(series);
                    self.gone.insert(series);
                }
            }
            Record::Chunk(header, bytes) => {
                let data = ChunkBytes::Memory(payload[bytes].into());
                let ChunkHeader { min_t, max_t, encoding, .. } = header;
                return self.apply_chunk(header, SealedChunk { min_t, max_t, encoding, data });
            }
            Record::ChunksInFiles(series, places) => {
                for (file, place) in places {
                    self.apply_file_chunk(series, file, place);
                }
            }
            Record::Head { generation, min_valid_ms } => {
                self.generation = self.generation.max(generation);
                head.min_valid_ms.fetch_max(min_valid_ms, Ordering::Relaxed);
            }
            Record::Metadata(family, metadata) => head.metadata.set(family, metadata),
            Record::Exemplar(series, exemplar) => head.exemplars.add(series, exemplar),
        }
        true
    }

    /// `false` when the chunk contradicts what is known.
    fn apply_chunk(&mut self, header: ChunkHeader, chunk: SealedChunk) -> bool {
        let ChunkHeader { series, open, late, min_t, max_t, .. } = header;
        let slot = slot_of(series);
        if self.head.slab.reference(slot) != Some(series) {
            self.report.orphaned_samples += 1;
            return true;
        }
        let page = self.head.slab.page(slot);
        let in_memory = if open { 0 } else { chunk.data.heap_bytes() as u64 };
        let mut held = page.series.lock();
        let Some(Some(held)) = held.get_mut(slot as usize % PAGE_SLOTS) else { return false };
        if late {
            held.restore_late(chunk);
            self.head.late_min_t.fetch_min(min_t, Ordering::Relaxed);
            self.head.late_max_t.fetch_max(max_t, Ordering::Relaxed);
        } else {
            let newest = page.newest(slot);
            let ascends = newest == i64::MIN || min_t > newest;
            if !ascends || held.restore(chunk, open, self.head.cut).is_err() {
                return false;
            }
            page.set_newest(slot, max_t);
            self.head.saw(min_t, max_t);
        }
        self.head.chunk_count.fetch_add(1, Ordering::Relaxed);
        self.head.sealed_bytes.fetch_add(in_memory, Ordering::Relaxed);
        true
    }

    fn apply_file_chunk(&mut self, series: u64, number: u64, record: u32) {
        let dir = self.chunk_dir;
        let disk = self.disk;
        let file = self.files.entry(number).or_insert_with(|| {
            let bytes = disk.map(&ChunkFileWriter::path(dir, number)).ok()?;
            Some(Arc::new(ChunkFile { number, bytes }))
        });
        let found = file.as_ref().and_then(|file| read_chunk(file, record));
        let applied = found.filter(|(header, _)| header.series == series);
        if !applied.is_some_and(|(header, chunk)| self.apply_chunk(header, chunk)) {
            *self.unreadable.entry(number).or_default() += 1;
        }
    }

    /// Reports chunks that were not in their files. All files are kept then that nothing refers to any more.
    fn settle_files(&mut self) -> Result<(), OpenError> {
        self.head.files.lock().extend(self.files.values().flatten().map(Arc::downgrade));
        for (number, chunks) in std::mem::take(&mut self.unreadable) {
            self.report.damage.push(Damage {
                file: ChunkFileWriter::path(self.chunk_dir, number),
                offset: 0,
                bytes: 0,
                reason: format!("{chunks} chunks that the checkpoint names cannot be read"),
                quarantined: None,
            });
        }
        if self.report.damage.is_empty() {
            return Ok(());
        }
        let dir = self.chunk_dir;
        let numbers = chunk_files(self.disk, dir).map_err(|e| OpenError::io("list", dir, e))?;
        for number in numbers {
            let whole = self.files.get(&number).is_some_and(Option::is_some);
            let path = ChunkFileWriter::path(dir, number);
            let damaged = self.report.damage.iter().any(|damage| damage.file == path);
            if whole && !damaged {
                continue;
            }
            let data = self.disk.read(&path).map_err(|e| OpenError::io("read", &path, e))?;
            let copy = self.quarantine(&path, &data)?;
            let reports = self.report.damage.iter_mut().filter(|damage| damage.file == path);
            reports.for_each(|damage| damage.quarantined = Some(copy.clone()));
        }
        Ok(())
    }

    /// Copies a damaged file aside and reports each damaged stretch.
    fn keep_damaged(
        &mut self,
        source: &Source,
        data: &[u8],
        damaged: &[(usize, usize, &str)],
    ) -> Result<(), OpenError> {
        if damaged.is_empty() {
            return Ok(());
        }
        let copy = self.quarantine(&source.path, data)?;
        for (offset, bytes, reason) in damaged {
            self.report.damage.push(Damage {
                file: source.path.clone(),
                offset: *offset as u64,
                bytes: *bytes as u64,
                reason: (*reason).to_owned(),
                quarantined: Some(copy.clone()),
            });
        }
        Ok(())
    }

    fn quarantine(&self, path: &Path, data: &[u8]) -> Result<PathBuf, OpenError> {
        let dir = self.dir.join(QUARANTINE);
        self.disk.create_dir_all(&dir).map_err(|e| OpenError::io("create", &dir, e))?;
        let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut attempt = 0;
        loop {
            let copy = dir.join(format!("{parent}-{name}-{attempt}"));
            match self.disk.create(&copy) {
                Ok(file) => {
                    file.append(data)
                        .and_then(|()| file.sync())
                        .and_then(|()| self.disk.sync_dir(&dir))
                        .map_err(|e| OpenError::io("write", &copy, e))?;
                    return Ok(copy);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && attempt < 10_000 => attempt += 1,
                Err(e) => return Err(OpenError::io("create", &copy, e)),
            }
        }
    }
}
