//! Labels of samples: those of the exposition joined with those of the target, relabelled, checked.

use config::NameValidation;
use exposition::LabelScratch;
use model::{Labels, LabelsBuilder, METRIC_NAME, is_valid_label_name, is_valid_legacy_metric_name};

use crate::config::ScrapeConfig;

const EXPORTED: &str = "exported_";

/// The labels under which a sample is stored; `None` if the rules drop it.
///
/// # Errors
/// When the result is no series that may be stored; that fails the scrape.
pub(crate) fn of_sample(
    exposed: &LabelScratch,
    target: &Labels,
    config: &ScrapeConfig,
) -> Result<Option<Labels>, String> {
    let labels = if config.metric_relabel.is_empty() {
        join(exposed, target, config.honor_labels).build()
    } else {
        let mut builder = join(exposed, target, config.honor_labels);
        if !relabel::process(&config.metric_relabel, &mut builder) {
            return Ok(None);
        }
        builder.build()
    };
    if labels.is_empty() {
        return Ok(None);
    }
    check(&labels, config)?;
    Ok(Some(labels))
}

fn join(exposed: &LabelScratch, target: &Labels, honor: bool) -> LabelsBuilder {
    let pairs = exposed.iter().filter(|(_, value)| !value.is_empty());
    let mut builder = LabelsBuilder::new(&Labels::from_sorted(&pairs.collect::<Vec<_>>()));
    if honor {
        for (name, value) in target {
            // An empty label of the exposition says that the target's label shall not be there.
            if !exposed.iter().any(|(n, _)| n == name) {
                builder.set(name, value);
            }
        }
    } else {
        target_wins(&mut builder, target);
    }
    builder
}

fn target_wins(builder: &mut LabelsBuilder, target: &Labels) {
    let mut conflicts: Vec<(String, String)> = Vec::new();
    for (name, value) in target {
        let exposed = builder.get(name);
        if !exposed.is_empty() {
            conflicts.push((name.to_owned(), exposed.to_owned()));
        }
        builder.set(name, value);
    }
    conflicts.sort_by_key(|(name, _)| name.len());
    for (mut name, value) in conflicts {
        loop {
            name.insert_str(0, EXPORTED);
            if builder.get(&name).is_empty() {
                builder.set(&name, &value);
                break;
            }
        }
    }
}

fn check(labels: &Labels, config: &ScrapeConfig) -> Result<(), String> {
    let name = labels.metric_name();
    if name.is_empty() {
        return Err(format!("the metric name is missing in {labels}"));
    }
    if config.name_validation == NameValidation::Legacy {
        if !is_valid_legacy_metric_name(name) {
            return Err(format!("invalid metric name {name:?}"));
        }
        if let Some((bad, _)) = labels.iter().find(|(name, _)| !is_valid_label_name(name)) {
            return Err(format!("invalid label name {bad:?} in {labels}"));
        }
    }
    let limits = &config.limits;
    let over = |size: usize, limit: u64| limit > 0 && size as u64 > limit;
    let count = if limits.labels > 0 { labels.len() } else { 0 };
    if over(count, limits.labels) {
        return Err(format!(
            "label_limit exceeded (metric: {name:.50}, number of labels: {count}, limit: {})",
            limits.labels
        ));
    }
    if limits.label_name_length == 0 && limits.label_value_length == 0 {
        return Ok(());
    }
    for (label, value) in labels {
        if over(label.len(), limits.label_name_length) {
            return Err(format!(
                "label_name_length_limit exceeded (metric: {name:.50}, label name: {label:.50}, length: {}, limit: {})",
                label.len(),
                limits.label_name_length
            ));
        }
        if over(value.len(), limits.label_value_length) {
            return Err(format!(
                "label_value_length_limit exceeded (metric: {name:.50}, label name: {label:.50}, value: {value:.50}, length: {}, limit: {})",
                value.len(),
                limits.label_value_length
            ));
        }
    }
    Ok(())
}

/// The labels of a series about the scrape itself.
pub(crate) fn of_report(metric: &str, target: &Labels) -> Labels {
    let mut builder = LabelsBuilder::default();
    builder.set(METRIC_NAME, metric);
    target_wins(&mut builder, target);
    builder.build()
}
