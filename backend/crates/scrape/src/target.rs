//! What is scraped: from discovered labels through relabelling to an address with labels.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};

use discovery::{ADDRESS_LABEL, TargetGroup};
use foldhash::quality::FixedState;
use model::{Labels, LabelsBuilder, parse_duration};
use relabel::explain;
use url::Url;

use crate::config::ScrapeConfig;

const SCHEME_LABEL: &str = "__scheme__";
const PATH_LABEL: &str = "__metrics_path__";
const INTERVAL_LABEL: &str = "__scrape_interval__";
const TIMEOUT_LABEL: &str = "__scrape_timeout__";
const PARAM_PREFIX: &str = "__param_";
const META_PREFIX: &str = "__meta_";
const JOB_LABEL: &str = "job";
const INSTANCE_LABEL: &str = "instance";

/// A target.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Before relabelling.
    pub discovered: Labels,
    /// After relabelling, with those that begin with `__`.
    pub all_labels: Labels,
    /// What its series get.
    pub labels: Labels,
    /// Where it is scraped.
    pub url: Url,
    /// Time between scrapes, ms.
    pub interval_ms: i64,
    /// Most time of a scrape, ms.
    pub timeout_ms: i64,
    /// Identity: labels and address.
    pub hash: u64,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({} {})", self.url, self.labels)
    }
}

/// What became of discovered labels.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// A target.
    Scrape(Box<Target>),
    /// Dropped by the relabel rule with this index.
    Dropped { discovered: Labels, rule: usize },
    /// No target can be made of it.
    Invalid { discovered: Labels, reason: String },
}

/// Makes the targets of a group.
pub(crate) fn from_group(config: &ScrapeConfig, group: &TargetGroup) -> Vec<Outcome> {
    group.targets.iter().map(|own| from_labels(config, &group.labels, own)).collect()
}

fn from_labels(config: &ScrapeConfig, group: &Labels, own: &Labels) -> Outcome {
    let mut builder = LabelsBuilder::new(group);
    for (name, value) in own {
        builder.set(name, value);
    }
    let interval = config.scrape_interval.to_string();
    let timeout = config.scrape_timeout.to_string();
    let defaults: [(&str, &str); 5] = [
        (JOB_LABEL, &config.job_name),
        (INTERVAL_LABEL, &interval),
        (TIMEOUT_LABEL, &timeout),
        (PATH_LABEL, &config.metrics_path),
        (SCHEME_LABEL, &config.scheme),
    ];
    for (name, value) in defaults {
        if builder.get(name).is_empty() {
            builder.set(name, value);
        }
    }
    for (name, values) in &config.params {
        let name = format!("{PARAM_PREFIX}{name}");
        if let Some(first) = values.first()
            && builder.get(&name).is_empty()
        {
            builder.set(&name, first);
        }
    }
    let discovered = builder.build();
    let explanation = explain(&config.relabel, &discovered);
    if let Some(rule) = explanation.dropped_by {
        return Outcome::Dropped { discovered, rule };
    }
    match finish(config, &discovered, &explanation.labels) {
        Ok(target) => Outcome::Scrape(Box::new(target)),
        Err(reason) => Outcome::Invalid { discovered, reason },
    }
}

fn finish(config: &ScrapeConfig, discovered: &Labels, relabelled: &Labels) -> Result<Target, String> {
    let mut builder = LabelsBuilder::new(relabelled);
    let address = builder.get(ADDRESS_LABEL).to_owned();
    if address.is_empty() {
        return Err("no address".to_owned());
    }
    if address.contains('/') {
        return Err(format!("{address:?} is not a valid hostname"));
    }
    let time = |name: &str, what: &str| -> Result<i64, String> {
        let text = builder.get(name);
        match parse_duration(text) {
            Ok(0) => Err(format!("the scrape {what} cannot be 0")),
            Ok(ms) => Ok(ms),
            Err(error) => Err(format!("error parsing the scrape {what}: {error}")),
        }
    };
    let interval_ms = time(INTERVAL_LABEL, "interval")?;
    let timeout_ms = time(TIMEOUT_LABEL, "timeout")?;
    if timeout_ms > interval_ms {
        let (interval, timeout) = (builder.get(INTERVAL_LABEL), builder.get(TIMEOUT_LABEL));
        return Err(format!(
            "the scrape timeout ({timeout}) is greater than the scrape interval ({interval})"
        ));
    }
    let meta: Vec<String> = builder
        .iter()
        .map(|(name, _)| name)
        .filter(|n| n.starts_with(META_PREFIX))
        .map(str::to_owned)
        .collect();
    for name in &meta {
        builder.remove(name);
    }
    if builder.get(INSTANCE_LABEL).is_empty() {
        builder.set(INSTANCE_LABEL, &address);
    }
    let all_labels = builder.build();
    let url = url_of(config, &all_labels, &address)?;
    let mut hasher = FixedState::with_seed(0x7761_7463_6866_6972).build_hasher();
    hasher.write(all_labels.key().as_bytes());
    hasher.write(url.as_str().as_bytes());
    Ok(Target {
        discovered: discovered.clone(),
        labels: all_labels.filtered(|name| !name.starts_with("__")),
        all_labels,
        url,
        interval_ms,
        timeout_ms,
        hash: hasher.finish(),
    })
}

fn url_of(config: &ScrapeConfig, labels: &Labels, address: &str) -> Result<Url, String> {
    let scheme = labels.get(SCHEME_LABEL).unwrap_or("http");
    if !matches!(scheme, "http" | "https") {
        return Err(format!("{scheme:?} is no scheme to scrape by; http and https are"));
    }
    let mut url = Url::parse(&format!("{scheme}://{address}"))
        .map_err(|error| format!("{address:?} is not a valid address: {error}"))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("{address:?} has no host"));
    }
    url.set_path(labels.get(PATH_LABEL).unwrap_or("/"));
    let mut params = config.params.clone();
    for (name, value) in labels {
        let Some(name) = name.strip_prefix(PARAM_PREFIX) else { continue };
        match params.iter_mut().find(|(n, _)| n == name) {
            Some((_, values)) => match values.first_mut() {
                Some(first) => value.clone_into(first),
                None => values.push(value.to_owned()),
            },
            None => params.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    params.sort_by(|a, b| a.0.cmp(&b.0));
    if params.iter().any(|(_, values)| !values.is_empty()) {
        let mut query = url.query_pairs_mut();
        for (name, values) in &params {
            for value in values {
                query.append_pair(name, value);
            }
        }
    }
    Ok(url)
}

impl Target {
    /// How long after a multiple of the interval this target is scraped, ms: targets are spread over the
    /// interval, and always at the same place in it.
    pub(crate) fn offset_ms(&self, seed: u64) -> i64 {
        let interval = self.interval_ms.unsigned_abs().max(1);
        i64::try_from((self.hash ^ seed) % interval).unwrap_or(0)
    }
}
