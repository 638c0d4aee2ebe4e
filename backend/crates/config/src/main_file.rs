//! `prometheus.yml` as a whole: all its sections by name, `global` read, the others as they stand for those
//! who own them. A section that nothing acts on yet is taken, checked for being known, and told.

use std::path::PathBuf;

use crate::document::Document;
use crate::error::{ConfigError, Problem};
use crate::global::GlobalConfig;
use crate::node::Node;
use crate::read::Read;
use crate::section::Section;
use crate::storage_section::StorageConfig;

/// The sections of `prometheus.yml`.
#[derive(Clone, Debug)]
pub struct MainFile {
    /// The file itself.
    pub document: Document,
    /// `global`, with defaults in place of what is not said.
    pub global: GlobalConfig,
    /// The jobs under `scrape_configs`; the crate `scrape` reads them.
    pub scrape_configs: Vec<Node>,
    /// Patterns of files with further jobs, with their folder.
    pub scrape_config_files: Vec<PathBuf>,
    /// Patterns of rule files, with their folder.
    pub rule_files: Vec<PathBuf>,
    /// `alerting`, as it stands.
    pub alerting: Option<Node>,
    /// `remote_write`, as it stands.
    pub remote_write: Vec<Node>,
    /// `remote_read`, as it stands.
    pub remote_read: Vec<Node>,
    /// `storage`.
    pub storage: StorageConfig,
    /// `otlp`, as it stands.
    pub otlp: Option<Node>,
    /// `tracing`, as it stands.
    pub tracing: Option<Node>,
    /// `runtime`, as it stands.
    pub runtime: Option<Node>,
}

impl MainFile {
    /// Reads a file. `environment` looks variables up for `external_labels`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(
        document: Document,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        match Self::read(&document, environment) {
            Ok(main) => Ok(Self { document, ..main }),
            Err(problem) => Err(document.error(problem)),
        }
    }

    fn read(document: &Document, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let mut top = Section::of(document.root(), "configuration")?;
        let empty = Node::Null(top.place());
        let global = GlobalConfig::read(top.node("global").unwrap_or(&empty), document, environment)?;
        let nodes = |node: &Node| Node::read(node, "");
        let scrape_configs = top.list("scrape_configs", nodes)?;
        let files = |patterns: Vec<String>| patterns.iter().map(|p| document.folder().join(p)).collect();
        let scrape_config_files = files(patterns(&mut top, "scrape_config_files")?);
        let rule_files = files(patterns(&mut top, "rule_files")?);
        let alerting = top.node("alerting").cloned();
        let remote_write = top.list("remote_write", nodes)?;
        let remote_read = top.list("remote_read", nodes)?;
        let storage = top.node("storage").map(StorageConfig::read).transpose()?.unwrap_or_default();
        let otlp = top.node("otlp").cloned();
        let tracing = top.node("tracing").cloned();
        let runtime = top.node("runtime").cloned();
        top.finish()?;
        Ok(Self {
            document: document.clone(),
            global,
            scrape_configs,
            scrape_config_files,
            rule_files,
            alerting,
            remote_write,
            remote_read,
            storage,
            otlp,
            tracing,
            runtime,
        })
    }

    /// The names of sections that are there but that nothing acts on yet, given the names of those that
    /// something acts on. For a warning at start: an ignored section is never ignored silently.
    #[must_use]
    pub fn ignored_sections(&self, acted_on: &[&str]) -> Vec<&'static str> {
        let present = [
            ("rule_files", !self.rule_files.is_empty()),
            ("alerting", self.alerting.is_some()),
            ("remote_write", !self.remote_write.is_empty()),
            ("remote_read", !self.remote_read.is_empty()),
            (
                "storage.tsdb.retention (the flags --storage.tsdb.retention.* decide)",
                self.storage.has_retention,
            ),
            ("otlp", self.otlp.is_some()),
            ("tracing", self.tracing.is_some()),
            ("runtime", self.runtime.is_some()),
        ];
        present
            .into_iter()
            .filter(|(name, there)| *there && !acted_on.contains(name))
            .map(|(name, _)| name)
            .collect()
    }

    /// The file as YAML with secrets hidden, for `/api/v1/status/config`.
    #[must_use]
    pub fn redacted_yaml(&self) -> String {
        crate::yaml_out::redacted_yaml(self.document.root())
    }
}

/// File patterns: wildcards are allowed in the last part of the path only.
fn patterns(top: &mut Section<'_>, key: &'static str) -> Result<Vec<String>, Problem> {
    top.list(key, |node| {
        let pattern = String::read(node, key)?;
        let folder = pattern.rsplit_once('/').map_or("", |(folder, _)| folder);
        if pattern.is_empty() || folder.contains(['*', '?', '[']) {
            let message =
                format!("{key}: {pattern:?}: wildcards are allowed in the last part of a path only");
            return Err(Problem::new(node.place(), message));
        }
        Ok(pattern)
    })
}
