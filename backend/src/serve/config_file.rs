//! The whole configuration: `prometheus.yml`, read, with the sections of those engines that are there. All or
//! nothing: a configuration with a mistake is not applied in part.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use config::{ConfigError, Document, MainFile};
use promql_syntax::ParseOptions;
use rules::GroupConfig;
use scrape::ScrapeConfigs;

use super::alerting::LoadedAlerting;
use crate::cli::ServerFlags;

/// What errors in the configuration that is made up call their file.
const BUILT_IN: &str = "the built-in configuration";

/// Sections that something acts on.
const ACTED_ON: &[&str] = &["rule_files"];

/// Where the configuration comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file, if one was named.
    pub(crate) file: Option<PathBuf>,
    /// Where the server itself can be scraped, for when none was.
    pub(crate) own_address: SocketAddr,
    /// Whether scraped counters get a zero where they began.
    pub(crate) start_zeros: bool,
    /// What the queries of rules may be written with.
    pub(crate) parse: ParseOptions,
    /// The file of the alert manager, if one was named.
    pub(crate) alertmanager: Option<PathBuf>,
}

/// A configuration without mistakes.
pub(crate) struct Loaded {
    pub(crate) main: MainFile,
    pub(crate) scrape: ScrapeConfigs,
    pub(crate) rules: Vec<GroupConfig>,
    pub(crate) alerting: Option<LoadedAlerting>,
}

impl Source {
    /// The address under which people reach the server, without a slash at its end.
    pub(crate) fn url(&self, flags: &ServerFlags) -> String {
        match &flags.external_url {
            Some(url) if !url.is_empty() => url.trim_end_matches('/').to_owned(),
            _ => format!("http://{}", self.own_address),
        }
    }

    /// Reads it.
    pub(crate) fn load(&self) -> Result<Loaded, ConfigError> {
        let mut loaded = match &self.file {
            Some(file) => load(file, &self.parse)?,
            None => parse(Path::new(BUILT_IN), &own_job(self.own_address), &self.parse)?,
        };
        if self.start_zeros {
            loaded.scrape.take_starts();
        }
        loaded.alerting = self.alertmanager.as_deref().map(LoadedAlerting::load).transpose()?;
        Ok(loaded)
    }
}

impl Loaded {
    /// What is in the files but has no effect.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let ignored = self.main.ignored_sections(ACTED_ON);
        let ignored = ignored.into_iter().map(|name| format!("section {name} has no effect yet"));
        let of_alerting = self.alerting.iter().flat_map(|alerting| alerting.config.warnings.iter().cloned());
        self.scrape.warnings.iter().cloned().chain(ignored).chain(of_alerting).collect()
    }
}

/// Reads a file.
pub(crate) fn load(path: &Path, options: &ParseOptions) -> Result<Loaded, ConfigError> {
    build(Document::read(path)?, options)
}

/// Reads a text that is called `name` in errors.
pub(crate) fn parse(name: &Path, text: &str, options: &ParseOptions) -> Result<Loaded, ConfigError> {
    build(Document::parse(name, text)?, options)
}

fn build(document: Document, options: &ParseOptions) -> Result<Loaded, ConfigError> {
    let main = MainFile::load(document, &|name| std::env::var(name).ok())?;
    let scrape = scrape::load(&main)?;
    let rules = rules::read_files(&main.rule_files, options)?;
    Ok(Loaded { main, scrape, rules, alerting: None })
}

/// The configuration of a server that was given none: it watches itself.
fn own_job(address: SocketAddr) -> String {
    let host = if address.ip().is_unspecified() { "localhost".to_owned() } else { ip_host(address) };
    format!(
        "global:\n  scrape_interval: 15s\nscrape_configs:\n  - job_name: watchfire\n    static_configs:\n      - targets: ['{host}:{}']\n",
        address.port()
    )
}

fn ip_host(address: SocketAddr) -> String {
    if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_the_server_watches_itself() {
        for address in ["127.0.0.1:9090", "[::1]:1", "[::]:9090"] {
            let source = Source {
                file: None,
                own_address: address.parse().unwrap(),
                start_zeros: false,
                parse: ParseOptions::default(),
                alertmanager: None,
            };
            let loaded = source.load().unwrap();
            assert_eq!(loaded.scrape.jobs[0].job_name, "watchfire");
            assert_eq!(loaded.warnings(), [""; 0]);
        }
    }

    #[test]
    fn what_has_no_effect_is_told() {
        let options = ParseOptions::default();
        let loaded = parse(Path::new("p.yml"), "remote_write:\n  - url: http://x/\n", &options).unwrap();
        assert_eq!(loaded.warnings(), ["section remote_write has no effect yet"]);
        let error = parse(Path::new("p.yml"), "scrape_configs:\n  - job: x\n", &options).err().unwrap();
        assert!(error.to_string().starts_with("p.yml:2:"), "{error}");
    }
}
