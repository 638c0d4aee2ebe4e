//! Lives of a store, drawn by lot: several processes one after the other on one disk, each writing, syncing,
//! compacting until it is killed, loses power, meets errors, or ends in order. After each, everything that was
//! acknowledged within the promise of durability is there, nothing is invented, and the index finds it.
//!
//! `WATCHFIRE_SEEDS=10000 cargo test -p tsdb --test simulation` runs more of them than the default,
//! `WATCHFIRE_SEED=7` only that one. A seed that
//! ever failed gets its number into [`SEEDS_THAT_FAILED`].
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise, helpers included")]

mod common;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use common::{START_MS, everything, options, select, series};
use model::{Histogram, Labels, Matcher, Span, TimeRange};
use platform::{Fault, FaultAction, SeededEntropy, SimulatedClock, SimulatedDisk};
use storage::Storage;
use telemetry::Registry;
use tsdb::{Options, Tsdb, WalFsync};

/// Seeds run where nothing else is said.
const SEEDS: u64 = 1500;
/// Each with what was wrong.
const SEEDS_THAT_FAILED: &[u64] = &[];

const STEP_MS: i64 = 15_000;
const SERIES: usize = 9;

/// By series and time: the bits of a float, or for a histogram its count from the other end.
type Content = BTreeMap<Labels, BTreeMap<i64, u64>>;

struct Lot(u64);

impl Lot {
    fn draw(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    fn one_in(&mut self, chance: u64) -> bool {
        self.below(chance) == 0
    }
}

fn set_up(lot: &mut Lot) -> Options {
    let fsync = [WalFsync::EveryCommit, WalFsync::Interval(1000), WalFsync::Never][lot.below(3) as usize];
    let block_range_ms = [60_000, 120_000, 7_200_000][lot.below(3) as usize];
    Options {
        wal_fsync: fsync,
        wal_segment_bytes: 300 + lot.below(3000),
        checkpoint_bytes: 500 + lot.below(20_000),
        block_range_ms,
        max_age_ms: block_range_ms / 2,
        late_window_ms: if lot.one_in(2) { 0 } else { 600_000 },
        spill_bytes: 1 + lot.below(2000),
        samples_per_chunk: 2 + lot.below(9) as u16,
        replay_threads: 1 + lot.below(3) as usize,
        ..options()
    }
}

/// What was written, and of it what must be there.
#[derive(Default)]
struct Book {
    written: Content,
    /// Committed: survives the death of the process.
    acknowledged: Content,
    /// Survives a power cut too.
    durable: Content,
}

fn contains(all: &Content, some: &Content) -> Result<(), String> {
    for (labels, samples) in some {
        for (t, bits) in samples {
            if all.get(labels).and_then(|held| held.get(t)) != Some(bits) {
                return Err(format!("sample of {labels} at {} with bits {bits:x}", t - START_MS));
            }
        }
    }
    Ok(())
}

fn content(store: &Tsdb) -> Content {
    let bits = |(labels, floats, samples): common::Content| {
        let mut held: BTreeMap<i64, u64> = floats.into_iter().collect();
        for (at, histogram) in &samples.histograms {
            held.insert(samples.timestamps[*at as usize], u64::MAX - histogram.count as u64);
        }
        (labels, held)
    };
    everything(store).into_iter().map(bits).collect()
}

/// Each series is found by each of its labels, with the same samples.
fn check_index(store: &Tsdb, found: &Content) {
    for (labels, samples) in found {
        for (name, value) in labels {
            let by_label = select(store, &[Matcher::equal(name, value)], TimeRange::ALL);
            let same = by_label.iter().find(|(other, ..)| other == labels);
            assert_eq!(same.map(|(_, floats, _)| floats.len()), Some(samples.len()), "{labels} by {name}");
        }
    }
}

fn open(disk: &SimulatedDisk, clock: &Arc<SimulatedClock>, options: &Options) -> Result<Tsdb, String> {
    let (clock, entropy) = (Arc::clone(clock), SeededEntropy::shared(clock_seed(clock)));
    let opened = Tsdb::open(options.clone(), disk.shared(), clock, entropy, &Registry::new());
    opened.map(|(store, _)| store).map_err(|error| error.to_string())
}

/// Blocks of different lives get different names.
fn clock_seed(clock: &SimulatedClock) -> u64 {
    use platform::Clock as _;
    clock.now_ms() as u64
}

/// One process: writes and maintains until it is over. Times of samples only go on from life to life.
fn live(
    store: &Tsdb,
    clock: &SimulatedClock,
    options: &Options,
    lot: &mut Lot,
    round: &mut i64,
    book: &mut Book,
) {
    let mut appender = store.appender();
    for _ in 0..lot.below(50) {
        match lot.below(20) {
            0..14 => {
                *round += 1;
                let mut batch = Vec::new();
                for _ in 0..1 + lot.below(7) {
                    let number = lot.below(SERIES as u64) as usize;
                    let labels = series(number);
                    let Ok(id) = appender.resolve(&labels) else { return };
                    let late = options.late_window_ms > 0 && lot.one_in(4);
                    // No time twice: a value that loses against another at its time would not be found.
                    let behind = if late { lot.below(500_000) as i64 } else { 0 };
                    let t = START_MS + *round * STEP_MS + batch.len() as i64 - behind / STEP_MS * STEP_MS;
                    let taken = book.written.get(&labels).is_some_and(|held| held.contains_key(&t));
                    if taken {
                        continue;
                    }
                    let (outcome, bits) = if number == 0 {
                        let count = *round as u32 * 10;
                        let histogram = Histogram {
                            count: f64::from(count),
                            sum: 1.0,
                            positive_spans: vec![Span { offset: (*round % 3) as i32, length: 1 }],
                            positive_buckets: vec![f64::from(count)],
                            ..Histogram::default()
                        };
                        (appender.append_histogram(id, t, &histogram), u64::MAX - u64::from(count))
                    } else {
                        let value = (*round * 100 + batch.len() as i64) as f64 / 8.0;
                        (appender.append(id, t, value), value.to_bits())
                    };
                    if outcome.is_ok() {
                        batch.push((labels, t, bits));
                    }
                }
                for (labels, t, bits) in &batch {
                    book.written.entry(labels.clone()).or_default().insert(*t, *bits);
                }
                if appender.commit().is_ok() {
                    for (labels, t, bits) in batch {
                        book.acknowledged.entry(labels).or_default().insert(t, bits);
                    }
                    if options.wal_fsync == WalFsync::EveryCommit {
                        book.durable = book.acknowledged.clone();
                    }
                }
            }
            14..16 => {
                if store.sync().is_ok() {
                    book.durable = book.acknowledged.clone();
                }
            }
            16 => drop(store.checkpoint()),
            17 => *round += lot.below(20) as i64,
            _ => {
                clock.advance(Duration::from_secs(lot.below(200)));
                drop(store.maintain());
            }
        }
    }
}

fn run(seed: u64) {
    let mut lot = Lot(seed);
    let options = set_up(&mut lot);
    let mut disk = SimulatedDisk::new(seed);
    let clock = Arc::new(SimulatedClock::new(START_MS));
    let mut book = Book::default();
    let mut round = 0;
    for life in 0..1 + lot.below(4) {
        let context = format!("seed {seed}, life {life}");
        let at = disk.changes() + lot.below(120);
        let action = match lot.below(6) {
            0 | 1 => Some(FaultAction::Kill),
            2 => Some(FaultAction::Error(ErrorKind::Other)),
            3 => Some(FaultAction::ErrorsFromNowOn(ErrorKind::StorageFull)),
            _ => None,
        };
        disk.set_fault(action.map(|action| Fault { at, action }));
        if let Ok(store) = open(&disk, &clock, &options) {
            live(&store, &clock, &options, &mut lot, &mut round, &mut book);
            if !disk.is_dead() {
                contains(&content(&store), &book.acknowledged)
                    .unwrap_or_else(|lost| panic!("{context}: alive, lost {lost}"));
            }
            if lot.one_in(3) && store.close().is_ok() {
                book.durable = book.acknowledged.clone();
            }
        }
        let power_cut = lot.one_in(3);
        disk = if power_cut { disk.after_power_cut() } else { disk.after_kill() };
        clock.advance(Duration::from_secs(1));
        // What the first start after a crash repairs, the second finds whole.
        for start in ["first", "second"] {
            let store = open(&disk, &clock, &options).unwrap_or_else(|error| panic!("{context}: {error}"));
            let found = content(&store);
            let must = if power_cut { &book.durable } else { &book.acknowledged };
            let context = format!("{context}, {start} start, power cut {power_cut}, {options:?}");
            contains(&found, must).unwrap_or_else(|lost| panic!("{context}: lost {lost}"));
            contains(&book.written, &found).unwrap_or_else(|made| panic!("{context}: invented {made}"));
            check_index(&store, &found);
            book.acknowledged = found;
            drop(store);
            disk = disk.after_kill();
        }
        // Starting forces nothing onto the medium that was not there.
        if !power_cut {
            let acknowledged = &book.acknowledged;
            book.durable.retain(|labels, _| acknowledged.contains_key(labels));
        } else {
            book.durable = book.acknowledged.clone();
        }
    }
}

#[test]
fn acknowledged_samples_survive_whatever_happens() {
    if let Some(only) = std::env::var("WATCHFIRE_SEED").ok().and_then(|text| text.parse().ok()) {
        return run(only);
    }
    let seeds = std::env::var("WATCHFIRE_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    SEEDS_THAT_FAILED.iter().for_each(|seed| run(*seed));
    std::thread::scope(|scope| {
        for worker in 0..2 {
            scope.spawn(move || (worker..seeds).step_by(2).for_each(run));
        }
    });
}
