//! Blocks for tests.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chunk::XorChunk;
use model::{CompiledMatcher, Labels, MatchOp, Matcher, TimeRange};
use platform::Disk;
use storage::{Querier, Samples, SelectHints};
use tsdb::block::{BlockMeta, BlockWriter, EncodedChunk, Ulid};

/// Samples by series: value bits by time.
pub(crate) type Content = BTreeMap<Labels, BTreeMap<i64, u64>>;

/// Samples as float chunks of at most `per_chunk`.
pub(crate) fn chunks(samples: &BTreeMap<i64, u64>, per_chunk: usize) -> Vec<EncodedChunk> {
    let samples: Vec<(i64, u64)> = samples.iter().map(|(t, bits)| (*t, *bits)).collect();
    let encode = |samples: &[(i64, u64)]| {
        let mut chunk = XorChunk::new();
        for (t, bits) in samples {
            chunk.append(*t, f64::from_bits(*bits)).unwrap();
        }
        let (min_t, max_t) = (samples[0].0, samples[samples.len() - 1].0);
        EncodedChunk { min_t, max_t, encoding: 1, data: chunk.into_bytes().into() }
    };
    samples.chunks(per_chunk).map(encode).collect()
}

/// Writes a block with the ULID `id` that holds `content`.
pub(crate) fn write(
    disk: &Arc<dyn Disk>,
    data_dir: &Path,
    id: u128,
    range: (i64, i64),
    content: &Content,
) -> PathBuf {
    let meta = BlockMeta::new(Ulid::from(id), range.0, range.1);
    let mut writer = BlockWriter::create(Arc::clone(disk), data_dir, meta).unwrap();
    for (labels, samples) in content {
        writer.add_series(labels, &chunks(samples, 7)).unwrap();
    }
    writer.finish().unwrap()
}

pub(crate) fn compile(matchers: &[Matcher]) -> Vec<CompiledMatcher> {
    matchers.iter().map(|m| CompiledMatcher::new(m.clone()).unwrap()).collect()
}

/// What a querier finds, series without samples left out.
pub(crate) fn read(querier: &dyn Querier, matchers: &[Matcher], range: TimeRange) -> Content {
    let mut content = Content::new();
    for series in querier.select(&compile(matchers), &SelectHints::default()).unwrap() {
        let mut samples = Samples::default();
        series.read(range, &mut samples).unwrap();
        assert!(samples.timestamps.windows(2).all(|pair| pair[0] < pair[1]), "{}", series.labels());
        let samples: BTreeMap<i64, u64> =
            samples.timestamps.into_iter().zip(samples.floats.iter().map(|v| v.to_bits())).collect();
        if !samples.is_empty() {
            assert!(content.insert(series.labels(), samples).is_none(), "a series twice");
        }
    }
    content
}

/// A matcher that every series has.
pub(crate) fn every_series() -> Vec<Matcher> {
    vec![Matcher::new("__name__", MatchOp::Regex, ".*")]
}

/// Labels, value and time of a line that `promtool tsdb dump` prints: `{__name__="a", b="c"} 1.5 1700000000000`.
pub(crate) fn parse_dumped(line: &str) -> (Labels, &str, i64) {
    let mut pairs = Vec::new();
    let mut rest = line.trim_start_matches('{');
    while !rest.starts_with('}') {
        let (name, after) = rest.split_once('=').unwrap();
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<String>();
        pairs.push((name.to_owned(), values.next().unwrap().unwrap()));
        rest = after[values.byte_offset()..].trim_start_matches(", ");
    }
    let (value, t) = rest[2..].rsplit_once(' ').unwrap();
    (Labels::from_pairs(pairs), value, t.parse().unwrap())
}
