//! What of a request was not taken, and why: counted by reason, told by the first few examples.

use std::fmt::Write as _;

use storage::AppendError;

/// How many examples are told.
const EXAMPLES_MAX: usize = 10;

/// Why a sample, histogram or exemplar was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Older than the newest sample of its series.
    OutOfOrder,
    /// Older than the store reaches back, or too far in the future.
    OutOfBounds,
    /// Older than samples may come late.
    TooOld,
    /// There are too many series already.
    SeriesLimit,
    /// The series has another value at this time.
    Duplicate,
    /// The labels cannot be a series.
    InvalidLabels,
    /// A histogram contradicts itself.
    InvalidHistogram,
    /// The exemplar is older than the newest one of its series.
    OutOfOrderExemplar,
    /// The labels of the exemplar are invalid or too long.
    InvalidExemplar,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OutOfOrder,
        Self::OutOfBounds,
        Self::TooOld,
        Self::SeriesLimit,
        Self::Duplicate,
        Self::InvalidLabels,
        Self::InvalidHistogram,
        Self::OutOfOrderExemplar,
        Self::InvalidExemplar,
    ];

    /// The reason as the value of a metric's label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfOrder => "out_of_order",
            Self::OutOfBounds => "out_of_bounds",
            Self::TooOld => "too_old",
            Self::SeriesLimit => "series_limit",
            Self::Duplicate => "duplicate",
            Self::InvalidLabels => "invalid_labels",
            Self::InvalidHistogram => "invalid_histogram",
            Self::OutOfOrderExemplar => "out_of_order_exemplar",
            Self::InvalidExemplar => "invalid_exemplar",
        }
    }

    /// The reason behind an error of the store; `None` when it is not about the one sample.
    pub(crate) fn of(error: &AppendError) -> Option<Self> {
        match error {
            AppendError::OutOfOrder => Some(Self::OutOfOrder),
            AppendError::OutOfBounds => Some(Self::OutOfBounds),
            AppendError::TooOld => Some(Self::TooOld),
            AppendError::TooManySeries(_) => Some(Self::SeriesLimit),
            AppendError::DuplicateTimestamp => Some(Self::Duplicate),
            AppendError::InvalidLabels(_) => Some(Self::InvalidLabels),
            AppendError::InvalidHistogram(_) => Some(Self::InvalidHistogram),
            AppendError::OutOfOrderExemplar => Some(Self::OutOfOrderExemplar),
            AppendError::UnknownSeries | AppendError::Refused(_) => None,
        }
    }
}

/// What of a request was not taken.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    counts: [u64; Reason::ALL.len()],
    examples: Vec<String>,
}

impl Refused {
    /// Samples, histograms and exemplars that were not taken.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Counts by reason, only those that occurred.
    pub fn counts(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.counts).filter(|(_, count)| *count > 0)
    }

    /// Counts `count` refusals; `example` is asked only while there are few.
    #[cold]
    pub(crate) fn add(&mut self, reason: Reason, count: u64, example: impl FnOnce() -> String) {
        self.counts[reason as usize] += count;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example());
        }
    }

    /// For the sender: how many of how many were not taken and why, with examples.
    #[must_use]
    pub fn message(&self, written: u64) -> String {
        let refused = self.total();
        let mut text = format!("{refused} of {} samples were refused (", written + refused);
        for (at, (reason, count)) in self.counts().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            let _ = write!(text, "{comma}{}: {count}", reason.as_str());
        }
        text.push(')');
        for example in &self.examples {
            text.push('\n');
            text.push_str(example);
        }
        if refused > self.examples.len() as u64 {
            text.push_str("\n…");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_stand_in_the_order_of_their_numbers() {
        for (at, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at);
        }
    }

    #[test]
    fn the_sender_is_told_counts_and_examples() {
        let mut refused = Refused::default();
        for n in 0..12 {
            refused.add(Reason::OutOfOrder, 1, || format!("example {n}"));
        }
        refused.add(Reason::InvalidLabels, 3, || "never asked".to_owned());
        let text = refused.message(5);
        assert!(
            text.starts_with(
                "15 of 20 samples were refused (out_of_order: 12, invalid_labels: 3)\nexample 0\n"
            )
        );
        assert!(text.ends_with("example 9\n…"), "{text}");
    }
}
