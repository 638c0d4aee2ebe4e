//! Looking for everything that is wrong with a block.

use std::path::Path;

use chunk::Encoding;
use hashbrown::HashMap;
use model::{Labels, TimeRange};
use storage::Samples;

use super::index::{ChunkMeta, SymbolCache};
use super::meta::META_FILE;
use super::tombstones::TOMBSTONES_FILE;
use super::{Block, BlockError, BlockStats};

/// How often a pair of name and value occurs, by symbols.
type Pairs = HashMap<(u32, u32), u64>;

/// Where findings go, and how far the work is.
pub struct Findings<'a> {
    /// Hears of everything that is wrong: file, place in it, and what it is.
    pub found: &'a mut dyn FnMut(BlockError),
    /// Hears how many of how many series have been checked.
    pub tell: &'a mut dyn FnMut(u64, u64),
}

impl Block {
    /// Checks all of an open block: order of symbols, series and postings, all checksums, that every chunk can
    /// be decoded and holds the times that the index says and the block covers, and that `meta.json` counts
    /// right.
    pub fn check(&self, findings: &mut Findings<'_>) {
        if let Err(fault) = self.index.check_symbols() {
            (findings.found)(self.index.blame(fault));
        }
        let all = match self.index.all_series() {
            Ok(all) => all,
            Err(fault) => return (findings.found)(self.index.blame(fault)),
        };
        let mut pairs = Pairs::new();
        let counted = self.check_series(&all, &mut pairs, findings);
        self.check_postings(&pairs, findings);
        self.check_stats(&counted, findings);
        let known =
            |series: &u64| u32::try_from(*series).is_ok_and(|series| all.binary_search(&series).is_ok());
        if let Some(unknown) = self.tombstones().series().find(|series| !known(series)) {
            let reason = format!("deletes from a series {unknown} that is not there");
            (findings.found)(BlockError::corrupt(&self.dir().join(TOMBSTONES_FILE), 0, reason));
        }
    }

    fn check_series(&self, all: &[u32], pairs: &mut Pairs, findings: &mut Findings<'_>) -> BlockStats {
        let (mut chunks, mut cache) = (Vec::new(), SymbolCache::default());
        let mut before: Option<Labels> = None;
        let mut counted = BlockStats { num_series: all.len() as u64, ..BlockStats::default() };
        let total = all.len() as u64;
        for (done, series) in all.iter().enumerate() {
            (findings.tell)(done as u64, total);
            let wrong = |reason: &'static str| {
                BlockError::corrupt(self.index.path(), self.index.place(*series), reason)
            };
            let count = |name, value| *pairs.entry((name, value)).or_default() += 1;
            let read = self.index.pairs_of(*series, count);
            let labels = read.and_then(|()| self.index.series(*series, &mut cache, &mut chunks, |_| true));
            match labels {
                Err(fault) => {
                    (findings.found)(self.index.blame(fault));
                    continue;
                }
                Ok(None) => (findings.found)(wrong("a series without chunks")),
                Ok(Some(labels)) => {
                    if before.is_some_and(|before| before >= labels) {
                        (findings.found)(wrong("a series that does not come behind the one before it"));
                    }
                    before = Some(labels);
                }
            }
            if chunks.windows(2).any(|pair| pair[0].max_t >= pair[1].min_t) {
                (findings.found)(wrong("chunks that overlap or do not ascend"));
            }
            for meta in &chunks {
                counted.num_chunks += 1;
                match self.check_chunk(meta) {
                    Ok((encoding, samples)) => {
                        counted.num_samples += samples;
                        match encoding {
                            Encoding::Xor => counted.num_float_samples += samples,
                            _ => counted.num_histogram_samples += samples,
                        }
                    }
                    Err(error) => (findings.found)(error),
                }
            }
        }
        counted
    }

    /// Encoding and number of samples of a chunk without a fault.
    fn check_chunk(&self, meta: &ChunkMeta) -> Result<(Encoding, u64), BlockError> {
        let (path, offset) = self.chunks.place(meta.chunk);
        let wrong = |reason: &'static str| Err(BlockError::corrupt(&path, offset, reason));
        let (encoding, _) = self.chunks.read(meta.chunk)?;
        let Ok(known) = Encoding::try_from(encoding) else {
            return Err(BlockError::UnknownEncoding { path, offset, encoding });
        };
        let mut samples = Samples::default();
        self.decode(meta, TimeRange::ALL, &mut samples)?;
        let times = &samples.timestamps;
        if !times.windows(2).all(|pair| pair[0] < pair[1]) {
            return wrong("samples that do not ascend");
        }
        if times.first() != Some(&meta.min_t) || times.last() != Some(&meta.max_t) {
            return wrong("first and last sample are not those that the index names");
        }
        let block = self.meta();
        if meta.min_t < block.min_time || meta.max_t >= block.max_time {
            return wrong("samples outside of the block's time");
        }
        Ok((known, times.len() as u64))
    }

    /// Every list of postings must name exactly the series that have its label.
    fn check_postings(&self, pairs: &Pairs, findings: &mut Findings<'_>) {
        let mut lists = 0;
        for name in self.index.names() {
            let values = match self.index.values_from(name, "") {
                Ok(values) => values,
                Err(fault) => {
                    (findings.found)(self.index.blame(fault));
                    continue;
                }
            };
            for entry in values {
                let checked = entry.and_then(|entry| {
                    lists += 1;
                    let list = self.index.postings(entry)?;
                    let symbols = (self.index.symbol(&name.name)?, self.index.symbol(entry.value)?);
                    let (Some(name), Some(value)) = symbols else {
                        return Ok(Some((entry, "postings of a text that is no symbol")));
                    };
                    let mut before = None;
                    let mut right = pairs.get(&(name, value)).copied() == Some(list.len() as u64);
                    for series in list.iter() {
                        right &= before.is_none_or(|before| before < series);
                        right &= self.index.value_of(series, name)? == Some(entry.value);
                        before = Some(series);
                    }
                    Ok((!right).then_some((entry, "postings are not those series that have the label")))
                });
                match checked {
                    Ok(None) => {}
                    Ok(Some((entry, reason))) => {
                        let place = entry.postings as u64;
                        (findings.found)(BlockError::corrupt(self.index.path(), place, reason));
                    }
                    Err(fault) => (findings.found)(self.index.blame(fault)),
                }
            }
        }
        if lists < pairs.len() {
            let reason = format!("{} labels of series have no postings", pairs.len() - lists);
            (findings.found)(BlockError::corrupt(self.index.path(), 0, reason));
        }
    }

    fn check_stats(&self, counted: &BlockStats, findings: &mut Findings<'_>) {
        let stats = self.meta().stats;
        // Older writers did not tell floats and histograms apart.
        let apart = stats.num_float_samples + stats.num_histogram_samples > 0;
        for (what, said, there) in [
            ("numSeries", stats.num_series, counted.num_series),
            ("numChunks", stats.num_chunks, counted.num_chunks),
            ("numSamples", stats.num_samples, counted.num_samples),
            ("numFloatSamples", stats.num_float_samples, counted.num_float_samples),
            ("numHistogramSamples", stats.num_histogram_samples, counted.num_histogram_samples),
        ] {
            let is_kind = what.ends_with("FloatSamples") || what.ends_with("HistogramSamples");
            if said != there && (apart || !is_kind) {
                let path: &Path = &self.dir().join(META_FILE);
                let reason = format!("{what} says {said}, there are {there} without a fault");
                (findings.found)(BlockError::corrupt(path, 0, reason));
            }
        }
    }
}
