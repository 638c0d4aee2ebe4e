//! Flags of `watchfire tsdb`. Where promtool has the same thing, it has promtool's name.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::duration;

/// Selects all series.
const EVERYTHING: &str = "{__name__=~'(?s:.*)'}";

#[derive(Debug, Args)]
pub(crate) struct TsdbCommand {
    #[command(subcommand)]
    pub(crate) chore: Chore,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Chore {
    /// List the blocks of a data directory.
    List(ListFlags),
    /// Show of which labels a block has many, and which come and go.
    Analyze(AnalyzeFlags),
    /// Print the samples of a data directory, those of the head included. Changes nothing in it.
    Dump(DumpFlags),
    /// Make blocks of samples from elsewhere.
    #[command(subcommand)]
    CreateBlocksFrom(CreateBlocksFrom),
    /// Check blocks completely: checksums, order, every sample and every count.
    Verify(VerifyFlags),
    /// Make a data directory of Watchfire from one of Prometheus, which stays as it is.
    ImportPrometheus(ImportFlags),
}

#[derive(Debug, Args)]
pub(crate) struct ListFlags {
    /// Print times and sizes for people.
    #[arg(short = 'r', long)]
    pub(crate) human_readable: bool,
    /// Data directory.
    #[arg(value_name = "DIR", default_value = "data/")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct AnalyzeFlags {
    /// Length of each list.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Only series that this selector matches.
    #[arg(long = "match", value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// Look at chunks too: how many, how full, how large.
    #[arg(long)]
    pub(crate) extended: bool,
    /// Data directory.
    #[arg(value_name = "DIR", default_value = "data/")]
    pub(crate) dir: PathBuf,
    /// Identity of the block [default: the newest]
    #[arg(value_name = "BLOCK")]
    pub(crate) block: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DumpFlags {
    /// First time, in milliseconds since the Unix epoch.
    #[arg(long, value_name = "MS", default_value_t = i64::MIN, allow_negative_numbers = true, hide_default_value = true)]
    pub(crate) min_time: i64,
    /// Last time, in milliseconds since the Unix epoch.
    #[arg(long, value_name = "MS", default_value_t = i64::MAX, allow_negative_numbers = true, hide_default_value = true)]
    pub(crate) max_time: i64,
    /// Only series that this selector matches; can be given several times.
    #[arg(long = "match", value_name = "SELECTOR", default_value = EVERYTHING)]
    pub(crate) selectors: Vec<String>,
    /// Form of the samples.
    #[arg(long, value_enum, default_value_t = DumpFormat::Prom)]
    pub(crate) format: DumpFormat,
    /// Data directory.
    #[arg(value_name = "DIR", default_value = "data/")]
    pub(crate) dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DumpFormat {
    /// `{labels} value milliseconds`, as promtool prints them.
    Prom,
    /// OpenMetrics text, without what it cannot say: native histograms and staleness markers.
    Openmetrics,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CreateBlocksFrom {
    /// From OpenMetrics text with a timestamp on every sample. All blocks are made, or none.
    Openmetrics(OpenmetricsFlags),
}

#[derive(Debug, Args)]
pub(crate) struct OpenmetricsFlags {
    /// Longest block; blocks are 2h, or 6h, 18h … long.
    #[arg(long, value_name = "DURATION", default_value = "2h", value_parser = duration)]
    pub(crate) max_block_duration: Duration,
    /// Label to put to every series, as name=value; can be given several times.
    #[arg(long = "label", value_name = "LABEL", value_parser = label)]
    pub(crate) labels: Vec<(String, String)>,
    /// Print times and sizes for people.
    #[arg(short = 'r', long)]
    pub(crate) human_readable: bool,
    /// Do not list the blocks.
    #[arg(short = 'q', long)]
    pub(crate) quiet: bool,
    /// OpenMetrics file.
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    /// Directory for the blocks, a data directory for example.
    #[arg(value_name = "OUTPUT_DIR", default_value = "data/")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyFlags {
    /// Data directory.
    #[arg(value_name = "DIR", default_value = "data/")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportFlags {
    /// Data directory of a Prometheus that does not run, or a copy of it.
    #[arg(value_name = "SRC")]
    pub(crate) source: PathBuf,
    /// Data directory to make; must not exist, or be empty.
    #[arg(value_name = "DST")]
    pub(crate) target: PathBuf,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be name=value")?;
    if name.is_empty() || name == model::METRIC_NAME {
        return Err(format!("{name:?} cannot be put to series"));
    }
    Ok((name.to_owned(), value.to_owned()))
}
