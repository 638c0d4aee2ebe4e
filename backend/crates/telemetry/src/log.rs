//! Logging: level and format as Prometheus has them, written to stderr.

use std::str::FromStr;

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::logfmt::Logfmt;

/// Least serious level that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// For those who look for a fault.
    Debug,
    /// Rare and useful.
    #[default]
    Info,
    /// Something is degraded, but goes on.
    Warn,
    /// Somebody must act.
    Error,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// `key=value` pairs.
    #[default]
    Logfmt,
    /// One JSON object per line.
    Json,
}

/// Logging could not be set up.
#[derive(Clone, Debug, Error)]
#[error("failed to set up logging: {0}")]
pub struct LogError(String);

impl FromStr for LogLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" => Ok(Self::Warn),
            "error" => Ok(Self::Error),
            _ => Err("must be one of debug, info, warn, error".to_owned()),
        }
    }
}

impl FromStr for LogFormat {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "logfmt" => Ok(Self::Logfmt),
            "json" => Ok(Self::Json),
            _ => Err("must be one of logfmt, json".to_owned()),
        }
    }
}

/// Writes log lines to stderr from now on. Call it once.
///
/// # Errors
/// When logging is set up already.
pub fn init_logging(level: LogLevel, format: LogFormat) -> Result<(), LogError> {
    let level = match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    // Libraries talk to their own developers below this level.
    let libraries = level.min(LevelFilter::WARN);
    let filter = Targets::new()
        .with_default(level)
        .with_target("sqlx", libraries)
        .with_target("hyper", libraries)
        .with_target("hyper_util", libraries)
        .with_target("reqwest", libraries)
        .with_target("rustls", libraries);
    let lines = match format {
        LogFormat::Logfmt => fmt::layer().with_writer(std::io::stderr).event_format(Logfmt).boxed(),
        LogFormat::Json => fmt::layer()
            .with_writer(std::io::stderr)
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|error| LogError(error.to_string()))
}
