//! A sink that is a store's appender.

use model::{Exemplar, Labels, MetricMetadata, TimeRange};
use storage::{AppendError, Appender, Samples, SeriesRef};

use super::Sink;

/// Samples in a batch.
const BATCH: usize = 10_000;

/// Hands a head to a store by its [`Appender`], in batches.
///
/// Samples that the store does not take because it has newer ones are counted as refused: so it is when the
/// same head is handed over again.
pub struct AppenderSink<'a> {
    appender: &'a mut dyn Appender,
    pending: usize,
}

impl<'a> AppenderSink<'a> {
    /// A sink that writes by `appender`.
    pub fn new(appender: &'a mut dyn Appender) -> Self {
        Self { appender, pending: 0 }
    }

    fn commit(&mut self) -> Result<(), AppendError> {
        self.pending = 0;
        self.appender.commit()
    }

    /// The series, or `None` when it cannot be one.
    fn resolve(&mut self, labels: &Labels) -> Result<Option<SeriesRef>, AppendError> {
        taken(self.appender.resolve(labels))
    }
}

/// `None` for what the store does not take, an error when it takes nothing any more.
fn taken<T>(outcome: Result<T, AppendError>) -> Result<Option<T>, AppendError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error @ AppendError::Refused(_)) => Err(error),
        Err(_) => Ok(None),
    }
}

impl Sink for AppenderSink<'_> {
    fn series(
        &mut self,
        labels: &Labels,
        metadata: Option<&MetricMetadata>,
        samples: &Samples,
    ) -> Result<u64, AppendError> {
        let Some(series) = self.resolve(labels)? else { return Ok(samples.len() as u64) };
        if let Some(metadata) = metadata {
            taken(self.appender.set_metadata(series, metadata))?;
        }
        let mut refused = 0;
        let mut histograms = samples.histograms.iter().peekable();
        for (index, (t, value)) in samples.timestamps.iter().zip(&samples.floats).enumerate() {
            let outcome = match histograms.next_if(|(at, _)| *at as usize == index) {
                Some((_, histogram)) => self.appender.append_histogram(series, *t, histogram),
                None => self.appender.append(series, *t, *value),
            };
            refused += u64::from(taken(outcome)?.is_none());
        }
        self.pending += samples.len();
        if self.pending >= BATCH {
            self.commit()?;
        }
        Ok(refused)
    }

    fn window_done(&mut self, _window: TimeRange) -> Result<(), AppendError> {
        self.commit()
    }

    fn exemplar(&mut self, labels: &Labels, exemplar: &Exemplar) -> Result<bool, AppendError> {
        let Some(series) = self.resolve(labels)? else { return Ok(false) };
        let outcome = taken(self.appender.append_exemplar(series, exemplar))?;
        self.pending += 1;
        if self.pending >= BATCH {
            self.commit()?;
        }
        Ok(outcome.is_some())
    }

    fn finish(&mut self) -> Result<(), AppendError> {
        self.commit()
    }
}
