//! `scrape_configs`: the keys of a job, checked, with the defaults of `global`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use config::{
    ByteSize, ConfigError, Document, Duration, GlobalConfig, MainFile, NameValidation, Node, Problem,
    Read as _, ScrapeProtocol, Section, read_http_client,
};
use discovery::DiscoveryConfigs;
use model::Labels;
use platform::http_client::HttpClientOptions;
use relabel::{Action, Rule, RuleConfig};
use serde::Deserialize as _;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;

/// Most bytes of a body where the configuration says no limit.
const MOST_BODY_BYTES: usize = 1 << 30;

/// Bounds of a scrape; 0 means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Samples of a scrape, after relabelling.
    pub samples: u64,
    /// Labels of a sample.
    pub labels: u64,
    /// Bytes of a label name.
    pub label_name_length: u64,
    /// Bytes of a label value.
    pub label_value_length: u64,
    /// Targets of the job.
    pub targets: u64,
    /// Dropped targets that are remembered.
    pub keep_dropped_targets: u64,
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeConfig {
    /// Name; the label `job` unless relabelled.
    pub job_name: String,
    /// Time between scrapes.
    pub scrape_interval: Duration,
    /// Most time a scrape may take.
    pub scrape_timeout: Duration,
    /// `http` or `https`.
    pub scheme: String,
    /// Path.
    pub metrics_path: String,
    /// Query parameters.
    pub params: Vec<(String, Vec<String>)>,
    /// Whether labels of the target win over those of the server.
    pub honor_labels: bool,
    /// Whether times said by the target count.
    pub honor_timestamps: bool,
    /// Whether series with times of their own are marked stale as well.
    pub track_timestamps_staleness: bool,
    /// Whether to ask for packed bodies.
    pub enable_compression: bool,
    /// What is asked for, best first.
    pub scrape_protocols: Vec<ScrapeProtocol>,
    /// What a body is taken for whose type is not said.
    pub fallback_scrape_protocol: Option<ScrapeProtocol>,
    /// Whether native histograms are taken.
    pub scrape_native_histograms: bool,
    /// Whether classic histograms are kept besides native ones.
    pub always_scrape_classic_histograms: bool,
    /// Whether a counter gets a zero where it began, if the target tells.
    pub start_zeros: bool,
    /// Which names are taken.
    pub name_validation: NameValidation,
    /// Most bytes of a body, unpacked.
    pub body_size_limit: usize,
    /// Other bounds.
    pub limits: Limits,
    /// Rules for targets.
    pub relabel: Vec<Rule>,
    /// Rules for samples.
    pub metric_relabel: Vec<Rule>,
    /// Where targets come from.
    pub discovery: DiscoveryConfigs,
    /// Client settings.
    pub client: HttpClientOptions,
    /// Labels of this server towards others; they shift the offset of the scrapes.
    pub external_labels: Labels,
}

/// All jobs of a configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScrapeConfigs {
    /// Jobs, with names that are unique.
    pub jobs: Vec<Arc<ScrapeConfig>>,
    /// What is in the files but has no effect; to be told at start.
    pub warnings: Vec<String>,
}

impl ScrapeConfigs {
    /// Has counters get a zero where they began, if the target tells. Only protobuf does, so that is asked for
    /// first where the configuration says nothing about it.
    pub fn take_starts(&mut self) {
        for job in &mut self.jobs {
            let job = Arc::make_mut(job);
            job.start_zeros = true;
            if job.scrape_protocols == ScrapeProtocol::DEFAULT {
                job.scrape_protocols = protobuf_first();
            }
        }
    }
}

/// Reads the jobs of a configuration, including those in `scrape_config_files`.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn load(main: &MainFile) -> Result<ScrapeConfigs, ConfigError> {
    let mut all = ScrapeConfigs::default();
    let mut names = BTreeSet::new();
    for node in &main.scrape_configs {
        add(&mut all, &mut names, node, &main.document, &main.global).map_err(|p| main.document.error(p))?;
    }
    for pattern in &main.scrape_config_files {
        let files = platform::files::matching(pattern).map_err(|message| ConfigError {
            file: main.document.path().to_owned(),
            place: None,
            message: format!("scrape_config_files: {message}"),
        })?;
        for file in files {
            let document = Document::read(&file)?;
            add_file(&mut all, &mut names, &document, &main.global).map_err(|p| document.error(p))?;
        }
    }
    Ok(all)
}

fn add_file(
    all: &mut ScrapeConfigs,
    names: &mut BTreeSet<String>,
    document: &Document,
    global: &GlobalConfig,
) -> Result<(), Problem> {
    let mut section = Section::of(document.root(), "configuration")?;
    for node in section.list("scrape_configs", Ok)? {
        add(all, names, node, document, global)?;
    }
    section.finish()
}

fn add(
    all: &mut ScrapeConfigs,
    names: &mut BTreeSet<String>,
    node: &Node,
    document: &Document,
    global: &GlobalConfig,
) -> Result<(), Problem> {
    let job = ScrapeConfig::read(node, document.folder(), global)?;
    if !names.insert(job.job_name.clone()) {
        let place = Section::of(node, "scrape_config")?.place_of("job_name");
        return Err(Problem::new(
            place,
            format!("job_name: there is already a job named {:?}", job.job_name),
        ));
    }
    for key in &job.discovery.not_built {
        all.warnings.push(format!("job {:?}: {key} is not supported yet and finds no targets", job.job_name));
    }
    all.jobs.push(Arc::new(job));
    Ok(())
}

impl ScrapeConfig {
    /// Reads a job. Relative paths are taken from `folder`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node, folder: &Path, global: &GlobalConfig) -> Result<Self, Problem> {
        if node.is_null() {
            return Err(Problem::new(node.place(), "a scrape config is empty"));
        }
        let mut section = Section::of(node, "scrape_config")?;
        let job_name: String = section.require("job_name")?;
        if job_name.is_empty() {
            return Err(section.problem("job_name", "must not be empty"));
        }
        let (scrape_interval, scrape_timeout) = times(&mut section, global)?;
        let scheme = section.get_or("scheme", "http".to_owned())?;
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(section.problem("scheme", format!("expected http or https, found {scheme:?}")));
        }
        let limit = |section: &mut Section<'_>, key, default: u64| -> Result<u64, Problem> {
            Ok(section.get::<u64>(key)?.filter(|n| *n > 0).unwrap_or(default))
        };
        let limits = Limits {
            samples: limit(&mut section, "sample_limit", global.sample_limit)?,
            labels: limit(&mut section, "label_limit", global.label_limit)?,
            label_name_length: limit(
                &mut section,
                "label_name_length_limit",
                global.label_name_length_limit,
            )?,
            label_value_length: limit(
                &mut section,
                "label_value_length_limit",
                global.label_value_length_limit,
            )?,
            targets: limit(&mut section, "target_limit", global.target_limit)?,
            keep_dropped_targets: limit(&mut section, "keep_dropped_targets", global.keep_dropped_targets)?,
        };
        let body_size = section.get::<ByteSize>("body_size_limit")?.filter(|size| size.0 > 0);
        let body_size = body_size.unwrap_or(global.body_size_limit).0;
        let scrape_native_histograms =
            section.get_or("scrape_native_histograms", global.scrape_native_histograms)?;
        let classic: Option<bool> = section.get("scrape_classic_histograms")?;
        let always_classic: Option<bool> = section.get("always_scrape_classic_histograms")?;
        let convert = section
            .get_or("convert_classic_histograms_to_nhcb", global.convert_classic_histograms_to_nhcb)?;
        if convert {
            return Err(section.problem("convert_classic_histograms_to_nhcb", "is not supported yet"));
        }
        // Bounds of native histograms: none are cut down here, so that only "no bound" is true.
        section.get::<u64>("native_histogram_bucket_limit")?;
        section.get::<f64>("native_histogram_min_bucket_factor")?;
        section.get::<String>("metric_name_escaping_scheme")?;
        section.get::<String>("scrape_failure_log_file")?;
        section.get::<bool>("extra_scrape_metrics")?;
        let config = Self {
            scrape_interval,
            scrape_timeout,
            scheme,
            metrics_path: section.get_or("metrics_path", "/metrics".to_owned())?,
            params: params(&mut section)?,
            honor_labels: section.get_or("honor_labels", false)?,
            honor_timestamps: section.get_or("honor_timestamps", true)?,
            track_timestamps_staleness: section.get_or("track_timestamps_staleness", false)?,
            enable_compression: section.get_or("enable_compression", true)?,
            scrape_protocols: protocols(&mut section, global, scrape_native_histograms)?,
            fallback_scrape_protocol: section.get("fallback_scrape_protocol")?,
            scrape_native_histograms,
            always_scrape_classic_histograms: always_classic
                .or(classic)
                .unwrap_or(global.always_scrape_classic_histograms),
            start_zeros: false,
            name_validation: section
                .get_or("metric_name_validation_scheme", global.metric_name_validation_scheme)?,
            body_size_limit: match usize::try_from(body_size) {
                Ok(0) | Err(_) => MOST_BODY_BYTES,
                Ok(size) => size,
            },
            limits,
            relabel: section.list("relabel_configs", rule)?,
            metric_relabel: section.list("metric_relabel_configs", rule)?,
            discovery: DiscoveryConfigs::read(&mut section, folder)?,
            client: read_http_client(&mut section, folder)?,
            external_labels: global.external_labels.clone(),
            job_name,
        };
        section.finish()?;
        Ok(config)
    }

    /// Whether series that were resolved under `self` are the same under `other`.
    #[must_use]
    pub(crate) fn samples_alike(&self, other: &Self) -> bool {
        self.honor_labels == other.honor_labels
            && self.honor_timestamps == other.honor_timestamps
            && self.track_timestamps_staleness == other.track_timestamps_staleness
            && self.metric_relabel == other.metric_relabel
            && self.limits == other.limits
            && self.name_validation == other.name_validation
            && self.scrape_native_histograms == other.scrape_native_histograms
            && self.always_scrape_classic_histograms == other.always_scrape_classic_histograms
    }
}

fn times(section: &mut Section<'_>, global: &GlobalConfig) -> Result<(Duration, Duration), Problem> {
    let positive = |d: &Duration| d.as_ms() > 0;
    let interval = section.get("scrape_interval")?.filter(positive).unwrap_or(global.scrape_interval);
    match section.get::<Duration>("scrape_timeout")?.filter(positive) {
        Some(timeout) if timeout > interval => {
            let why = format!("{timeout} is greater than the scrape_interval of {interval}");
            Err(section.problem("scrape_timeout", why))
        }
        Some(timeout) => Ok((interval, timeout)),
        None => Ok((interval, global.scrape_timeout.min(interval))),
    }
}

fn protobuf_first() -> Vec<ScrapeProtocol> {
    [ScrapeProtocol::PrometheusProto].into_iter().chain(ScrapeProtocol::DEFAULT).collect()
}

fn protocols(
    section: &mut Section<'_>,
    global: &GlobalConfig,
    native_histograms: bool,
) -> Result<Vec<ScrapeProtocol>, Problem> {
    match section.get::<Vec<ScrapeProtocol>>("scrape_protocols")? {
        Some(protocols) if protocols.is_empty() => {
            Err(section.problem("scrape_protocols", "at least one protocol is needed"))
        }
        Some(protocols) => match (1..protocols.len()).find(|at| protocols[..*at].contains(&protocols[*at])) {
            Some(at) => {
                Err(section.problem("scrape_protocols", format!("{:?} is there twice", protocols[at])))
            }
            None => Ok(protocols),
        },
        // Native histograms travel by protobuf only.
        None if native_histograms && global.scrape_protocols == ScrapeProtocol::DEFAULT => {
            Ok(protobuf_first())
        }
        None => Ok(global.scrape_protocols.clone()),
    }
}

fn params(section: &mut Section<'_>) -> Result<Vec<(String, Vec<String>)>, Problem> {
    let Some(node) = section.node("params") else { return Ok(Vec::new()) };
    let mut free = Section::of(node, "params")?;
    let mut params = Vec::new();
    for entry in free.free_entries() {
        params.push((entry.key.clone(), Vec::<String>::read(&entry.value, &entry.key)?));
    }
    params.sort();
    Ok(params)
}

fn rule(node: &Node) -> Result<Rule, Problem> {
    if node.is_null() {
        return Err(Problem::new(node.place(), "a relabel config is empty"));
    }
    let mut section = Section::of(node, "relabel_config")?;
    let action: Option<String> = section.get("action")?;
    let action = match action {
        None => None,
        Some(word) => Some(
            Action::deserialize(IntoDeserializer::<WordError>::into_deserializer(word.as_str()))
                .map_err(|error| section.problem("action", error))?,
        ),
    };
    let config = RuleConfig {
        source_labels: section.get("source_labels")?,
        separator: text_even_if_empty(&mut section, "separator")?,
        regex: text_even_if_empty(&mut section, "regex")?,
        modulus: section.get("modulus")?,
        target_label: section.get("target_label")?,
        replacement: text_even_if_empty(&mut section, "replacement")?,
        action,
    };
    let place = if config.regex.is_some() { section.place_of("regex") } else { section.place() };
    section.finish()?;
    Rule::new(config).map_err(|error| {
        let place = if matches!(error, relabel::RuleError::Regex(_)) { place } else { node.place() };
        Problem::new(place, format!("relabel_config: {error}"))
    })
}

fn text_even_if_empty(section: &mut Section<'_>, key: &'static str) -> Result<Option<String>, Problem> {
    section.get(key)
}
