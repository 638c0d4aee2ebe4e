//! `tsdb analyze`: what the series of a block are made of.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tsdb::block::{Block, Cardinality, ChunkTally, Counted};

use super::flags::AnalyzeFlags;
use super::progress::Progress;
use super::{Outcome, absolute, look_at, open_blocks, output, selector, table};

pub(super) fn run(flags: &AnalyzeFlags) -> Outcome {
    let matchers = flags.selector.as_deref().map(selector).transpose()?.unwrap_or_default();
    let dir = absolute(&flags.dir)?;
    let (blocks, _) = open_blocks(look_at(&dir)?, &dir)?;
    let list = blocks.list();
    let block: &Arc<Block> = match &flags.block {
        None => list.last().with_context(|| format!("{} has no blocks", dir.display()))?,
        Some(id) => match list.iter().find(|block| block.ulid().to_string() == *id) {
            Some(block) => block,
            None => bail!("{} has no block {id}", dir.display()),
        },
    };
    let mut progress = Progress::new();
    let mut tell = |done, total| progress.tell("looking at series", done, total);
    let counted = block.cardinality(&matchers, flags.limit, &mut tell)?;
    let mut out = output();
    let meta = block.meta();
    writeln!(out, "Block ID: {}", meta.ulid)?;
    writeln!(out, "Duration: {}", table::duration(meta.max_time.saturating_sub(meta.min_time)))?;
    writeln!(out, "Total Series: {}", meta.stats.num_series)?;
    if let Some(selector) = &flags.selector {
        writeln!(out, "Matcher: {selector}")?;
        writeln!(out, "Matched series: {}", counted.series)?;
    }
    write_cardinality(&mut out, &counted)?;
    if flags.extended {
        let mut tell = |done, total| progress.tell("looking at chunks", done, total);
        for (name, tally) in block.tally_chunks(&matchers, &mut tell)? {
            write_tally(&mut out, name, &tally)?;
        }
    }
    drop(progress);
    out.flush()?;
    Ok(true)
}

fn write_cardinality(out: &mut impl Write, counted: &Cardinality) -> io::Result<()> {
    writeln!(out, "Label names: {}", counted.names)?;
    writeln!(out, "Postings (unique label pairs): {}", counted.pairs)?;
    writeln!(out, "Postings entries (total label pairs): {}", counted.pair_entries)?;
    let mut list = |title: &str, list: &[Counted]| -> io::Result<()> {
        writeln!(out, "\n{title}:")?;
        list.iter().try_for_each(|(text, count)| writeln!(out, "{count} {text}"))
    };
    list("Label pairs that come and go most (in series of the block's whole time)", &counted.churning_pairs)?;
    list("Label names that come and go most (in series of the block's whole time)", &counted.churning_names)?;
    list("Label pairs of the most series", &counted.common_pairs)?;
    list("Label names with the most bytes of values", &counted.value_bytes)?;
    list("Label names with the most values", &counted.values)?;
    list("Metric names with the most series", &counted.series_by_metric)
}

fn write_tally(out: &mut impl Write, name: &str, tally: &ChunkTally) -> io::Result<()> {
    let ChunkTally { chunks, samples, bytes, fullness } = tally;
    let per_sample = *bytes as f64 / (*samples).max(1) as f64;
    writeln!(
        out,
        "\nChunks of {name}s: {chunks}, with {samples} samples in {bytes} bytes ({per_sample:.2} a sample)"
    )?;
    writeln!(out, "How full they are (of 120 samples):")?;
    for (tenth, count) in fullness.iter().enumerate().filter(|(_, count)| **count > 0) {
        let range = match tenth {
            10 => "full".to_owned(),
            tenth => format!("{}-{}%", tenth * 10, tenth * 10 + 10),
        };
        writeln!(out, "{count} {range}")?;
    }
    Ok(())
}
