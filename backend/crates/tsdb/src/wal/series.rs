//! Making the series of a log known, by several threads.
//!
//! Records of new series mostly name series that nothing in memory contradicts, and then their order makes no
//! difference. Where one does (its slot or its labels are held already), the caller goes through the records one
//! after another: what came later counts.

use super::decode::{self, Record};
use super::frame::Frame;
use super::record::kind;
use super::replay::at_once;
use crate::head::Head;
use crate::index::Neighbour;

/// Records that are decoded at a time, 64 KiB each as a rule.
const WINDOW: usize = 256;
/// For fewer records threads are not worth their start.
const LEAST: usize = 4;

/// Series as a thread decoded them from records that follow each other.
type Decoded = Vec<(u64, model::Labels)>;

/// Makes the series of the first records known, as many as there are without another kind between them.
/// Hands back how many records that were and the references of their series.
///
/// # Errors
/// How many records have to be taken one after another, one at least. Any of their series may be known already.
pub(super) fn make_known(
    head: &Head,
    data: &[u8],
    frames: &[&Frame],
    (threads, neighbours): (usize, &mut Vec<Neighbour>),
) -> Result<(usize, Vec<u64>), usize> {
    let run = frames.iter().take(WINDOW).take_while(|frame| frame.kind == kind::SERIES).count();
    if run < LEAST || threads < 2 {
        return Err(run.max(1));
    }
    let each = run.div_ceil(threads);
    let decode = frames[..run].chunks(each).map(|records| move || decode_all(data, records));
    let decoded: Option<Vec<Decoded>> = at_once(decode.collect()).into_iter().collect();
    let decoded = decoded.ok_or(run)?;
    let all: Vec<u64> = decoded.iter().flatten().map(|(series, _)| *series).collect();
    if !head.have_free_slots(&all) {
        return Err(run);
    }
    neighbours.resize_with(threads.max(neighbours.len()), Neighbour::default);
    let restore = decoded.into_iter().zip(neighbours).map(|(series, neighbour)| {
        move || series.iter().all(|(series, labels)| head.restore_new(*series, labels, neighbour))
    });
    if at_once(restore.collect()).contains(&false) {
        return Err(run);
    }
    Ok((run, all))
}

/// `None` when a record makes no sense.
fn decode_all(data: &[u8], records: &[&Frame]) -> Option<Decoded> {
    let mut all = Vec::new();
    for record in records {
        match decode::record(record.kind, &data[record.payload.clone()]) {
            Ok(Record::Series(series)) => all.extend(series),
            _ => return None,
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{CompiledMatcher, Labels, MatchOp, Matcher, TimeRange};
    use platform::{Disk as _, RealDisk, SimulatedClock, SystemEntropy};
    use proptest::prelude::*;
    use storage::{Samples, SelectHints, Storage as _};
    use telemetry::Registry;

    use crate::wal::files::{segment_id, segment_name};
    use crate::wal::frame::{self, FILE_HEADER};
    use crate::wal::pack::SeriesPack;
    use crate::wal::record::{Encoder, LoggedSample, LoggedValue};
    use crate::{Options, Tsdb};

    /// What a log says of series, a record each; then a sample of every series.
    #[derive(Clone, Debug)]
    enum Said {
        /// Slot, generation and number of the label set.
        Series(Vec<(u32, u32, u32)>),
        Removed(u32, u32),
    }

    fn reference(slot: u32, generation: u32) -> u64 {
        u64::from(generation) << 32 | u64::from(slot)
    }

    /// The series that are there after a start from this log, each with its value.
    fn recovered(log: &[Said], threads: usize) -> Vec<String> {
        let mut encoder = Encoder::default();
        let mut all = Vec::new();
        for said in log {
            match said {
                Said::Series(series) => {
                    let mut pack = SeriesPack::default();
                    for (slot, generation, labels) in series {
                        let number = labels.to_string();
                        let labels = Labels::from_pairs([("__name__", "m"), ("n", &number)]);
                        pack.add(reference(*slot, *generation), &labels, encoder.buffer());
                        all.push(reference(*slot, *generation));
                    }
                    pack.finish(encoder.buffer());
                }
                Said::Removed(slot, generation) => encoder.removed(&[reference(*slot, *generation)]),
            }
        }
        all.sort_unstable();
        all.dedup();
        let sample = |(at, series): (usize, &u64)| LoggedSample {
            series: *series,
            t: 1_000,
            value: LoggedValue::Float(at as f64),
        };
        encoder.samples(all.iter().enumerate().map(sample));
        let dir = tempfile::tempdir().unwrap();
        let mut options = Options::new(dir.path());
        options.replay_threads = threads;
        frame::place(encoder.frames_mut(), segment_id(0), FILE_HEADER.len() as u64);
        let bytes = [&FILE_HEADER, encoder.frames()].concat();
        RealDisk.create_dir_all(&options.wal_dir()).unwrap();
        RealDisk.create(&options.wal_dir().join(segment_name(0))).unwrap().append(&bytes).unwrap();
        let clock = Arc::new(SimulatedClock::new(2_000));
        let (store, _) =
            Tsdb::open(options, Arc::new(RealDisk), clock, SystemEntropy::shared(), &Registry::new())
                .unwrap();
        let any = CompiledMatcher::new(Matcher::new("n", MatchOp::Regex, ".+")).unwrap();
        let found = store.querier(TimeRange::ALL).unwrap().select(&[any], &SelectHints::default()).unwrap();
        let mut lines: Vec<String> = found
            .iter()
            .map(|series| {
                let mut samples = Samples::default();
                series.read(TimeRange::ALL, &mut samples).unwrap();
                format!("{} {:?}", series.labels(), samples.floats)
            })
            .collect();
        lines.sort();
        let stats = store.stats(0);
        lines.push(format!("{} {} {}", stats.series, stats.chunks, stats.label_pairs));
        lines
    }

    fn said() -> impl Strategy<Value = Said> {
        prop_oneof![
            9 => proptest::collection::vec((0u32..60, 1u32..4, 0u32..60), 1..4).prop_map(Said::Series),
            1 => (0u32..60, 1u32..4).prop_map(|(slot, generation)| Said::Removed(slot, generation)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn several_threads_find_what_one_finds(log in proptest::collection::vec(said(), 1..24)) {
            prop_assert_eq!(recovered(&log, 3), recovered(&log, 1));
        }
    }

    #[test]
    fn series_of_one_run_are_made_known_at_once() {
        let log: Vec<Said> =
            (0..600).map(|at| Said::Series(vec![(2 * at, 1, 2 * at), (2 * at + 1, 1, 2 * at + 1)])).collect();
        let found = recovered(&log, 3);
        assert_eq!(found.len(), 1_201);
        assert_eq!(found, recovered(&log, 1));
    }
}
