//! Which blocks to compact next (Prometheus' levelled compaction).

use ulid::Ulid;

use crate::block::BlockMeta;

/// Each range of blocks is so many times the one before.
const RANGE_FACTOR: i64 = 3;
/// No block is made longer: 31 days.
const LONGEST_MS: i64 = 31 * 86_400_000;
/// A block is rewritten when more than one in so many of its series lost a stretch.
const TOMBSTONES_ONE_IN: u64 = 20;

/// Blocks to make one block of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Their identities, oldest first.
    pub blocks: Vec<Ulid>,
    /// Why these.
    pub reason: PlanReason,
}

/// Why blocks are compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanReason {
    /// They cover the same times.
    Overlap,
    /// They fill a longer range.
    Level,
    /// Much of it was deleted.
    Tombstones,
}

/// The longest block for a retention, in milliseconds: a tenth of it, at most 31 days, at least
/// `min_block_ms`.
#[must_use]
pub fn max_block_range(retention_ms: i64, min_block_ms: i64) -> i64 {
    let longest = if retention_ms > 0 { (retention_ms / 10).min(LONGEST_MS) } else { LONGEST_MS };
    longest.max(min_block_ms)
}

/// The lengths of blocks in milliseconds: `min_block_ms`, three times it, nine times … up to `max_block_ms`.
#[must_use]
pub fn block_ranges(min_block_ms: i64, max_block_ms: i64) -> Vec<i64> {
    let first = Some(min_block_ms.max(1));
    let ranges = std::iter::successors(first, |range| range.checked_mul(RANGE_FACTOR));
    ranges.take_while(|range| *range <= max_block_ms.max(min_block_ms).max(1)).collect()
}

/// What to compact next, if anything. Blocks whose compaction failed are left alone.
///
/// 1. The first blocks that overlap.
/// 2. Blocks that together fill one of the longer `ranges`, or whatever lies in a range that is over; the
///    newest block is left alone, so that backups have the time of one block to fetch it.
/// 3. The newest block but one, if it is long or wholly deleted, and much of it was deleted; then those
///    before it.
#[must_use]
pub fn plan(blocks: &[BlockMeta], ranges: &[i64]) -> Option<Plan> {
    let mut sorted: Vec<&BlockMeta> = blocks.iter().collect();
    sorted.sort_by_key(|meta| (meta.min_time, meta.ulid));
    let chosen = |metas: &[&BlockMeta], reason| {
        Some(Plan { blocks: metas.iter().map(|meta| meta.ulid).collect(), reason })
    };
    let sound: Vec<&BlockMeta> = sorted.iter().copied().filter(|meta| !meta.compaction.failed).collect();
    if let Some(found) = overlapping(&sound) {
        return chosen(found, PlanReason::Overlap);
    }
    let (_newest, older) = sorted.split_last()?;
    if let Some(found) = ranges.get(1..).and_then(|longer| filling_range(older, longer)) {
        return chosen(found, PlanReason::Level);
    }
    chosen(&[much_deleted(older, ranges)?], PlanReason::Tombstones)
}

/// The first run of blocks each of which begins before one before it ends.
fn overlapping<'a, 'b>(sorted: &'a [&'b BlockMeta]) -> Option<&'a [&'b BlockMeta]> {
    let mut first = 0;
    let mut end = sorted.first()?.max_time;
    for (at, meta) in sorted.iter().enumerate().skip(1) {
        if meta.min_time >= end {
            if at - first > 1 {
                return Some(&sorted[first..at]);
            }
            first = at;
        }
        end = end.max(meta.max_time);
    }
    (sorted.len() - first > 1).then(|| &sorted[first..])
}

/// Blocks that lie in one range of one of the lengths, if the range is full or over.
fn filling_range<'a, 'b>(older: &'a [&'b BlockMeta], lengths: &[i64]) -> Option<&'a [&'b BlockMeta]> {
    let newest_start = older.last()?.min_time;
    lengths.iter().find_map(|length| {
        groups(older, *length).into_iter().find(|group| {
            let (first, last) = (group[0], group[group.len() - 1]);
            let full = last.max_time - first.min_time == *length;
            let over = last.max_time <= newest_start;
            group.len() > 1 && (full || over) && !group.iter().any(|meta| meta.compaction.failed)
        })
    })
}

/// Neighbours that lie in the same multiple of `length`; blocks that lie across a border are left out.
fn groups<'a, 'b>(sorted: &'a [&'b BlockMeta], length: i64) -> Vec<&'a [&'b BlockMeta]> {
    let start_of = |meta: &BlockMeta| meta.min_time.div_euclid(length).saturating_mul(length);
    let fits = |meta: &BlockMeta, start: i64| meta.max_time <= start.saturating_add(length);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(meta) = sorted.get(at) {
        let start = start_of(meta);
        let count = sorted[at..].iter().take_while(|meta| fits(meta, start)).count();
        if count > 0 {
            found.push(&sorted[at..at + count]);
        }
        at += count.max(1);
    }
    found
}

fn much_deleted<'b>(older: &[&'b BlockMeta], ranges: &[i64]) -> Option<&'b BlockMeta> {
    let long = ranges.get(ranges.len() / 2).copied().unwrap_or(0);
    for meta in older.iter().rev().filter(|meta| !meta.compaction.failed) {
        let (tombstones, series) = (meta.stats.num_tombstones, meta.stats.num_series);
        if meta.max_time - meta.min_time < long {
            // A short block will be part of a longer one soon, unless nothing is left of it.
            return (tombstones > 0 && tombstones >= series).then_some(*meta);
        }
        if tombstones.saturating_mul(TOMBSTONES_ONE_IN) > series + 1 {
            return Some(*meta);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGES: [i64; 4] = [20, 60, 180, 540];

    fn meta(id: u128, min_time: i64, max_time: i64) -> BlockMeta {
        let mut meta = BlockMeta::new(Ulid::from(id), min_time, max_time);
        meta.stats.num_series = 100;
        meta
    }

    /// Blocks by their times, numbered from 1.
    fn metas(times: &[(i64, i64)]) -> Vec<BlockMeta> {
        times.iter().zip(1..).map(|((min, max), id)| meta(id, *min, *max)).collect()
    }

    fn planned(metas: &[BlockMeta]) -> Option<(Vec<u128>, PlanReason)> {
        let plan = plan(metas, &RANGES)?;
        Some((plan.blocks.into_iter().map(u128::from).collect(), plan.reason))
    }

    #[test]
    fn lengths_triple() {
        assert_eq!(block_ranges(2, 54), [2, 6, 18, 54]);
        assert_eq!(block_ranges(2, 53), [2, 6, 18]);
        assert_eq!(block_ranges(20, 1), [20]);
        let hour = 3_600_000;
        assert_eq!(max_block_range(15 * 24 * hour, 2 * hour), 36 * hour);
        assert_eq!(max_block_range(10_000 * 24 * hour, 2 * hour), 31 * 24 * hour);
        assert_eq!(max_block_range(hour, 2 * hour), 2 * hour);
        assert_eq!(max_block_range(0, 2 * hour), 31 * 24 * hour);
    }

    #[test]
    fn nothing_to_do() {
        assert_eq!(planned(&[]), None);
        assert_eq!(planned(&metas(&[(0, 20)])), None);
        // The range is neither full nor over; the newest does not count.
        assert_eq!(planned(&metas(&[(0, 20), (20, 40), (40, 60)])), None);
        assert_eq!(planned(&metas(&[(0, 20), (60, 80), (120, 140)])), None);
    }

    #[test]
    fn a_full_range_and_one_that_is_over() {
        let level = |ids: &[u128]| Some((ids.to_vec(), PlanReason::Level));
        assert_eq!(planned(&metas(&[(0, 20), (20, 40), (40, 60), (60, 80)])), level(&[1, 2, 3]));
        assert_eq!(planned(&metas(&[(0, 20), (40, 60), (60, 80), (80, 100)])), level(&[1, 2]));
        // Over, with a gap at the end.
        assert_eq!(planned(&metas(&[(0, 20), (20, 40), (60, 80), (80, 100)])), level(&[1, 2]));
        // The next level, with a long block among short ones.
        assert_eq!(planned(&metas(&[(0, 60), (60, 120), (120, 180), (180, 200)])), level(&[1, 2, 3]));
        // Before the epoch.
        assert_eq!(planned(&metas(&[(-60, -40), (-40, -20), (-20, 0), (0, 20)])), level(&[1, 2, 3]));
        // Blocks across a border are left alone.
        assert_eq!(planned(&metas(&[(10, 70), (70, 80), (80, 100), (120, 140), (140, 160)])), level(&[2, 3]));
    }

    #[test]
    fn overlapping_blocks_come_first() {
        let overlap = |ids: &[u128]| Some((ids.to_vec(), PlanReason::Overlap));
        assert_eq!(planned(&metas(&[(0, 20), (19, 40)])), overlap(&[1, 2]));
        assert_eq!(planned(&metas(&[(0, 20), (20, 40), (30, 35), (38, 60), (60, 80)])), overlap(&[2, 3, 4]));
        assert_eq!(planned(&metas(&[(0, 60), (10, 20), (30, 40), (60, 80)])), overlap(&[1, 2, 3]));
        assert_eq!(planned(&metas(&[(0, 20), (20, 40), (40, 60), (40, 60)])), overlap(&[3, 4]));
    }

    #[test]
    fn failed_blocks_are_left_alone() {
        let mut blocks = metas(&[(0, 20), (20, 40), (40, 60), (60, 80)]);
        blocks[1].compaction.failed = true;
        assert_eq!(planned(&blocks), None);
        let mut blocks = metas(&[(0, 20), (10, 40)]);
        blocks[0].compaction.failed = true;
        assert_eq!(planned(&blocks), None);
    }

    #[test]
    fn much_deleted_blocks_are_rewritten() {
        let mut blocks = metas(&[(0, 540), (540, 560)]);
        blocks[0].stats.num_tombstones = 5;
        assert_eq!(planned(&blocks), None);
        blocks[0].stats.num_tombstones = 6;
        assert_eq!(planned(&blocks), Some((vec![1], PlanReason::Tombstones)));
        // A short block only if all of it is deleted.
        let mut blocks = metas(&[(0, 20), (60, 80)]);
        blocks[0].stats.num_tombstones = 99;
        assert_eq!(planned(&blocks), None);
        blocks[0].stats.num_tombstones = 100;
        assert_eq!(planned(&blocks), Some((vec![1], PlanReason::Tombstones)));
    }

    /// Day after day of two-hour blocks: the number of blocks stays small, and all times stay covered once.
    #[test]
    fn blocks_settle() {
        let mut blocks: Vec<BlockMeta> = Vec::new();
        for id in 0..500 {
            blocks.push(meta(id + 1, id as i64 * 20, (id as i64 + 1) * 20));
            while let Some(plan) = plan(&blocks, &RANGES) {
                let (parents, rest): (Vec<BlockMeta>, Vec<BlockMeta>) =
                    blocks.into_iter().partition(|meta| plan.blocks.contains(&meta.ulid));
                let child = BlockMeta::compacted(Ulid::from(10_000 + id), &parents);
                blocks = rest;
                blocks.push(child);
            }
            blocks.sort_by_key(|meta| meta.min_time);
            assert!(blocks.windows(2).all(|pair| pair[0].max_time == pair[1].min_time));
            assert!(blocks.iter().all(|meta| meta.max_time - meta.min_time <= 540));
            assert!(blocks.len() <= 20 + 500 * 20 / 540, "{}", blocks.len());
        }
    }
}
