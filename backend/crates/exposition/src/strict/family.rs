//! The family being read, and the names of those before it.

use std::collections::HashSet;

use model::{BUCKET_LABEL, METRIC_NAME, MetricType, QUANTILE_LABEL, TimestampMs};

use super::histogram::HistogramCheck;
use crate::entry::{ExemplarEntry, Series};
use crate::labels::LabelScratch;
use crate::number::parse_float;

/// Where, and what is wrong.
pub(super) type Complaint = (usize, String);

/// The most characters that the names and values of an exemplar's labels may have together.
const EXEMPLAR_CHARACTERS: usize = 128;

#[derive(Default)]
pub(super) struct Families {
    /// Names of finished families and of all samples they may have.
    taken: HashSet<String>,
    current: Option<Family>,
}

struct Family {
    name: String,
    starts_at: usize,
    metric_type: Option<MetricType>,
    has_help: bool,
    unit: Option<String>,
    has_samples: bool,
    groups: HashSet<String>,
    group: Option<Group>,
    histogram: Option<HistogramCheck>,
}

/// The samples of one metric at the moment.
struct Group {
    key: String,
    timestamp_ms: Option<TimestampMs>,
    /// Series of the group at this time.
    series: HashSet<String>,
}

impl Families {
    pub(super) fn metric_type(
        &mut self,
        name: &str,
        metric_type: MetricType,
        at: usize,
    ) -> Result<(), Complaint> {
        let family = self.metadata(name, at)?;
        if family.metric_type.replace(metric_type).is_some() {
            return Err((at, format!("\"# TYPE {name}\" is repeated")));
        }
        family.check_unit(at)
    }

    pub(super) fn help(&mut self, name: &str, at: usize) -> Result<(), Complaint> {
        let family = self.metadata(name, at)?;
        if family.has_help {
            return Err((at, format!("\"# HELP {name}\" is repeated")));
        }
        family.has_help = true;
        Ok(())
    }

    pub(super) fn unit(&mut self, name: &str, unit: &str, at: usize) -> Result<(), Complaint> {
        let family = self.metadata(name, at)?;
        if family.unit.replace(unit.to_owned()).is_some() {
            return Err((at, format!("\"# UNIT {name}\" is repeated")));
        }
        family.check_unit(at)
    }

    fn metadata(&mut self, name: &str, at: usize) -> Result<&mut Family, Complaint> {
        let family = self.open(name, at, |family| family.name == name)?;
        if family.has_samples {
            return Err((at, format!("metadata of {name} must stand before its samples")));
        }
        Ok(family)
    }

    /// The current family if `belongs`, else a new one after finishing the current.
    fn open(
        &mut self,
        name: &str,
        at: usize,
        belongs: impl Fn(&Family) -> bool,
    ) -> Result<&mut Family, Complaint> {
        if !self.current.as_ref().is_some_and(belongs) {
            self.finish()?;
            self.current = None;
        }
        Ok(self.current.get_or_insert_with(|| Family {
            name: name.to_owned(),
            starts_at: at,
            metric_type: None,
            has_help: false,
            unit: None,
            has_samples: false,
            groups: HashSet::new(),
            group: None,
            histogram: None,
        }))
    }

    /// Closes the current family.
    pub(super) fn finish(&mut self) -> Result<(), Complaint> {
        let Some(family) = self.current.take() else { return Ok(()) };
        if let Some(histogram) = &family.histogram {
            histogram.finish()?;
        }
        let names = || family.suffixes().iter().copied().chain([""]).map(|s| format!("{}{s}", family.name));
        if let Some(clash) = names().find(|name| self.taken.contains(name)) {
            let why = format!("family {} clashes with an earlier family about the name {clash}", family.name);
            return Err((family.starts_at, why));
        }
        self.taken.extend(names());
        Ok(())
    }

    pub(super) fn sample(
        &mut self,
        series: &Series<'_>,
        labels: &LabelScratch,
        exemplar: Option<&ExemplarEntry>,
        at: usize,
    ) -> Result<(), Complaint> {
        let name = labels.metric_name();
        let family = self.open(name, at, |family| family.suffix_of(name).is_some())?;
        family.has_samples = true;
        let suffix = family.suffix_of(name).unwrap_or("").to_owned();
        let metric_type = family.metric_type.unwrap_or_default();
        let fail = |why: String| (at, why);

        check_value(&family.name, metric_type, &suffix, series.value).map_err(fail)?;
        let own_label = own_label(&family.name, metric_type, &suffix);
        if let Some(own) = own_label {
            check_own_label(metric_type, own, labels).map_err(fail)?;
        }
        if let Some(exemplar) = exemplar {
            check_exemplar(metric_type, &suffix, exemplar).map_err(fail)?;
        }
        let key = if metric_type == MetricType::Info {
            String::new()
        } else {
            key(labels, |label| label != METRIC_NAME && Some(label) != own_label)
        };
        let same_group =
            family.enter_group(&key, key_of_all(labels), series.timestamp_ms, metric_type).map_err(fail)?;
        if matches!(metric_type, MetricType::Histogram | MetricType::GaugeHistogram) {
            if !same_group && let Some(before) = family.histogram.take() {
                before.finish()?;
            }
            let check = family.histogram.get_or_insert_with(|| HistogramCheck::new(&family.name, at));
            check.sample(&suffix, labels.get(BUCKET_LABEL), series.value).map_err(fail)?;
        }
        Ok(())
    }
}

impl Family {
    fn suffixes(&self) -> &'static [&'static str] {
        match self.metric_type.unwrap_or_default() {
            MetricType::Counter => &["_total", "_created"],
            MetricType::Histogram => &["_bucket", "_sum", "_count", "_created"],
            MetricType::GaugeHistogram => &["_bucket", "_gsum", "_gcount"],
            MetricType::Summary => &["", "_sum", "_count", "_created"],
            MetricType::Info => &["_info"],
            MetricType::Gauge | MetricType::StateSet | MetricType::Unknown => &[""],
        }
    }

    /// What `sample` has behind the family's name, if the family may have such samples.
    fn suffix_of<'s>(&self, sample: &'s str) -> Option<&'s str> {
        let suffix = sample.strip_prefix(self.name.as_str())?;
        self.suffixes().contains(&suffix).then_some(suffix)
    }

    fn check_unit(&self, at: usize) -> Result<(), Complaint> {
        let has_unit = self.unit.as_ref().is_some_and(|unit| !unit.is_empty());
        match self.metric_type {
            Some(t @ (MetricType::Info | MetricType::StateSet)) if has_unit => {
                Err((at, format!("{} is of type {t} and cannot have a unit", self.name)))
            }
            _ => Ok(()),
        }
    }

    /// Notes a sample; says whether it is of the same group at the same time as the one before.
    fn enter_group(
        &mut self,
        key: &str,
        series: String,
        timestamp_ms: Option<TimestampMs>,
        metric_type: MetricType,
    ) -> Result<bool, String> {
        if let Some(group) = self.group.as_mut().filter(|group| group.key == key) {
            if group.timestamp_ms.is_some() != timestamp_ms.is_some() {
                return Err("samples with and without timestamp are mixed in one metric".to_owned());
            }
            if timestamp_ms < group.timestamp_ms && metric_type != MetricType::Info {
                return Err("the timestamps of one metric go back".to_owned());
            }
            let same_time = timestamp_ms == group.timestamp_ms;
            if !same_time {
                group.series.clear();
                group.timestamp_ms = timestamp_ms;
            }
            if !group.series.insert(series) && timestamp_ms.is_none() {
                return Err("the series is there twice".to_owned());
            }
            return Ok(same_time);
        }
        if !self.groups.insert(key.to_owned()) {
            return Err("the samples of one metric must stand together".to_owned());
        }
        let series = HashSet::from([series]);
        self.group = Some(Group { key: key.to_owned(), timestamp_ms, series });
        Ok(false)
    }
}

/// The label that tells the samples of one metric apart.
fn own_label<'f>(family: &'f str, metric_type: MetricType, suffix: &str) -> Option<&'f str> {
    match (metric_type, suffix) {
        (MetricType::Histogram | MetricType::GaugeHistogram, "_bucket") => Some(BUCKET_LABEL),
        (MetricType::Summary, "") => Some(QUANTILE_LABEL),
        (MetricType::StateSet, _) => Some(family),
        _ => None,
    }
}

fn key(labels: &LabelScratch, keep: impl Fn(&str) -> bool) -> String {
    let mut key = String::new();
    // An empty value is no label. Lengths keep neighbours apart.
    for (name, value) in labels.iter().filter(|(name, value)| !value.is_empty() && keep(name)) {
        key.push_str(&format!("{}:{name}{}:{value}", name.len(), value.len()));
    }
    key
}

fn key_of_all(labels: &LabelScratch) -> String {
    key(labels, |_| true)
}

fn check_value(family: &str, metric_type: MetricType, suffix: &str, value: f64) -> Result<(), String> {
    let counts = matches!(suffix, "_total" | "_sum" | "_count" | "_bucket" | "_gcount" | "_gsum");
    if counts && value.is_nan() {
        return Err(format!("{family}{suffix} cannot be NaN"));
    }
    if counts && suffix != "_gsum" && value < 0.0 {
        return Err(format!("{family}{suffix} cannot be negative"));
    }
    match metric_type {
        MetricType::StateSet if value != 0.0 && value != 1.0 => {
            Err(format!("{family} is a stateset: its values are 0 or 1"))
        }
        MetricType::Info if value != 1.0 => Err(format!("{family} is an info: its value is 1")),
        MetricType::Summary if suffix.is_empty() && value < 0.0 => {
            Err(format!("a quantile of {family} cannot be negative"))
        }
        _ => Ok(()),
    }
}

fn check_own_label(metric_type: MetricType, own: &str, labels: &LabelScratch) -> Result<(), String> {
    let text = labels.get(own);
    let present = labels.iter().any(|(name, _)| name == own);
    let number = parse_float(text.as_bytes());
    let good = match metric_type {
        MetricType::Summary => number.is_some_and(|q| (0.0..=1.0).contains(&q)),
        MetricType::StateSet => present,
        _ => number.is_some_and(|bound| !bound.is_nan()),
    };
    if good { Ok(()) } else { Err(format!("the label {own:?} is missing or not right: {text:?}")) }
}

fn check_exemplar(metric_type: MetricType, suffix: &str, exemplar: &ExemplarEntry) -> Result<(), String> {
    let allowed = matches!(
        (metric_type, suffix),
        (MetricType::Histogram | MetricType::GaugeHistogram, "_bucket") | (MetricType::Counter, "_total")
    );
    if !allowed {
        return Err("only buckets and counter totals can have exemplars".to_owned());
    }
    let characters: usize =
        exemplar.labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if characters > EXEMPLAR_CHARACTERS {
        let why =
            format!("an exemplar's labels have {characters} characters, {EXEMPLAR_CHARACTERS} are allowed");
        return Err(why);
    }
    Ok(())
}
