//! Flags. Where Prometheus has the same thing, the flag has Prometheus' name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args, Parser, Subcommand, ValueEnum};
use promql_syntax::{Features, ParseOptions};
use telemetry::{LogFormat, LogLevel};

use crate::tsdb::TsdbCommand;

/// Metrics, alerting and dashboards for AI infrastructure in one program.
#[derive(Debug, Parser)]
#[command(name = "watchfire", version, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scrape, store, answer queries and serve the app.
    Serve(ServerFlags),
    /// As serve, with a simulated GPU and LLM fleet to look at.
    Demo(DemoFlags),
    /// Check files without running anything.
    Check(CheckCommand),
    /// Run tests.
    Test(TestCommand),
    /// Look after data directories: list, analyze, dump, verify, make blocks, move in from Prometheus.
    Tsdb(TsdbCommand),
}

/// Flags of the server.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServerFlags {
    /// Configuration file (prometheus.yml). Without one the server scrapes itself.
    #[arg(long = "config.file", value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,

    /// Directory of the time-series store [default: data/, for demo demo-data/]
    #[arg(long = "storage.tsdb.path", value_name = "DIR")]
    pub(crate) storage_path: Option<PathBuf>,

    /// How long samples are kept.
    #[arg(long = "storage.tsdb.retention.time", value_name = "DURATION", default_value = "15d", value_parser = duration)]
    pub(crate) retention: Duration,

    /// Most bytes on disk, log and blocks together, such as 512MB or 20GB (powers of 1024); the oldest blocks
    /// go first. 0 for no bound.
    #[arg(long = "storage.tsdb.retention.size", value_name = "SIZE", default_value = "0", value_parser = size)]
    pub(crate) retention_size: u64,

    /// Length of the blocks that are written from memory.
    #[arg(long = "storage.tsdb.min-block-duration", value_name = "DURATION", default_value = "2h", value_parser = duration)]
    pub(crate) min_block: Duration,

    /// Length of the longest blocks that compaction makes [default: a tenth of the retention time, at most 31d]
    #[arg(long = "storage.tsdb.max-block-duration", value_name = "DURATION", value_parser = duration)]
    pub(crate) max_block: Option<Duration>,

    /// When the write-ahead log is forced onto the disk: a duration, `commit` (before a scrape counts as
    /// stored) or `never` (when the operating system likes). Whatever it is, samples survive the death of the process.
    #[arg(long = "storage.tsdb.wal-fsync", value_name = "WHEN", default_value = "1s", value_parser = wal_fsync)]
    pub(crate) wal_fsync: tsdb::WalFsync,

    /// Most series in the head; further ones are refused and counted. 0: no bound.
    #[arg(long = "storage.tsdb.max-series", value_name = "COUNT", default_value_t = 0)]
    pub(crate) max_series: u64,

    /// Most series of one metric in the head. 0: no bound.
    #[arg(long = "storage.tsdb.max-series-per-metric", value_name = "COUNT", default_value_t = 0)]
    pub(crate) max_series_per_metric: u64,

    /// Most series with the same label `job` in the head. 0: no bound.
    #[arg(long = "storage.tsdb.max-series-per-job", value_name = "COUNT", default_value_t = 0)]
    pub(crate) max_series_per_job: u64,

    /// Memory that the server should do with, such as 8GB (powers of 1024). From nine tenths of it on queries
    /// are refused, beyond it new series too; samples of known series are always taken. 0: no bound.
    #[arg(long = "memory.budget", value_name = "SIZE", default_value = "0", value_parser = size)]
    pub(crate) memory_budget: u64,

    /// Most exemplars kept in memory.
    #[arg(long = "storage.exemplars.limit", value_name = "COUNT", default_value_t = 100_000)]
    pub(crate) exemplars: usize,

    /// SQLite file of the dashboards [default: watchfire.db in the storage directory]
    #[arg(long = "database.path", value_name = "FILE")]
    pub(crate) database_path: Option<PathBuf>,

    /// Folder of further dashboards (*.json), provisioned at start and reload.
    #[arg(long = "dashboards.path", value_name = "DIR")]
    pub(crate) dashboards_path: Option<PathBuf>,

    /// Address to listen on; can be given several times. Port 0 lets the system choose.
    #[arg(long = "web.listen-address", value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    pub(crate) listen_addresses: Vec<String>,

    /// Listen on other than loopback addresses though nobody has to log in.
    #[arg(long = "web.allow-anonymous")]
    pub(crate) allow_anonymous: bool,

    /// Address under which browsers and other programs reach the server.
    #[arg(long = "web.external-url", value_name = "URL")]
    pub(crate) external_url: Option<String>,

    /// Most connections at a time.
    #[arg(long = "web.max-connections", value_name = "COUNT", default_value_t = 512)]
    pub(crate) max_connections: usize,

    /// How long a connection may be idle or take for the head of a request.
    #[arg(long = "web.read-timeout", value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub(crate) read_timeout: Duration,

    /// Let POST /-/quit stop the server. POST /-/reload always works.
    #[arg(long = "web.enable-lifecycle")]
    pub(crate) enable_lifecycle: bool,

    /// Allow deleting series and making snapshots over HTTP.
    #[arg(long = "web.enable-admin-api")]
    pub(crate) enable_admin_api: bool,

    /// Take samples from others at POST /api/v1/write (remote write 1.0 and 2.0).
    #[arg(long = "web.enable-remote-write-receiver")]
    pub(crate) remote_write_receiver: bool,

    /// Largest remote write body in bytes, compressed or not.
    #[arg(long = "web.remote-write-max-bytes", value_name = "BYTES", default_value_t = 32 << 20)]
    pub(crate) remote_write_bytes: usize,

    /// Most samples in a remote read answer that is not streamed; 0 for any number.
    #[arg(long = "storage.remote.read-sample-limit", value_name = "COUNT", default_value_t = 50_000_000)]
    pub(crate) remote_read_samples: u64,

    /// Most remote read requests at a time; others wait.
    #[arg(long = "storage.remote.read-concurrent-limit", value_name = "COUNT", default_value_t = 10)]
    pub(crate) remote_read_concurrency: usize,

    /// Bytes after which a frame of a streamed remote read answer ends.
    #[arg(long = "storage.remote.read-max-bytes-in-frame", value_name = "BYTES", default_value_t = 1 << 20)]
    pub(crate) remote_read_frame_bytes: usize,

    /// Longest time a query may take.
    #[arg(long = "query.timeout", value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub(crate) query_timeout: Duration,

    /// Most queries at a time; others wait.
    #[arg(long = "query.max-concurrency", value_name = "COUNT", default_value_t = 20)]
    pub(crate) query_concurrency: usize,

    /// Most samples a query may hold in memory.
    #[arg(long = "query.max-samples", value_name = "COUNT", default_value_t = 50_000_000)]
    pub(crate) query_samples: u64,

    /// Configuration of the alert manager (alertmanager.yml). Without one nobody is notified.
    #[arg(long = "alertmanager.config.file", value_name = "FILE")]
    pub(crate) alertmanager_file: Option<PathBuf>,

    /// Least time between two words that an alert fires.
    #[arg(long = "rules.alert.resend-delay", value_name = "DURATION", default_value = "1m", value_parser = duration)]
    pub(crate) resend_delay: Duration,

    /// Longest outage after which alerts are pending again since when they were before.
    #[arg(long = "rules.alert.for-outage-tolerance", value_name = "DURATION", default_value = "1h", value_parser = duration)]
    pub(crate) outage_tolerance: Duration,

    /// Least time between a restart and the firing of an alert that was pending before; counts for alerts whose
    /// "for" is at least as long.
    #[arg(long = "rules.alert.for-grace-period", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) grace_period: Duration,

    /// Most rules of a group that are evaluated at a time.
    #[arg(long = "rules.max-concurrent-evals", value_name = "COUNT", default_value_t = 4)]
    pub(crate) rule_concurrency: usize,

    /// How old a sample may be and still count as a series' current value.
    #[arg(long = "query.lookback-delta", value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub(crate) lookback_delta: Duration,

    /// Features to switch on, separated by commas: promql-experimental-functions, promql-duration-expr,
    /// promql-extended-range-selectors, promql-binop-fill-modifiers, created-timestamp-zero-ingestion (a zero
    /// where a counter began, if the target or remote write 2.0 tells).
    #[arg(long = "enable-feature", value_name = "FEATURES", value_delimiter = ',')]
    pub(crate) features: Vec<String>,

    /// Least serious messages that are logged: debug, info, warn, error.
    #[arg(long = "log.level", value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: LogLevel,

    /// Form of log lines: logfmt, json.
    #[arg(long = "log.format", value_name = "FORMAT", default_value = "logfmt")]
    pub(crate) log_format: LogFormat,
}

/// Feature: a counter gets a zero where it began, if who brings it tells.
pub(crate) const START_ZEROS: &str = "created-timestamp-zero-ingestion";

impl ServerFlags {
    /// Whether counters get a zero where they began.
    pub(crate) fn start_zeros(&self) -> bool {
        self.features.iter().any(|name| name == START_ZEROS)
    }

    /// What queries may be written with; names that mean nothing are passed over.
    pub(crate) fn parse_options(&self) -> ParseOptions {
        let mut features = Features::default();
        for name in &self.features {
            features.enable(name);
        }
        ParseOptions { features }
    }
}

/// Flags of the demo.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoFlags {
    /// Seed of the simulated fleet; the same seed gives the same fleet.
    #[arg(long = "demo.seed", value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How much history is made at the first start.
    #[arg(long = "demo.history", value_name = "DURATION", default_value = "6h", value_parser = duration)]
    pub(crate) history: Duration,

    #[command(flatten)]
    pub(crate) server: ServerFlags,
}

#[derive(Debug, Args)]
pub(crate) struct TestCommand {
    #[command(subcommand)]
    pub(crate) what: Test,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Test {
    /// Run tests of rules, in the language of `promtool test rules`.
    Rules {
        /// Files of tests.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckCommand {
    #[command(subcommand)]
    pub(crate) what: Check,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Check {
    /// Check a configuration file and the files it names.
    Config {
        /// Configuration files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Check what a target exposes: samples, families by type and exemplars, or the first mistake.
    Exposition {
        /// Format [default: by the file's name and content]
        #[arg(long, value_enum)]
        format: Option<ExpositionFormat>,
        /// Refuse everything that OpenMetrics 1.0 forbids.
        #[arg(long)]
        strict: bool,
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Check configuration files of the alert manager (alertmanager.yml) and the templates they name.
    Alertmanager {
        /// Configuration files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Check files of recording and alerting rules.
    Rules {
        /// Rule files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Run tests in Prometheus' test language and count the evaluations that pass.
    PromqlTests {
        /// Features to switch on, separated by commas; `all` for all.
        #[arg(long = "enable-feature", value_name = "FEATURES", value_delimiter = ',')]
        features: Vec<String>,
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Check dashboard documents.
    Dashboard {
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExpositionFormat {
    /// Prometheus text 0.0.4 and 1.0.
    Text,
    /// OpenMetrics 1.0 text.
    Openmetrics,
    /// Delimited io.prometheus.client.MetricFamily messages.
    Protobuf,
    /// One OpenMetrics MetricSet message.
    OpenmetricsProtobuf,
}

/// A duration such as 1h30m.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let ms = model::parse_duration(text).map_err(|error| error.to_string())?;
    u64::try_from(ms).map(Duration::from_millis).map_err(|_| "must not be negative".to_owned())
}

/// A number of bytes with a unit, in powers of 1024 as Prometheus counts them.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let power = match &text[digits.len()..] {
        "" | "B" => 0,
        "KB" | "K" | "KiB" => 1,
        "MB" | "M" | "MiB" => 2,
        "GB" | "G" | "GiB" => 3,
        "TB" | "T" | "TiB" => 4,
        "PB" | "P" | "PiB" => 5,
        "EB" | "E" | "EiB" => 6,
        unit => return Err(format!("unknown unit {unit:?}; use B, KB, MB, GB, TB, PB or EB")),
    };
    let number: u64 =
        digits.parse().map_err(|_| "must be a whole number with a unit, such as 512MB".to_owned())?;
    number.checked_mul(1 << (10 * power)).ok_or_else(|| "is too large".to_owned())
}

fn wal_fsync(text: &str) -> Result<tsdb::WalFsync, String> {
    match text {
        "commit" => Ok(tsdb::WalFsync::EveryCommit),
        "never" => Ok(tsdb::WalFsync::Never),
        _ => model::parse_duration(text)
            .map(tsdb::WalFsync::Interval)
            .map_err(|error| format!("{error}; or say commit or never")),
    }
}

/// The flags of the chosen command with their values, defaults included, for `/api/v1/status/flags`.
pub(crate) fn flag_values(matches: &ArgMatches) -> BTreeMap<String, String> {
    use clap::CommandFactory as _;
    let Some((name, matches)) = matches.subcommand() else { return BTreeMap::new() };
    let command = Cli::command();
    let Some(command) = command.find_subcommand(name) else { return BTreeMap::new() };
    let mut values = BTreeMap::new();
    for argument in command.get_arguments() {
        let (Some(long), id) = (argument.get_long(), argument.get_id().as_str()) else { continue };
        if matches!(long, "help" | "version") {
            continue;
        }
        let raw = matches.try_get_raw(id).ok().flatten();
        let text = raw.map(|raw| raw.map(|v| v.to_string_lossy()).collect::<Vec<_>>().join(","));
        values.insert(long.to_owned(), text.unwrap_or_default());
    }
    values
}

/// The flags as a page.
#[cfg(test)]
pub(crate) fn markdown() -> String {
    use clap::CommandFactory as _;
    let mut page = String::from(
        "# Flags\n\nGenerated from the program by a test; run it with `WATCHFIRE_UPDATE_DOCS=1` after a change.\n\
         Both `--flag=value` and `--flag value` work.\n",
    );
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut push = |name: &str, command: &mut clap::Command| {
        page.push_str(&format!(
            "\n## watchfire {name}\n\n```\n{}\n```\n",
            command.render_long_help().to_string().trim_end()
        ));
    };
    for name in ["serve", "demo"] {
        if let Some(command) = command.find_subcommand_mut(name) {
            push(name, command);
        }
    }
    for path in [
        "check config",
        "check exposition",
        "check promql-tests",
        "check dashboard",
        "tsdb list",
        "tsdb analyze",
        "tsdb dump",
        "tsdb create-blocks-from openmetrics",
        "tsdb verify",
        "tsdb import-prometheus",
    ] {
        let mut names = path.split(' ');
        if let Some(command) = names.try_fold(&mut command, |command, name| command.find_subcommand_mut(name))
        {
            push(path, command);
        }
    }
    page.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(args: &[&str]) -> ServerFlags {
        let args = ["watchfire", "serve"].iter().chain(args);
        match Cli::try_parse_from(args).unwrap().command {
            Command::Serve(flags) => flags,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_ways_of_giving_a_value() {
        let flags = server(&[
            "--config.file=a.yml",
            "--storage.tsdb.path",
            "x",
            "--web.listen-address=:1",
            "--web.listen-address",
            ":2",
        ]);
        assert_eq!(flags.config_file, Some("a.yml".into()));
        assert_eq!(flags.storage_path, Some("x".into()));
        assert_eq!(flags.listen_addresses, [":1", ":2"]);
        assert_eq!(server(&[]).retention, Duration::from_secs(15 * 86_400));
        assert_eq!(server(&["--enable-feature=a,b", "--enable-feature", "c"]).features, ["a", "b", "c"]);
        assert_eq!(server(&["--storage.tsdb.wal-fsync=commit"]).wal_fsync, tsdb::WalFsync::EveryCommit);
    }

    #[test]
    fn mistakes_are_told() {
        for (flag, want) in [
            ("--query.timeout=5", "not a valid duration"),
            ("--storage.tsdb.retention.size=5XB", "unknown unit"),
            ("--storage.tsdb.retention.size=99EB", "too large"),
            ("--log.level=loud", "must be one of debug, info, warn, error"),
            ("--no.such.flag", "unexpected argument"),
            ("--storage.tsdb.wal-fsync=often", "commit or never"),
        ] {
            let error = Cli::try_parse_from(["watchfire", "serve", flag]).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }

    #[test]
    fn values_are_listed_with_defaults() {
        use clap::CommandFactory as _;
        let matches = Cli::command().get_matches_from(["watchfire", "demo", "--query.timeout=3m"]);
        let values = flag_values(&matches);
        assert_eq!(values["query.timeout"], "3m");
        assert_eq!(values["storage.tsdb.retention.time"], "15d");
        assert_eq!(values["demo.seed"], "1");
        assert_eq!(values["config.file"], "");
    }

    #[test]
    fn the_page_of_flags_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/flags.md");
        let want = markdown();
        if std::env::var_os("WATCHFIRE_UPDATE_DOCS").is_some() {
            std::fs::write(path, &want).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            want,
            "run with WATCHFIRE_UPDATE_DOCS=1"
        );
    }
}
