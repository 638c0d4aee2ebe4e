//! What the command line asks for.

use anyhow::{Context, Result, bail};

use super::contender::Kind;

/// How to call it.
pub(super) const USAGE: &str = "\
usage: cargo xtask bench-store [FLAGS]
  --series N          series of the load (100000), in whole pods of 500
  --steps N           samples of a series before the burst (120)
  --rounds N          turns of each server (1)
  --peers A,B         whom to compare with (prometheus,victoriametrics); none for ourselves alone
  --only A,B          parts: ingest, select, compact, recover, churn (all); every part but churn needs ingest
  --churn-rate N      new series per second (1000), in whole pods of 500
  --churn-seconds N   for so long (60)
  --churn-after N     most seconds to wait until memory is returned (300)
  --churn-block D     length of the shortest blocks meanwhile, where it can be chosen (2m)";

/// The parts of a turn.
const PARTS: [&str; 5] = ["ingest", "select", "compact", "recover", "churn"];
/// Samples of the last burst, at least; it has whole steps.
const BURST_SAMPLES: usize = 500_000;

/// What to do.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) series: usize,
    pub(super) steps: usize,
    pub(super) rounds: usize,
    pub(super) peers: Vec<Kind>,
    only: Vec<String>,
    pub(super) churn: Churn,
}

/// How series come and go.
#[derive(Clone, Debug)]
pub(super) struct Churn {
    pub(super) per_second: usize,
    pub(super) seconds: u64,
    pub(super) after: u64,
    pub(super) block: String,
}

impl Options {
    /// Reads the flags.
    ///
    /// # Errors
    /// When there is something that is not one.
    pub(super) fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            series: 100_000,
            steps: 120,
            rounds: 1,
            peers: vec![Kind::Prometheus, Kind::VictoriaMetrics],
            only: PARTS.map(str::to_owned).to_vec(),
            churn: Churn { per_second: 1_000, seconds: 60, after: 300, block: "2m".to_owned() },
        };
        let mut args = args.iter();
        while let Some(flag) = args.next() {
            let value = args.next().with_context(|| format!("{flag} has no value\n{USAGE}"))?;
            let number = || -> Result<usize> {
                match value.replace('_', "").parse() {
                    Ok(number) if number > 0 => Ok(number),
                    _ => bail!("{flag}: {value:?} is no number above 0"),
                }
            };
            match flag.as_str() {
                "--series" => options.series = number()?,
                "--steps" => options.steps = number()?.max(2),
                "--rounds" => options.rounds = number()?,
                "--peers" if value == "none" => options.peers.clear(),
                "--peers" => options.peers = value.split(',').map(peer).collect::<Result<_>>()?,
                "--only" => options.only = value.split(',').map(part).collect::<Result<_>>()?,
                "--churn-rate" => options.churn.per_second = number()?,
                "--churn-seconds" => options.churn.seconds = number()? as u64,
                "--churn-after" => options.churn.after = number()? as u64,
                "--churn-block" => options.churn.block.clone_from(value),
                _ => bail!("unknown flag {flag}\n{USAGE}"),
            }
        }
        Ok(options)
    }

    /// Whether a part is to be measured.
    pub(super) fn wants(&self, part: &str) -> bool {
        self.only.iter().any(|wanted| wanted == part)
    }

    /// Whether the load is needed at all.
    pub(super) fn wants_load(&self) -> bool {
        self.only.iter().any(|part| part != "churn")
    }

    /// Steps of the burst.
    pub(super) fn burst(&self) -> usize {
        BURST_SAMPLES.div_ceil(self.series)
    }
}

fn peer(name: &str) -> Result<Kind> {
    match Kind::of(name) {
        Some(kind) if kind != Kind::Watchfire => Ok(kind),
        _ => bail!("--peers: {name:?} is neither prometheus nor victoriametrics"),
    }
}

fn part(name: &str) -> Result<String> {
    if !PARTS.contains(&name) {
        bail!("--only: {name:?} is none of {}", PARTS.join(", "));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_and_defaults() {
        let options = parse("").unwrap();
        assert_eq!((options.series, options.steps, options.burst()), (100_000, 120, 5));
        assert!(options.wants("churn") && options.wants_load());
        let options = parse("--series 1_000_000 --only churn --peers prometheus --churn-rate 500").unwrap();
        assert_eq!((options.series, options.burst(), options.churn.per_second), (1_000_000, 1, 500));
        assert!(!options.wants("ingest") && !options.wants_load());
        assert_eq!(options.peers, [Kind::Prometheus]);
        assert!(parse("--peers none").unwrap().peers.is_empty());
    }

    #[test]
    fn mistakes_are_told() {
        for (text, want) in [
            ("--series", "has no value"),
            ("--series x", "no number above 0"),
            ("--rounds 0", "no number above 0"),
            ("--peers watchfire", "neither"),
            ("--only scrape", "none of ingest"),
            ("--fast 1", "unknown flag"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
