//! What a body holds, in numbers; for checking files and endpoints.

use std::collections::BTreeMap;
use std::fmt;

use model::MetricType;

use crate::content_type::Format;
use crate::entry::Entry;
use crate::error::ParseError;
use crate::labels::LabelScratch;
use crate::parser::Parser;

/// Counts of a well-formed body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Samples with a float value: the sample lines of a text body.
    pub samples: usize,
    /// Native histograms.
    pub native_histograms: usize,
    /// Families by the type announced for them: the `# TYPE` lines of a text body.
    pub families: BTreeMap<MetricType, usize>,
    /// Help texts.
    pub helps: usize,
    /// Units.
    pub units: usize,
    /// Exemplars.
    pub exemplars: usize,
}

impl Summary {
    /// Families of all types together.
    #[must_use]
    pub fn typed_families(&self) -> usize {
        self.families.values().sum()
    }
}

/// `12 samples, 3 families (2 counter, 1 gauge), 0 exemplars`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ", counted(self.samples, "sample", "samples"))?;
        if self.native_histograms > 0 {
            write!(f, "{}, ", counted(self.native_histograms, "native histogram", "native histograms"))?;
        }
        f.write_str(&counted(self.typed_families(), "family", "families"))?;
        if !self.families.is_empty() {
            let parts: Vec<String> =
                self.families.iter().map(|(metric_type, count)| format!("{count} {metric_type}")).collect();
            write!(f, " ({})", parts.join(", "))?;
        }
        write!(f, ", {}", counted(self.exemplars, "exemplar", "exemplars"))
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Reads a whole body as a scrape would, every label set and exemplar included.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn summary(body: &[u8], format: Format) -> Result<Summary, ParseError> {
    count(Parser::new(body, format))
}

/// As [`summary`], for OpenMetrics text, refusing whatever the specification forbids.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn summary_strict(body: &[u8]) -> Result<Summary, ParseError> {
    count(Parser::strict_openmetrics(body))
}

fn count(mut parser: Parser<'_>) -> Result<Summary, ParseError> {
    let mut summary = Summary::default();
    let mut scratch = LabelScratch::default();
    while let Some(entry) = parser.next_entry()? {
        match entry {
            Entry::Series(series) => {
                series.labels(&mut scratch)?;
                summary.samples += 1;
                summary.exemplars += usize::from(series.exemplar()?.is_some());
            }
            Entry::Histogram(histogram) => {
                histogram.labels(&mut scratch)?;
                summary.native_histograms += 1;
                summary.exemplars += histogram.exemplars.len();
            }
            Entry::Type { metric_type, .. } => *summary.families.entry(metric_type).or_default() += 1,
            Entry::Help { .. } => summary.helps += 1,
            Entry::Unit { .. } => summary.units += 1,
            Entry::Comment(_) => {}
        }
    }
    Ok(summary)
}
