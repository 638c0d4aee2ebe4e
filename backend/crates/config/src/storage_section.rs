//! The section `storage` of `prometheus.yml`.

use crate::error::Problem;
use crate::node::Node;
use crate::read::Duration;
use crate::section::Section;

/// `storage`. What is not said is decided by flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageConfig {
    /// `tsdb.out_of_order_time_window`: how far behind the newest sample of the store a sample may lie that is
    /// older than the newest of its series; nothing by default.
    pub out_of_order_time_window: Duration,
    /// `exemplars.max_exemplars`.
    pub max_exemplars: Option<u64>,
    /// Whether `tsdb.retention` is there, which flags decide here.
    pub has_retention: bool,
}

impl StorageConfig {
    /// Reads the section.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node) -> Result<Self, Problem> {
        let mut storage = Self::default();
        let mut section = Section::of(node, "storage")?;
        if let Some(node) = section.node("tsdb") {
            let mut tsdb = Section::of(node, "tsdb")?;
            storage.out_of_order_time_window =
                tsdb.get_or("out_of_order_time_window", Duration::default())?;
            storage.has_retention = tsdb.node("retention").is_some();
            tsdb.finish()?;
        }
        if let Some(node) = section.node("exemplars") {
            let mut exemplars = Section::of(node, "exemplars")?;
            storage.max_exemplars = exemplars.get("max_exemplars")?;
            exemplars.finish()?;
        }
        section.finish()?;
        Ok(storage)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Document, MainFile};

    fn read(text: &str) -> Result<StorageConfig, String> {
        let document = Document::parse(Path::new("p.yml"), text).map_err(|error| error.to_string())?;
        MainFile::load(document, &|_| None).map(|main| main.storage).map_err(|error| error.to_string())
    }

    #[test]
    fn as_prometheus_writes_it() {
        let storage = read(
            "storage:\n  tsdb:\n    out_of_order_time_window: 30m\n  exemplars:\n    max_exemplars: 5\n",
        );
        let expected = StorageConfig {
            out_of_order_time_window: Duration::from_secs(1800),
            max_exemplars: Some(5),
            has_retention: false,
        };
        assert_eq!(storage, Ok(expected));
        assert_eq!(read("global: {}"), Ok(StorageConfig::default()));
        assert!(read("storage:\n  tsdb:\n    retention:\n      time: 5d\n").is_ok_and(|s| s.has_retention));
    }

    #[test]
    fn mistakes_have_their_place() {
        let error = read("storage:\n  tsdb:\n    out_of_order_window: 30m\n").unwrap_err();
        assert!(error.starts_with("p.yml:3:5:") && error.contains("out_of_order_window"), "{error}");
        let error = read("storage:\n  tsdb:\n    out_of_order_time_window: soon\n").unwrap_err();
        assert!(error.starts_with("p.yml:3:"), "{error}");
    }
}
