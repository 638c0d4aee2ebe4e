//! The discovery keys of a scrape job: `static_configs`, `file_sd_configs`, `http_sd_configs`, and the names of
//! those mechanisms that are not built.

use std::path::{Path, PathBuf};

use config::{Duration, Node, Problem, Read as _, Section, read_http_client};
use platform::http_client::HttpClientOptions;
use url::Url;

use crate::group::{TargetGroup, read_groups};

/// Mechanisms that are known but not built.
const NOT_BUILT: [&str; 27] = [
    "azure_sd_configs",
    "consul_sd_configs",
    "digitalocean_sd_configs",
    "dns_sd_configs",
    "docker_sd_configs",
    "dockerswarm_sd_configs",
    "ec2_sd_configs",
    "eureka_sd_configs",
    "gce_sd_configs",
    "hetzner_sd_configs",
    "ionos_sd_configs",
    "kubernetes_sd_configs",
    "kuma_sd_configs",
    "lightsail_sd_configs",
    "linode_sd_configs",
    "marathon_sd_configs",
    "nerve_sd_configs",
    "nomad_sd_configs",
    "openstack_sd_configs",
    "ovhcloud_sd_configs",
    "puppetdb_sd_configs",
    "scaleway_sd_configs",
    "serverset_sd_configs",
    "stackit_sd_configs",
    "triton_sd_configs",
    "uyuni_sd_configs",
    "vultr_sd_configs",
];

/// One mechanism of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscoveryConfig {
    /// Groups in the configuration itself.
    Static(Vec<TargetGroup>),
    /// Groups in files.
    File(FileConfig),
    /// Groups from a web server.
    Http(Box<HttpConfig>),
}

/// `file_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileConfig {
    /// Files; wildcards in the last part of the path.
    pub patterns: Vec<PathBuf>,
    /// How often the files are read even if no change is told; 5m by default.
    pub refresh_interval: Duration,
}

/// `http_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where the groups are.
    pub url: Url,
    /// How often they are fetched, and the most time it may take; 1m by default.
    pub refresh_interval: Duration,
    /// Client settings.
    pub client: HttpClientOptions,
}

/// All mechanisms of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryConfigs {
    /// In the order static, files, HTTP.
    pub mechanisms: Vec<DiscoveryConfig>,
    /// Keys of mechanisms that are asked for but not built.
    pub not_built: Vec<&'static str>,
}

impl DiscoveryConfigs {
    /// Reads the discovery keys of a section that somebody else finishes.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(section: &mut Section<'_>, folder: &Path) -> Result<Self, Problem> {
        let mut mechanisms = Vec::new();
        if let Some(node) = section.node("static_configs") {
            mechanisms.push(DiscoveryConfig::Static(read_groups(node, "static")?));
        }
        for file in section.list("file_sd_configs", |node| file(node, folder))? {
            mechanisms.push(DiscoveryConfig::File(file));
        }
        for http in section.list("http_sd_configs", |node| http(node, folder))? {
            mechanisms.push(DiscoveryConfig::Http(Box::new(http)));
        }
        let not_built = NOT_BUILT.into_iter().filter(|key| section.node(key).is_some()).collect();
        Ok(Self { mechanisms, not_built })
    }
}

fn interval(section: &mut Section<'_>, default_s: i64) -> Result<Duration, Problem> {
    let interval = section.get_or("refresh_interval", Duration::from_secs(default_s))?;
    if interval.as_ms() <= 0 {
        return Err(section.problem("refresh_interval", "must be greater than 0"));
    }
    Ok(interval)
}

fn file(node: &Node, folder: &Path) -> Result<FileConfig, Problem> {
    let mut section = Section::of(node, "file_sd_config")?;
    let patterns = section.list("files", |node| {
        let pattern = String::read(node, "files")?;
        let (parent, name) = pattern.rsplit_once('/').unwrap_or(("", &pattern));
        let known = [".json", ".yml", ".yaml"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        if !known || parent.contains(['*', '?', '[']) {
            let message = format!(
                "files: {pattern:?}: expected a path that ends in .json, .yml or .yaml, with wildcards in its last part only"
            );
            return Err(Problem::new(node.place(), message));
        }
        Ok(folder.join(pattern))
    })?;
    if patterns.is_empty() {
        return Err(section.problem("files", "at least one path is needed"));
    }
    let refresh_interval = interval(&mut section, 5 * 60)?;
    section.finish()?;
    Ok(FileConfig { patterns, refresh_interval })
}

fn http(node: &Node, folder: &Path) -> Result<HttpConfig, Problem> {
    let mut section = Section::of(node, "http_sd_config")?;
    let url: Url = section.require("url")?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(section.problem("url", "expected an address with http or https and a host"));
    }
    let refresh_interval = interval(&mut section, 60)?;
    let client = read_http_client(&mut section, folder)?;
    section.finish()?;
    Ok(HttpConfig { url, refresh_interval, client })
}
