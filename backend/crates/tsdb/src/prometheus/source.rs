//! A window of a loaded head on its way into a block.

use std::sync::Arc;

use model::{Exemplar, Labels, MetricMetadata, TimeRange};
use storage::Samples;

use super::hand_over::Merge;
use super::{HeadLoss, LoadedHead};
use crate::block::{BlockError, SeriesSource, SourceSeries, encode_samples};

impl LoadedHead {
    /// The windows in which there may be samples, oldest first; see [`LoadOptions::window_ms`].
    ///
    /// [`LoadOptions::window_ms`]: super::LoadOptions::window_ms
    pub(crate) fn windows(&self) -> Vec<TimeRange> {
        let mut numbers: Vec<i64> = self.windows.iter().copied().collect();
        numbers.sort_unstable();
        let length = self.options.window_ms;
        let window = |number: i64| {
            let start = number.saturating_mul(length);
            TimeRange::new(start, start.saturating_add(length - 1))
        };
        numbers.into_iter().map(window).collect()
    }

    /// The series in order of labels, for [`WindowSource`].
    pub(crate) fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.series.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.series[*a as usize].labels.cmp(&self.series[*b as usize].labels));
        order
    }

    /// Metadata by series, where Prometheus had logged some.
    pub(crate) fn metadata(&self) -> impl Iterator<Item = (&Labels, &MetricMetadata)> {
        let known = self.series.iter().filter_map(|series| Some((series, series.rare()?.metadata.as_ref()?)));
        known.map(|(series, metadata)| (&series.labels, metadata))
    }

    /// Exemplars in the order in which Prometheus got them.
    pub(crate) fn exemplars(&self) -> impl Iterator<Item = (&Labels, &Exemplar)> {
        let known = self.exemplars.iter().filter_map(|(at, one)| Some((self.series.get(*at as usize)?, one)));
        known.map(|(series, exemplar)| (&series.labels, exemplar))
    }
}

/// The series that have samples in a window, in order of labels.
pub(crate) struct WindowSource<'h> {
    head: &'h LoadedHead,
    order: std::slice::Iter<'h, u32>,
    window: TimeRange,
    merge: Merge,
    /// Samples that no block can hold.
    pub(crate) refused: u64,
    pub(crate) damage: Vec<HeadLoss>,
}

impl<'h> WindowSource<'h> {
    pub(crate) fn new(head: &'h LoadedHead, order: &'h [u32], window: TimeRange) -> Self {
        let (merge, damage) = (Merge::default(), Vec::new());
        Self { head, order: order.iter(), window, merge, refused: 0, damage }
    }
}

impl SeriesSource for WindowSource<'_> {
    fn next_series(&mut self) -> Result<Option<SourceSeries>, BlockError> {
        for index in self.order.by_ref() {
            let Some(series) = self.head.series.get(*index as usize) else { continue };
            self.merge.fill(self.head, series, self.window, &mut self.damage);
            if self.merge.samples.is_empty() {
                continue;
            }
            let mut chunks = Vec::new();
            if encode_samples(&self.merge.samples, &mut chunks).is_err() {
                let sound = only_sound(&self.merge.samples);
                self.refused += (self.merge.samples.len() - sound.len()) as u64;
                chunks.clear();
                encode_samples(&sound, &mut chunks)?;
            }
            // No block can end behind the end of time.
            self.refused +=
                chunks.pop_if(|last| last.max_t == i64::MAX).map_or(0, |c| u64::from(c.samples()));
            if !chunks.is_empty() {
                return Ok(Some(SourceSeries { labels: series.labels.clone(), chunks }));
            }
        }
        Ok(None)
    }
}

/// The samples without histograms that cannot be encoded.
fn only_sound(samples: &Samples) -> Samples {
    let mut sound = Samples::default();
    let mut histograms = samples.histograms.iter().peekable();
    for (position, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
        match histograms.next_if(|(at, _)| *at as usize == position) {
            None => sound.push(*t, *value),
            Some((_, histogram)) => {
                let mut alone = Samples::default();
                alone.push_histogram(*t, Arc::clone(histogram));
                if encode_samples(&alone, &mut Vec::new()).is_ok() {
                    sound.push_histogram(*t, Arc::clone(histogram));
                }
            }
        }
    }
    sound
}
