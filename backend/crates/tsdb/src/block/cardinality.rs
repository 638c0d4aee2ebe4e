//! What the series of a block are made of: which labels there are many of, and which come and go.

use std::collections::BTreeMap;

use chunk::Encoding;
use hashbrown::HashMap;
use model::{CompiledMatcher, METRIC_NAME};
use storage::{Cancel, QueryError};

use super::chunks::ChunkRef;
use super::error::Fault;
use super::select::{SelectError, select};
use super::{Block, BlockError};

/// Samples of a full chunk.
const FULL: u64 = 120;

/// A name, a pair `name=value` or a value, and a number that goes with it.
pub type Counted = (String, u64);

/// What the series of a block are made of. All lists are cut to the wanted length, greatest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cardinality {
    /// Series.
    pub series: u64,
    /// Label names.
    pub names: u64,
    /// Different pairs of name and value.
    pub pairs: u64,
    /// Pairs of all series.
    pub pair_entries: u64,
    /// By pair, how many series' worth of the block's time its series do not cover.
    pub churning_pairs: Vec<Counted>,
    /// The same by label name.
    pub churning_names: Vec<Counted>,
    /// By pair, how many series have it.
    pub common_pairs: Vec<Counted>,
    /// By label name, the bytes of all its values.
    pub value_bytes: Vec<Counted>,
    /// By label name, the number of its values.
    pub values: Vec<Counted>,
    /// By metric name, the number of its series.
    pub series_by_metric: Vec<Counted>,
}

/// Chunks of one encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkTally {
    /// Chunks.
    pub chunks: u64,
    /// Samples in them.
    pub samples: u64,
    /// Bytes of encoded samples.
    pub bytes: u64,
    /// Chunks by how full they are, in tenths of 120 samples; the last one counts the full ones.
    pub fullness: [u64; 11],
}

/// What is known of a pair: series that have it, and the time in milliseconds that they do not cover.
#[derive(Clone, Copy, Default)]
struct Pair {
    series: u64,
    uncovered_ms: u64,
}

impl Block {
    /// Counts what the series that match all of `matchers` are made of, in lists of at most `limit`. `tell`
    /// hears how many of how many series are done.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn cardinality(
        &self,
        matchers: &[CompiledMatcher],
        limit: usize,
        tell: &mut dyn FnMut(u64, u64),
    ) -> Result<Cardinality, BlockError> {
        let selected = self.selected(matchers)?;
        let total = selected.len() as u64;
        let mut pairs: HashMap<(u32, u32), Pair> = HashMap::new();
        let mut out = Cardinality { series: total, ..Cardinality::default() };
        let blame = |fault| self.index.blame(fault);
        let meta = self.meta();
        let length = meta.max_time.saturating_sub(meta.min_time).max(1) as u64;
        for (done, series) in selected.into_iter().enumerate() {
            tell(done as u64, total);
            let (mut first, mut last) = (i64::MAX, i64::MIN);
            let visit = |chunk: super::index::ChunkMeta| {
                first = first.min(chunk.min_t);
                last = last.max(chunk.max_t);
            };
            self.index.chunks(series, visit).map_err(blame)?;
            let uncovered = length.saturating_sub(u64::try_from(last.saturating_sub(first)).unwrap_or(0));
            let count = |name, value| {
                let pair = pairs.entry((name, value)).or_default();
                pair.series += 1;
                pair.uncovered_ms += uncovered;
                out.pair_entries += 1;
            };
            self.index.pairs_of(series, count).map_err(blame)?;
        }
        self.summarise(&pairs, length, limit, &mut out).map_err(blame)?;
        Ok(out)
    }

    fn summarise(
        &self,
        pairs: &HashMap<(u32, u32), Pair>,
        length_ms: u64,
        limit: usize,
        out: &mut Cardinality,
    ) -> Result<(), Fault> {
        let text = |symbol| self.index.text(symbol);
        let pair = |(name, value): (u32, u32)| Ok(format!("{}={}", text(name)?, text(value)?));
        let name = |name: u32| Ok(text(name)?.to_owned());
        let value = |(_, value): (u32, u32)| Ok(text(value)?.to_owned());
        let metric = self.index.symbol(METRIC_NAME)?;
        let mut by_name: BTreeMap<u32, (u64, u64, u64)> = BTreeMap::new();
        for ((name, value), held) in pairs {
            let (uncovered, bytes, values) = by_name.entry(*name).or_default();
            *uncovered += held.uncovered_ms;
            *bytes += text(*value)?.len() as u64;
            *values += 1;
        }
        out.names = by_name.len() as u64;
        out.pairs = pairs.len() as u64;
        let churn = |held: &Pair| held.uncovered_ms / length_ms;
        out.churning_pairs = top(pairs.iter().map(|(key, held)| (*key, churn(held))), limit, pair)?;
        out.common_pairs = top(pairs.iter().map(|(key, held)| (*key, held.series)), limit, pair)?;
        let of_metrics = pairs.iter().filter(|((name, _), _)| Some(*name) == metric);
        out.series_by_metric = top(of_metrics.map(|(key, held)| (*key, held.series)), limit, value)?;
        out.churning_names = top(by_name.iter().map(|(key, held)| (*key, held.0 / length_ms)), limit, name)?;
        out.value_bytes = top(by_name.iter().map(|(key, held)| (*key, held.1)), limit, name)?;
        out.values = top(by_name.iter().map(|(key, held)| (*key, held.2)), limit, name)?;
        Ok(())
    }

    /// Counts the chunks of the series that match all of `matchers` by encoding; reads the head of each.
    /// Chunks that cannot be read are left out. `tell` hears how many of how many series are done.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn tally_chunks(
        &self,
        matchers: &[CompiledMatcher],
        tell: &mut dyn FnMut(u64, u64),
    ) -> Result<BTreeMap<&'static str, ChunkTally>, BlockError> {
        let selected = self.selected(matchers)?;
        let total = selected.len() as u64;
        let mut tallies: BTreeMap<&'static str, ChunkTally> = BTreeMap::new();
        for (done, series) in selected.into_iter().enumerate() {
            tell(done as u64, total);
            let mut places: Vec<ChunkRef> = Vec::new();
            let visit = |chunk: super::index::ChunkMeta| places.push(chunk.chunk);
            self.index.chunks(series, visit).map_err(|fault| self.index.blame(fault))?;
            for place in places {
                let Ok((encoding, data)) = self.chunks.read(place) else { continue };
                let name = match Encoding::try_from(encoding) {
                    Ok(Encoding::Xor) => "float",
                    Ok(Encoding::Histogram) => "histogram",
                    Ok(Encoding::FloatHistogram) => "float histogram",
                    Err(_) => "unknown",
                };
                let samples = u64::from(super::chunks::samples_of(data));
                let tally = tallies.entry(name).or_default();
                tally.chunks += 1;
                tally.samples += samples;
                tally.bytes += data.len() as u64;
                tally.fullness[(samples * 10 / FULL).min(10) as usize] += 1;
            }
        }
        Ok(tallies)
    }

    /// The series that match, in order of labels.
    fn selected(&self, matchers: &[CompiledMatcher]) -> Result<Vec<u32>, BlockError> {
        if matchers.is_empty() {
            return self.index.all_series().map_err(|fault| self.index.blame(fault));
        }
        select(&self.index, matchers, &Cancel::default()).map_err(|error| match error {
            SelectError::Fault(fault) => self.index.blame(fault),
            SelectError::Query(QueryError::Cancelled) => BlockError::Cancelled,
            SelectError::Query(error) => BlockError::Unwritable(error.to_string()),
        })
    }
}

/// The `limit` greatest, those with equal numbers in order of their symbols, with their texts.
fn top<K: Copy + Ord>(
    all: impl Iterator<Item = (K, u64)>,
    limit: usize,
    text: impl Fn(K) -> Result<String, Fault>,
) -> Result<Vec<Counted>, Fault> {
    let mut all: Vec<(std::cmp::Reverse<u64>, K)> =
        all.filter(|(_, count)| *count > 0).map(|(key, count)| (std::cmp::Reverse(count), key)).collect();
    if limit < all.len() {
        all.select_nth_unstable(limit);
        all.truncate(limit);
    }
    all.sort_unstable();
    all.into_iter().map(|(count, key)| Ok((text(key)?, count.0))).collect()
}
