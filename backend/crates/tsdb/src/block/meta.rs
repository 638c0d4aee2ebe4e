//! `meta.json`: what a block covers and where it comes from.

use std::path::Path;

use platform::Disk;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{BlockError, file, ulid_text};

/// Name of the file in a block's directory.
pub(crate) const META_FILE: &str = "meta.json";
/// The only version there is.
const VERSION: u32 = 1;
/// A block of ten thousand sources stays far below.
const MAX_BYTES: u64 = 16 << 20;
/// Hint for blocks of out-of-order samples.
const FROM_OUT_OF_ORDER: &str = "from-out-of-order";

/// What `meta.json` says. Keys that are not known are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockMeta {
    /// Identity of the block, and name of its directory.
    #[serde(with = "ulid_text")]
    pub ulid: Ulid,
    /// First time in milliseconds.
    pub min_time: i64,
    /// First time in milliseconds that lies behind the block.
    pub max_time: i64,
    /// What is in it.
    #[serde(default)]
    pub stats: BlockStats,
    /// Where it comes from.
    #[serde(default)]
    pub compaction: Compaction,
    /// Version of the format.
    pub version: u32,
    /// All other keys, as they were.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// What is in a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BlockStats {
    /// Samples of all kinds.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_samples: u64,
    /// Samples that are floats.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_float_samples: u64,
    /// Samples that are histograms.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_histogram_samples: u64,
    /// Series.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_series: u64,
    /// Chunks.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_chunks: u64,
    /// Deleted stretches of series.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_tombstones: u64,
}

/// Where a block comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Compaction {
    /// How often its samples were compacted; 1 for a block straight from the head.
    pub level: u32,
    /// The blocks of level 1 that went into it.
    #[serde(skip_serializing_if = "Vec::is_empty", with = "ulid_text::list")]
    pub sources: Vec<Ulid>,
    /// Nothing is left in it: it can be removed.
    #[serde(skip_serializing_if = "is_false")]
    pub deletable: bool,
    /// The blocks that it replaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<BlockDesc>,
    /// Compacting it failed; it is left alone from then on.
    #[serde(skip_serializing_if = "is_false")]
    pub failed: bool,
    /// Remarks of whoever wrote it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// A block as others speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockDesc {
    /// Identity.
    #[serde(with = "ulid_text")]
    pub ulid: Ulid,
    /// First time in milliseconds.
    pub min_time: i64,
    /// First time in milliseconds that lies behind the block.
    pub max_time: i64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl BlockMeta {
    /// Of a block of level 1 that covers `min_time` up to but not including `max_time`.
    #[must_use]
    pub fn new(ulid: Ulid, min_time: i64, max_time: i64) -> Self {
        let compaction = Compaction { level: 1, sources: vec![ulid], ..Compaction::default() };
        let other = serde_json::Map::new();
        Self { ulid, min_time, max_time, stats: BlockStats::default(), compaction, version: VERSION, other }
    }

    /// Of the block that replaces `parents`.
    #[must_use]
    pub fn compacted(ulid: Ulid, parents: &[BlockMeta]) -> Self {
        let min_time = parents.iter().map(|p| p.min_time).min().unwrap_or(0);
        let max_time = parents.iter().map(|p| p.max_time).max().unwrap_or(0);
        let in_order = parents.iter().filter(|p| !p.is_from_out_of_order()).map(|p| p.max_time).max();
        let mut sources: Vec<Ulid> = parents.iter().flat_map(|p| p.compaction.sources.clone()).collect();
        sources.sort_unstable();
        sources.dedup();
        let compaction = Compaction {
            level: parents.iter().map(|p| p.compaction.level).max().unwrap_or(0) + 1,
            sources,
            parents: parents.iter().map(BlockMeta::desc).collect(),
            // Where the block ends tells where the head begins, if samples in order say so.
            hints: if in_order.is_some_and(|end| end == max_time) || parents.is_empty() {
                Vec::new()
            } else {
                vec![FROM_OUT_OF_ORDER.to_owned()]
            },
            ..Compaction::default()
        };
        Self { compaction, ..Self::new(ulid, min_time, max_time) }
    }

    /// The block as others speak of it.
    #[must_use]
    pub fn desc(&self) -> BlockDesc {
        BlockDesc { ulid: self.ulid, min_time: self.min_time, max_time: self.max_time }
    }

    /// Whether the samples at its end came out of order, so that there may be others of these times in a head.
    #[must_use]
    pub fn is_from_out_of_order(&self) -> bool {
        self.compaction.hints.iter().any(|hint| hint == FROM_OUT_OF_ORDER)
    }

    /// Marks it as one of samples that came out of order.
    pub fn set_from_out_of_order(&mut self) {
        if !self.is_from_out_of_order() {
            self.compaction.hints.push(FROM_OUT_OF_ORDER.to_owned());
        }
    }

    /// Reads the text of a `meta.json`.
    ///
    /// # Errors
    /// With byte offset and reason, when it is no JSON, of another version, or lacks a field.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, BlockError> {
        let meta: Self = serde_json::from_slice(text)
            .map_err(|error| BlockError::corrupt(path, byte_of(text, &error), error.to_string()))?;
        let wrong = |reason: String| Err(BlockError::corrupt(path, 0, reason));
        if meta.version != VERSION {
            return wrong(format!("version {} is not known", meta.version));
        }
        if meta.min_time > meta.max_time {
            return wrong(format!("minTime {} lies behind maxTime {}", meta.min_time, meta.max_time));
        }
        Ok(meta)
    }

    pub(crate) fn read(disk: &dyn Disk, dir: &Path) -> Result<Self, BlockError> {
        let path = dir.join(META_FILE);
        let entries = disk.list(dir).map_err(|e| BlockError::io("list", dir, e))?;
        if entries.iter().any(|entry| entry.name == META_FILE && entry.len > MAX_BYTES) {
            return Err(BlockError::corrupt(&path, MAX_BYTES, "is too large"));
        }
        let text = disk.read(&path).map_err(|e| BlockError::io("read", &path, e))?;
        Self::parse(&path, &text)
    }

    /// Writes or replaces the file. The directory is left to the caller to sync.
    pub(crate) fn write(&self, disk: &dyn Disk, dir: &Path) -> Result<(), BlockError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| BlockError::Unwritable(format!("{META_FILE}: {error}")))?;
        file::replace(disk, &dir.join(META_FILE), &text)
    }
}

/// Where in the text a JSON error lies.
fn byte_of(text: &[u8], error: &serde_json::Error) -> u64 {
    let lines = text.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    lines.map(<[u8]>::len).sum::<usize>() as u64 + error.column().saturating_sub(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM_PROMETHEUS: &str = r#"{
	"ulid": "01EM6Q6A1YPX4G9TEB20J22B2R",
	"minTime": 1602237600000,
	"maxTime": 1602244800000,
	"stats": {"numSamples": 553673232, "numSeries": 1346066, "numChunks": 4440437},
	"compaction": {
		"level": 1,
		"sources": ["01EM65SHSX4VARXBBHBF0M0FDS"],
		"parents": [{"ulid": "01EM65SHSX4VARXBBHBF0M0FDS", "minTime": 1, "maxTime": 2}]
	},
	"version": 1,
	"thanos": {"labels": {"cluster": "a"}}
}"#;

    #[test]
    fn unknown_keys_come_back() {
        let meta = BlockMeta::parse(Path::new("m"), FROM_PROMETHEUS.as_bytes()).unwrap();
        assert_eq!(meta.stats.num_series, 1_346_066);
        assert_eq!(meta.compaction.parents[0].max_time, 2);
        let text = serde_json::to_string(&meta).unwrap();
        assert!(text.contains(r#""thanos":{"labels":{"cluster":"a"}}"#), "{text}");
        assert_eq!(BlockMeta::parse(Path::new("m"), text.as_bytes()).unwrap(), meta);
    }

    #[test]
    fn other_versions_and_garbage_are_refused_with_their_place() {
        let newer = FROM_PROMETHEUS.replace("\"version\": 1", "\"version\": 2");
        let error = BlockMeta::parse(Path::new("m"), newer.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "m: at byte 0: version 2 is not known");
        let broken = FROM_PROMETHEUS.replace("1602237600000", "x");
        let BlockError::Corrupt { offset, .. } =
            BlockMeta::parse(Path::new("m"), broken.as_bytes()).unwrap_err()
        else {
            panic!("corrupt");
        };
        assert_eq!(broken.as_bytes()[offset as usize], b'x');
    }

    #[test]
    fn a_compacted_block_names_parents_and_all_sources() {
        let [a, b, c] = [Ulid::from(1u128), Ulid::from(2u128), Ulid::from(3u128)];
        let first = BlockMeta::new(a, 0, 10);
        let mut second = BlockMeta::new(b, 10, 30);
        second.compaction.level = 2;
        second.compaction.sources = vec![a, b];
        let child = BlockMeta::compacted(c, &[first.clone(), second.clone()]);
        assert_eq!((child.min_time, child.max_time, child.compaction.level), (0, 30, 3));
        assert_eq!(child.compaction.sources, [a, b]);
        assert_eq!(child.compaction.parents, [first.desc(), second.desc()]);
        assert!(!child.is_from_out_of_order());
        let mut late = second.clone();
        late.set_from_out_of_order();
        assert!(BlockMeta::compacted(c, &[first.clone(), late]).is_from_out_of_order());
        let mut late = first;
        late.set_from_out_of_order();
        assert!(!BlockMeta::compacted(c, &[late, second]).is_from_out_of_order());
    }
}
