//! What is written into a block is found in it: all of it, and by matchers what a plain filter finds.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

#[path = "common/blocks.rs"]
mod blocks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use blocks::{Content, compile, every_series, read, write};
use model::{Labels, MatchOp, Matcher, TimeRange};
use platform::{Disk, SimulatedDisk};
use proptest::prelude::*;
use storage::{Querier, SelectHints};
use tsdb::block::Block;

const MAX_TIME: i64 = 1000;

fn disk() -> Arc<dyn Disk> {
    let disk = SimulatedDisk::new(1).shared();
    disk.create_dir_all(Path::new("/data")).unwrap();
    disk
}

fn labels() -> impl Strategy<Value = Labels> {
    let value = prop_oneof!["[a-c]{1,2}", "[a-z]{1,3}", ".{1,140}"];
    proptest::collection::btree_map(prop_oneof!["[x-z]", "__name__", "ü.{0,4}"], value, 1..5)
        .prop_map(Labels::from_pairs)
}

fn content() -> impl Strategy<Value = Content> {
    let value = prop_oneof![any::<u64>(), (-100i32..100).prop_map(|v| f64::from(v).to_bits())];
    let samples = proptest::collection::btree_map(-MAX_TIME..MAX_TIME, value, 0..30);
    proptest::collection::btree_map(labels(), samples, 0..60)
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let op = prop_oneof![
        Just(MatchOp::Equal),
        Just(MatchOp::NotEqual),
        Just(MatchOp::Regex),
        Just(MatchOp::NotRegex)
    ];
    let value = prop_oneof![
        "[a-c]{0,2}",
        Just("a|b|zz".to_owned()),
        Just("a.*".to_owned()),
        Just(".*".to_owned()),
        Just(".+".to_owned()),
        Just("[a-m].*".to_owned()),
        Just("(ab|c)?".to_owned()),
    ];
    (prop_oneof!["[w-z]", "__name__"], op, value).prop_map(|(name, op, value)| Matcher::new(name, op, value))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_found(
        content in content(),
        matchers in proptest::collection::vec(matcher(), 0..4),
        range in (-MAX_TIME..MAX_TIME, 0..MAX_TIME),
    ) {
        let disk = disk();
        let dir = write(&disk, Path::new("/data"), 1, (-MAX_TIME, MAX_TIME), &content);
        let block = Arc::new(Block::open(disk, &dir).unwrap());
        block.verify().unwrap();
        let stats = block.meta().stats;
        prop_assert_eq!(stats.num_series, content.len() as u64);
        prop_assert_eq!(stats.num_samples, content.values().map(|s| s.len() as u64).sum::<u64>());
        let compiled = compile(&matchers);
        let range = TimeRange::new(range.0, range.0 + range.1);
        for range in [TimeRange::ALL, range] {
            let querier = block.querier(range);
            let matching = content.iter().filter(|(labels, _)| compiled.iter().all(|m| m.matches(labels)));
            let mut want = Content::new();
            for (labels, samples) in matching.clone() {
                let samples: BTreeMap<i64, u64> =
                    samples.range(range.start_ms..=range.end_ms).map(|(t, v)| (*t, *v)).collect();
                if !samples.is_empty() {
                    want.insert(labels.clone(), samples);
                }
            }
            prop_assert_eq!(read(&querier, &matchers, range), want);
        }
        let querier = block.querier(TimeRange::ALL);
        let matching = content.keys().filter(|labels| compiled.iter().all(|m| m.matches(labels)));
        let names: BTreeSet<&str> = matching.clone().flat_map(|labels| labels.iter().map(|(n, _)| n)).collect();
        let hints = SelectHints::default();
        prop_assert_eq!(
            querier.label_names(&compiled, &hints).unwrap(),
            names.into_iter().collect::<Vec<_>>());
        for name in ["x", "y", "__name__", ""] {
            let values: BTreeSet<&str> = matching.clone().filter_map(|labels| labels.get(name)).collect();
            prop_assert_eq!(
                querier.label_values(name, &compiled, &hints).unwrap(),
                values.into_iter().collect::<Vec<_>>());
        }
    }
}

/// Many values of a name, so that the sparse tables have more than one step.
#[test]
fn each_of_many_values_is_found() {
    let disk = disk();
    let series = |n: u32| Labels::from_pairs([("host", format!("h{n:05}")), ("mod", format!("{}", n % 7))]);
    let content: Content = (0..3000).map(|n| (series(n), BTreeMap::from([(1, u64::from(n))]))).collect();
    let dir = write(&disk, Path::new("/data"), 1, (0, MAX_TIME), &content);
    let block = Arc::new(Block::open(disk, &dir).unwrap());
    let querier = block.querier(TimeRange::ALL);
    for n in 0..3000 {
        let found = read(&querier, &[Matcher::equal("host", format!("h{n:05}"))], TimeRange::ALL);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(series(n), BTreeMap::from([(1, u64::from(n))]))]);
    }
    for absent in ["", "g", "h", "h000010", "h02999x", "h99999", "i"] {
        let found = read(&querier, &[Matcher::equal("host", absent)], TimeRange::ALL);
        assert!(found.is_empty(), "{absent}");
    }
    let prefix = Matcher::new("host", MatchOp::Regex, "h0001.*");
    assert_eq!(read(&querier, &[prefix, Matcher::equal("mod", "3")], TimeRange::ALL).len(), 2);
    let many: Vec<String> = (0..40).map(|n| format!("h{:05}", n * 71)).collect();
    for (op, value) in [
        (MatchOp::Regex, many.join("|")),
        (MatchOp::NotRegex, many.join("|")),
        (MatchOp::Regex, ".*[05]".to_owned()),
        (MatchOp::NotRegex, ".*[05]".to_owned()),
        (MatchOp::NotRegex, "h000.*".to_owned()),
    ] {
        for modulo in ["3", "[0-5]", ".+"] {
            let matchers =
                [Matcher::new("mod", MatchOp::Regex, modulo), Matcher::new("host", op, value.as_str())];
            let compiled = compile(&matchers);
            let matching = content.iter().filter(|(labels, _)| compiled.iter().all(|m| m.matches(labels)));
            let want: Content = matching.map(|(labels, samples)| (labels.clone(), samples.clone())).collect();
            assert_eq!(read(&querier, &matchers, TimeRange::ALL), want);
        }
    }
    assert_eq!(querier.label_values("host", &[], &SelectHints::default()).unwrap().len(), 3000);
    assert_eq!(read(&querier, &every_series(), TimeRange::ALL), content);
}
