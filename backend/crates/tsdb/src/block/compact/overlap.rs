//! One run of chunks out of those that several sources have of a series.
//!
//! Chunks that meet no other are passed on as they are. Where some meet, their samples are decoded, merged by
//! time and encoded anew; of several samples at one time that of the first source counts.

use model::TimeRange;
use storage::{Samples, merge};

use crate::block::{BlockError, EncodedChunk, codecs};

/// Chunks of one series, by source; those of one source ascend.
pub(super) fn combine(sources: Vec<Vec<EncodedChunk>>) -> Result<Vec<EncodedChunk>, BlockError> {
    let numbered = sources.into_iter().enumerate();
    let mut chunks: Vec<(usize, EncodedChunk)> =
        numbered.flat_map(|(source, chunks)| chunks.into_iter().map(move |chunk| (source, chunk))).collect();
    chunks.sort_by_key(|(source, chunk)| (chunk.min_t, chunk.max_t, *source));
    chunks.dedup_by(|(_, later), (_, earlier)| is_same(later, earlier));
    let mut out: Vec<EncodedChunk> = Vec::with_capacity(chunks.len());
    let mut rest = chunks.as_mut_slice();
    while let Some((_, first)) = rest.first() {
        let mut end = first.max_t;
        let met = rest.iter().skip(1).take_while(|(_, chunk)| {
            let meets = chunk.min_t <= end;
            end = end.max(chunk.max_t);
            meets
        });
        let (group, behind) = rest.split_at_mut(1 + met.count());
        match group {
            [(_, alone)] => out.push(alone.clone()),
            group => re_encode(group, &mut out)?,
        }
        rest = behind;
    }
    Ok(out)
}

fn is_same(a: &EncodedChunk, b: &EncodedChunk) -> bool {
    (a.min_t, a.max_t, a.encoding) == (b.min_t, b.max_t, b.encoding) && a.data[..] == b.data[..]
}

fn re_encode(group: &mut [(usize, EncodedChunk)], out: &mut Vec<EncodedChunk>) -> Result<(), BlockError> {
    group.sort_by_key(|(source, chunk)| (*source, chunk.min_t));
    let mut merged = Samples::default();
    for (_, chunk) in group.iter() {
        let mut more = Samples::default();
        codecs::decode(chunk.encoding, &chunk.data, TimeRange::ALL, &mut more).map_err(|error| {
            let (from, to) = (chunk.min_t, chunk.max_t);
            BlockError::Unwritable(format!("chunk {from}–{to} cannot be merged: {error}"))
        })?;
        merge::add_samples(&mut merged, 0, &more);
    }
    codecs::encode(&merged, out)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn chunks(held: &BTreeMap<i64, i32>, per_chunk: usize) -> Vec<EncodedChunk> {
        let mut out = Vec::new();
        let all: Vec<(i64, i32)> = held.iter().map(|(t, v)| (*t, *v)).collect();
        for part in all.chunks(per_chunk) {
            let mut samples = Samples::default();
            part.iter().for_each(|(t, v)| samples.push(*t, f64::from(*v)));
            codecs::encode(&samples, &mut out).unwrap();
        }
        out
    }

    fn samples() -> impl Strategy<Value = BTreeMap<i64, i32>> {
        proptest::collection::btree_map(0i64..2000, any::<i32>(), 0..60)
    }

    proptest! {
        #[test]
        fn all_samples_once_and_the_first_source_counts(
            held in proptest::collection::vec((samples(), 1usize..20), 1..4),
        ) {
            let out = combine(held.iter().map(|(held, size)| chunks(held, *size)).collect()).unwrap();
            prop_assert!(out.windows(2).all(|pair| pair[0].max_t < pair[1].min_t));
            let mut found = Samples::default();
            for chunk in &out {
                let first = found.len();
                codecs::decode(chunk.encoding, &chunk.data, TimeRange::ALL, &mut found).unwrap();
                prop_assert_eq!(chunk.min_t, found.timestamps[first]);
                prop_assert_eq!(Some(&chunk.max_t), found.timestamps.last());
            }
            let mut want = BTreeMap::new();
            for (held, _) in held.iter().rev() {
                want.extend(held.iter().map(|(t, v)| (*t, f64::from(*v))));
            }
            let found: Vec<(i64, f64)> = found.timestamps.into_iter().zip(found.floats).collect();
            prop_assert_eq!(found, want.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn chunks_apart_are_passed_on_as_they_are() {
        let a = chunks(&(0..10).map(|t| (t, 1)).collect(), 10);
        let b = chunks(&(10..20).map(|t| (t, 1)).collect(), 5);
        let out = combine(vec![b.clone(), a.clone(), b.clone()]).unwrap();
        assert_eq!(out.len(), 3);
        assert!(is_same(&out[0], &a[0]) && is_same(&out[1], &b[0]) && is_same(&out[2], &b[1]));
    }
}
