//! `tsdb dump`: samples as text.
//!
//! In memory are the places of the selected series' chunks and the samples of one series at a time, besides the
//! head, which is read as a server reads it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use model::{CompiledMatcher, Labels, METRIC_NAME, TimeRange, is_stale_nan};
use platform::{Disk, SystemClock, SystemEntropy};
use storage::{Querier, Samples, SelectHints, Series, Storage as _};
use telemetry::Registry;
use tsdb::{OpenError, OpenProgress, Options, TakenOver, Tsdb};

use super::flags::{DumpFlags, DumpFormat};
use super::histogram_text::{float, histogram};
use super::progress::Progress;
use super::{Outcome, absolute, look_at, note, open_blocks, output, selector};

/// Long enough for everything.
const FOREVER_MS: i64 = i64::MAX / 4;
/// Time between two looks at how far the head is read.
const LOOK_MS: u64 = 50;

pub(super) fn run(flags: &DumpFlags) -> Outcome {
    let selectors = flags.selectors.iter().map(|text| selector(text)).collect::<Result<Vec<_>>>()?;
    let range = TimeRange::new(flags.min_time, flags.max_time);
    let dir = absolute(&flags.dir)?;
    let (querier, whole) = open(&dir, range)?;
    let series = select(&*querier, &selectors)?;
    let mut progress = Progress::new();
    let mut out = output();
    let mut samples = Samples::default();
    let total = series.len() as u64;
    for (done, one) in series.into_iter().enumerate() {
        progress.tell("printing series", done as u64, total);
        samples.clear();
        one.read(range, &mut samples)?;
        match flags.format {
            DumpFormat::Prom => print(&mut out, &one.labels(), &samples)?,
            DumpFormat::Openmetrics => print_openmetrics(&mut out, &one.labels(), &samples)?,
        }
    }
    if flags.format == DumpFormat::Openmetrics {
        writeln!(out, "# EOF")?;
    }
    out.flush()?;
    Ok(whole)
}

/// A view of all that is in `dir`, or of its blocks if a server is at work there, and whether it is whole.
fn open(dir: &Path, range: TimeRange) -> Result<(Box<dyn Querier>, bool)> {
    let disk = look_at(dir)?;
    let options = Options { retention_ms: FOREVER_MS, ..Options::new(dir) };
    match open_store(&options, Arc::clone(&disk)) {
        Ok(store) => {
            let health = store.health();
            health.blocks_set_aside.iter().for_each(|block| note(block));
            let mut whole = health.blocks_set_aside.is_empty();
            if !health.recovery.is_complete() {
                whole = false;
                note(&format!("recovered {}", health.recovery));
            }
            if let Some(taken) = health.taken_over.filter(|taken| !taken.is_complete()) {
                whole = false;
                note(&format!("read {}", TakenOver { moved_to: None, ..taken }));
            }
            Ok((store.querier(range)?, whole))
        }
        Err(OpenError::Locked { .. }) => {
            note(&format!("{} is in use by a server: only its blocks are printed", dir.display()));
            let (blocks, whole) = open_blocks(disk, dir)?;
            Ok((Box::new(blocks.querier(range)), whole))
        }
        Err(error) => Err(error).with_context(|| format!("cannot open {}", dir.display())),
    }
}

/// Opens the store and tells how far that is.
fn open_store(options: &Options, disk: Arc<dyn Disk>) -> Result<Tsdb, OpenError> {
    let now: OpenProgress = options.progress.clone();
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            let (clock, entropy) = (SystemClock::shared(), SystemEntropy::shared());
            Tsdb::open(options.clone(), disk, clock, entropy, &Registry::new()).map(|(store, _)| store)
        });
        let mut progress = Progress::new();
        while !opening.is_finished() {
            if let Some(step) = now.now() {
                progress.say(|| step.to_string());
            }
            std::thread::sleep(std::time::Duration::from_millis(LOOK_MS));
        }
        match opening.join() {
            Ok(opened) => opened,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The series that any of the selectors matches, each once, in order of labels.
fn select(querier: &dyn Querier, selectors: &[Vec<CompiledMatcher>]) -> Result<Vec<Arc<dyn Series>>> {
    let mut found: Vec<(Labels, Arc<dyn Series>)> = Vec::new();
    for matchers in selectors {
        let selected = querier.select(matchers, &SelectHints::default())?;
        found.extend(selected.into_iter().map(|series| (series.labels(), series)));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    Ok(found.into_iter().map(|(_, series)| series).collect())
}

fn print(out: &mut impl Write, labels: &Labels, samples: &Samples) -> Result<()> {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| pair(name, value)).collect();
    let name = pairs.join(", ");
    let mut histograms = samples.histograms.iter().peekable();
    for (position, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
        let text = match histograms.next_if(|(at, _)| *at as usize == position) {
            Some((_, one)) => histogram(one),
            None => float(*value),
        };
        writeln!(out, "{{{name}}} {text} {t}")?;
    }
    Ok(())
}

fn print_openmetrics(out: &mut impl Write, labels: &Labels, samples: &Samples) -> Result<()> {
    let metric = labels.metric_name();
    let bare = model::is_valid_legacy_metric_name(metric);
    let mut parts: Vec<String> =
        labels.iter().filter(|(n, _)| *n != METRIC_NAME).map(|(n, v)| pair(n, v)).collect();
    if !bare {
        parts.insert(0, quoted(metric));
    }
    let mut name = if bare { metric.to_owned() } else { String::new() };
    if !parts.is_empty() {
        name.push_str(&format!("{{{}}}", parts.join(",")));
    }
    let mut histograms = samples.histograms.iter().peekable();
    for (position, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
        if histograms.next_if(|(at, _)| *at as usize == position).is_some() || is_stale_nan(*value) {
            continue;
        }
        let (sign, magnitude) = (if *t < 0 { "-" } else { "" }, t.unsigned_abs());
        writeln!(out, "{name} {} {sign}{}.{:03}", float(*value), magnitude / 1000, magnitude % 1000)?;
    }
    Ok(())
}

fn pair(name: &str, value: &str) -> String {
    let name = if model::is_valid_label_name(name) { name.to_owned() } else { quoted(name) };
    format!("{name}={}", quoted(value))
}

/// In quotes, with the escapes that both formats share.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
