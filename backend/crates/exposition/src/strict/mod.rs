//! OpenMetrics 1.0 to the letter: the rules that span several lines.
//!
//! Families must not be split, repeated or clash by the sample names they own; metadata stands before
//! samples; samples fit their family's type; groups (the samples of one metric) stay together and their
//! times do not go back. Source: the OpenMetrics 1.0 specification and its parser test suite.

mod family;
mod histogram;

use crate::entry::Entry;
use crate::error::ParseError;
use crate::labels::LabelScratch;
use crate::openmetrics::OpenMetricsParser;
use family::Families;

pub(crate) struct StrictParser<'a> {
    lines: OpenMetricsParser<'a>,
    families: Families,
    scratch: LabelScratch,
}

impl<'a> StrictParser<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self {
            lines: OpenMetricsParser::new(body, true),
            families: Families::default(),
            scratch: LabelScratch::default(),
        }
    }

    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, ParseError> {
        let entry = self.lines.next_entry()?;
        let at = self.lines.line_start;
        let checked = match &entry {
            None => self.families.finish(),
            Some(Entry::Type { family, metric_type }) => self.families.metric_type(family, *metric_type, at),
            Some(Entry::Help { family, .. }) => self.families.help(family, at),
            Some(Entry::Unit { family, unit }) => self.families.unit(family, unit, at),
            Some(Entry::Series(series)) => {
                series.labels(&mut self.scratch)?;
                let exemplar = series.exemplar()?;
                self.families.sample(series, &self.scratch, exemplar.as_ref(), at)
            }
            Some(Entry::Comment(_) | Entry::Histogram(_)) => Ok(()),
        };
        match checked {
            Ok(()) => Ok(entry),
            Err((at, why)) => Err(self.lines.error(at, why)),
        }
    }
}
