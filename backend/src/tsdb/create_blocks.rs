//! `tsdb create-blocks-from openmetrics`: text with timestamps into blocks.
//!
//! The file is read several times: once to check all of it and to count the samples of each block, then once for
//! as many blocks at a time as fit into memory. Nothing is written before all has been checked, and no block has
//! its name before all are on the medium.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::ops::ControlFlow;

use anyhow::{Context as _, Result, bail};
use exposition::{Entry, Format, LabelScratch, ParseError, Parser};
use model::{Labels, LabelsBuilder};
use platform::{Disk as _, RealDisk, SystemClock, SystemEntropy};
use storage::Samples;
use tsdb::block::{Block, BlockBatch, BlockError, SeriesSource, SourceSeries, block_ranges};

use super::flags::OpenmetricsFlags;
use super::progress::Progress;
use super::{Outcome, absolute, note, output, table};

/// Length of the shortest blocks in milliseconds, as Prometheus makes them.
const SHORTEST_BLOCK_MS: i64 = 2 * 3_600_000;
/// Samples held at a time, unless a single block has more: 16 bytes each.
const SAMPLES_MAX: u64 = 8 << 20;

pub(super) fn run(flags: &OpenmetricsFlags) -> Outcome {
    let input = flags.input.display();
    let body = RealDisk.map(&flags.input).with_context(|| format!("cannot read {input}"))?;
    let longest = i64::try_from(flags.max_block_duration.as_millis()).unwrap_or(i64::MAX);
    let block_ms = block_ranges(SHORTEST_BLOCK_MS, longest).last().copied().unwrap_or(SHORTEST_BLOCK_MS);
    let mut progress = Progress::new();
    let text = Text { body: &body, block_ms };
    let survey = text.survey(&flags.labels, &mut progress).with_context(|| input.to_string())?;
    if survey.windows.is_empty() {
        note(&format!("{input} has no samples"));
        return Ok(true);
    }
    let dir = absolute(&flags.output)?;
    let disk = RealDisk::shared();
    let mut batch = BlockBatch::new(disk.clone(), &dir, SystemClock::shared(), SystemEntropy::shared())?;
    for group in survey.groups() {
        let columns = text.read(&survey, &group, &mut progress).with_context(|| input.to_string())?;
        for window in &group {
            let mut source =
                Window { survey: &survey, columns: &columns, range: text.range(*window), next: 0 };
            let series = survey.labels.len() as u64;
            batch.write(&mut source, text.range(*window), &mut |done| {
                progress.tell("writing a block", done.series, series);
                ControlFlow::Continue(())
            })?;
        }
    }
    let metas = batch.publish()?;
    drop(progress);
    if !flags.quiet {
        let opened = metas.into_iter().map(|meta| {
            let block = Block::open(disk.clone(), &dir.join(meta.ulid.to_string()))?;
            Ok((meta, block.size_bytes()))
        });
        let rows = opened.collect::<Result<Vec<_>, BlockError>>()?;
        let mut out = output();
        table::write(&mut out, &rows, flags.human_readable)?;
        out.flush()?;
    }
    Ok(true)
}

/// The input.
struct Text<'a> {
    body: &'a [u8],
    block_ms: i64,
}

/// What the first reading found out.
struct Survey<'a> {
    /// Position of a series among `labels`, by its text; several texts may name the same one.
    by_text: HashMap<&'a [u8], u32>,
    labels: Vec<Labels>,
    /// Positions in order of labels.
    order: Vec<u32>,
    /// Number of samples by number of the block's window.
    windows: BTreeMap<i64, u64>,
}

/// Samples by position of their series.
type Columns = Vec<Vec<(i64, f64)>>;

impl<'a> Text<'a> {
    /// Reads everything and checks it.
    fn survey(&self, more: &[(String, String)], progress: &mut Progress) -> Result<Survey<'a>> {
        let mut survey = Survey {
            by_text: HashMap::new(),
            labels: Vec::new(),
            order: Vec::new(),
            windows: BTreeMap::new(),
        };
        let mut by_labels: HashMap<Labels, u32> = HashMap::new();
        let mut last: Vec<(i64, u64)> = Vec::new();
        let mut scratch = LabelScratch::default();
        self.each("checking", progress, |raw, series| {
            let position = match survey.by_text.get(raw) {
                Some(position) => *position,
                None => {
                    series.labels(&mut scratch)?;
                    let labels = with_labels(&scratch.to_labels(), more);
                    let position = *by_labels.entry(labels).or_insert_with_key(|labels| {
                        survey.labels.push(labels.clone());
                        last.push((i64::MIN, 0));
                        (survey.labels.len() - 1) as u32
                    });
                    survey.by_text.insert(raw, position);
                    position
                }
            };
            let Some(t) = series.timestamp_ms else {
                return Err(series.error("a sample without a timestamp"));
            };
            let before = &mut last[position as usize];
            if t == before.0 && series.value.to_bits() != before.1 {
                return Err(series.error("a second value of the series at the same time"));
            }
            if t < before.0 {
                return Err(series.error("a sample older than the one before it of the series"));
            }
            if t > before.0 {
                *survey.windows.entry(t.div_euclid(self.block_ms)).or_default() += 1;
            }
            *before = (t, series.value.to_bits());
            Ok(())
        })?;
        survey.order = (0..survey.labels.len() as u32).collect();
        let labels = &survey.labels;
        survey.order.sort_unstable_by(|a, b| labels[*a as usize].cmp(&labels[*b as usize]));
        Ok(survey)
    }

    /// Reads the samples of some windows that lie side by side.
    fn read(&self, survey: &Survey<'_>, windows: &[i64], progress: &mut Progress) -> Result<Columns> {
        let mut columns: Columns = vec![Vec::new(); survey.labels.len()];
        let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return Ok(columns) };
        self.each("reading", progress, |raw, series| {
            let found = survey.by_text.get(raw).zip(series.timestamp_ms);
            if let Some((position, t)) = found
                && (*first..=*last).contains(&t.div_euclid(self.block_ms))
            {
                let column = &mut columns[*position as usize];
                if column.last().is_none_or(|(before, _)| *before < t) {
                    column.push((t, series.value));
                }
            }
            Ok(())
        })?;
        Ok(columns)
    }

    /// Visits the samples with the text of their series.
    fn each(
        &self,
        what: &str,
        progress: &mut Progress,
        mut visit: impl FnMut(&'a [u8], &exposition::Series<'_>) -> Result<(), ParseError>,
    ) -> Result<()> {
        let mut parser = Parser::new(self.body, Format::OpenMetrics);
        let start = self.body.as_ptr().addr();
        while let Some(entry) = parser.next_entry()? {
            let Entry::Series(series) = entry else { continue };
            // The text of a series is a part of the body; this is where.
            let at = series.raw.as_ptr().addr().wrapping_sub(start);
            let Some(raw) = self.body.get(at..at.saturating_add(series.raw.len())) else {
                bail!("a series outside of the file");
            };
            visit(raw, &series)?;
            progress.tell(what, at as u64, self.body.len() as u64);
        }
        Ok(())
    }

    /// Times of a window: the first, and the first behind it.
    fn range(&self, window: i64) -> (i64, i64) {
        let start = window.saturating_mul(self.block_ms);
        (start, start.saturating_add(self.block_ms))
    }
}

impl Survey<'_> {
    /// Windows to be read together.
    fn groups(&self) -> Vec<Vec<i64>> {
        let mut groups: Vec<Vec<i64>> = Vec::new();
        let mut held = u64::MAX;
        for (window, samples) in &self.windows {
            held = held.saturating_add(*samples);
            match groups.last_mut() {
                Some(group) if held <= SAMPLES_MAX => group.push(*window),
                _ => {
                    groups.push(vec![*window]);
                    held = *samples;
                }
            }
        }
        groups
    }
}

fn with_labels(labels: &Labels, more: &[(String, String)]) -> Labels {
    let mut builder = LabelsBuilder::new(labels);
    more.iter().for_each(|(name, value)| {
        builder.set(name, value);
    });
    builder.build()
}

/// The samples of one block.
struct Window<'a> {
    survey: &'a Survey<'a>,
    columns: &'a Columns,
    range: (i64, i64),
    next: usize,
}

impl SeriesSource for Window<'_> {
    fn next_series(&mut self) -> Result<Option<SourceSeries>, BlockError> {
        while let Some(position) = self.survey.order.get(self.next) {
            self.next += 1;
            let column = &self.columns[*position as usize];
            let from = column.partition_point(|(t, _)| *t < self.range.0);
            let to = column.partition_point(|(t, _)| *t < self.range.1);
            if from < to {
                let mut samples = Samples::default();
                column[from..to].iter().for_each(|(t, value)| samples.push(*t, *value));
                let labels = self.survey.labels[*position as usize].clone();
                return SourceSeries::encode(labels, &samples).map(Some);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(text: &str) -> Result<(usize, Vec<(i64, u64)>)> {
        let text = Text { body: text.as_bytes(), block_ms: SHORTEST_BLOCK_MS };
        let survey = text.survey(&[], &mut Progress::new())?;
        Ok((survey.labels.len(), survey.windows.into_iter().collect()))
    }

    #[test]
    fn all_is_checked_and_counted_first() {
        let good = "# TYPE a gauge\na{x=\"1\",y=\"2\"} 1 10\na{y=\"2\",x=\"1\"} 1 10\na{x=\"1\",y=\"2\"} 2 7200\n\
                    a 1 -0.001\n# EOF\n";
        assert_eq!(survey(good).unwrap(), (2, vec![(-1, 1), (0, 1), (1, 1)]));
        for (text, want) in [
            ("a 1\n# EOF\n", "line 1, column 1: a sample without a timestamp"),
            (
                "a 1 1\nb 1 1\na 2 1\n# EOF\n",
                "line 3, column 1: a second value of the series at the same time",
            ),
            (
                "a 1 2\na 1 1\n# EOF\n",
                "line 2, column 1: a sample older than the one before it of the series",
            ),
            ("a 1 1\n", "line 2, column 1: the body does not end with \"# EOF\""),
            ("a{b=} 1 1\n# EOF\n", "line 1, column 5: "),
        ] {
            let error = format!("{:#}", survey(text).unwrap_err());
            assert!(error.starts_with(want), "{error}");
        }
    }

    #[test]
    fn windows_are_read_together_as_far_as_memory_goes() {
        let windows = [(0, 5), (1, SAMPLES_MAX - 5), (2, 1), (7, SAMPLES_MAX * 2), (8, 1)];
        let survey = Survey {
            by_text: HashMap::new(),
            labels: Vec::new(),
            order: Vec::new(),
            windows: windows.into_iter().collect(),
        };
        assert_eq!(survey.groups(), [vec![0, 1], vec![2], vec![7], vec![8]]);
    }
}
