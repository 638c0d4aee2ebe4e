//! One series' values over the steps of a query.
//!
//! A step without a sample and a step with a histogram are told apart from floats by two bit patterns
//! no arithmetic makes and no stored float keeps: signalling NaNs. So a column of floats is one
//! allocation, and loops over it need no second array.

use std::sync::Arc;

use model::{Histogram, Labels, STALE_NAN_BITS};

const ABSENT_BITS: u64 = STALE_NAN_BITS;
const HISTOGRAM_BITS: u64 = STALE_NAN_BITS + 1;

/// What a column holds at a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Absent,
    Float(f64),
    Histogram(&'a Arc<Histogram>),
}

/// The values of one series, `[steps]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    floats: Vec<f64>,
    /// Empty when the column holds no histogram, else `[steps]`.
    histograms: Vec<Option<Arc<Histogram>>>,
}

/// A float as it may stand in a column: foreign NaNs with our bit patterns become the usual NaN.
#[inline]
pub(crate) fn canonical(value: f64) -> f64 {
    if value.to_bits() & !1 == ABSENT_BITS { f64::NAN } else { value }
}

impl Column {
    /// `steps` steps without a sample.
    pub(crate) fn absent(steps: usize) -> Self {
        Self { floats: vec![f64::from_bits(ABSENT_BITS); steps], histograms: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.floats.len()
    }

    #[inline]
    pub(crate) fn set(&mut self, step: usize, value: f64) {
        self.floats[step] = value;
    }

    pub(crate) fn set_histogram(&mut self, step: usize, histogram: Arc<Histogram>) {
        if self.histograms.is_empty() {
            self.histograms = vec![None; self.floats.len()];
        }
        self.floats[step] = f64::from_bits(HISTOGRAM_BITS);
        self.histograms[step] = Some(histogram);
    }

    pub(crate) fn clear(&mut self, step: usize) {
        self.floats[step] = f64::from_bits(ABSENT_BITS);
    }

    #[inline]
    pub(crate) fn cell(&self, step: usize) -> Cell<'_> {
        let value = self.floats[step];
        if value.to_bits() & !1 != ABSENT_BITS {
            return Cell::Float(value);
        }
        match self.histograms.get(step) {
            Some(Some(histogram)) if value.to_bits() == HISTOGRAM_BITS => Cell::Histogram(histogram),
            _ => Cell::Absent,
        }
    }

    /// The float at a step, if there is one.
    #[inline]
    pub(crate) fn float(&self, step: usize) -> Option<f64> {
        let value = self.floats[step];
        (value.to_bits() & !1 != ABSENT_BITS).then_some(value)
    }

    #[inline]
    pub(crate) fn is_present(&self, step: usize) -> bool {
        self.floats[step].to_bits() != ABSENT_BITS
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.floats.iter().all(|v| v.to_bits() == ABSENT_BITS)
    }

    pub(crate) fn has_histograms(&self) -> bool {
        !self.histograms.is_empty() && (0..self.len()).any(|i| matches!(self.cell(i), Cell::Histogram(_)))
    }

    /// Replaces every float by `f` of it and removes histograms.
    pub(crate) fn map_floats(&mut self, mut f: impl FnMut(f64) -> f64) {
        self.map_floats_at(|_, value| Some(f(value)));
    }

    /// As [`Column::map_floats`], with the step; `None` removes the sample.
    pub(crate) fn map_floats_at(&mut self, mut f: impl FnMut(usize, f64) -> Option<f64>) {
        self.histograms = Vec::new();
        for (step, value) in self.floats.iter_mut().enumerate() {
            *value = if value.to_bits() & !1 == ABSENT_BITS {
                f64::from_bits(ABSENT_BITS)
            } else {
                f(step, *value).unwrap_or(f64::from_bits(ABSENT_BITS))
            };
        }
    }

    /// Copies a cell of another column.
    pub(crate) fn copy(&mut self, step: usize, other: &Self) {
        match other.cell(step) {
            Cell::Absent => self.clear(step),
            Cell::Float(value) => self.set(step, value),
            Cell::Histogram(histogram) => self.set_histogram(step, Arc::clone(histogram)),
        }
    }

    /// The single cell of a column repeated over `steps` steps.
    pub(crate) fn broadcast(&self, steps: usize) -> Self {
        let mut out = Self { floats: vec![self.floats[0]; steps], histograms: Vec::new() };
        if let Cell::Histogram(histogram) = self.cell(0) {
            out.histograms = vec![Some(Arc::clone(histogram)); steps];
        }
        out
    }

    /// Takes over the samples of `other`. `false` when both hold one at the same step.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        for step in 0..self.len() {
            if other.is_present(step) {
                if self.is_present(step) {
                    return false;
                }
                self.copy(step, other);
            }
        }
        true
    }

    /// The floats with the absent pattern where there is none, and the histograms by step.
    pub(crate) fn into_parts(self) -> (Vec<f64>, Vec<(u32, Arc<Histogram>)>) {
        let mut histograms = Vec::new();
        if !self.histograms.is_empty() {
            for step in 0..self.len() {
                if let Cell::Histogram(histogram) = self.cell(step) {
                    histograms.push((step as u32, Arc::clone(histogram)));
                }
            }
        }
        (self.floats, histograms)
    }
}

/// A series of a vector.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) labels: Labels,
    /// The metric name no longer holds and goes away at the end of the query.
    pub(crate) drop_name: bool,
    pub(crate) values: Column,
}

/// Joins rows with equal labels. `Err` when two of them hold a sample at the same step.
pub(crate) fn merge_equal(rows: Vec<Row>) -> Result<Vec<Row>, ()> {
    let mut places: hashbrown::HashMap<Labels, usize> = hashbrown::HashMap::with_capacity(rows.len());
    let mut out: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match places.entry(row.labels.clone()) {
            hashbrown::hash_map::Entry::Vacant(place) => {
                place.insert(out.len());
                out.push(row);
            }
            hashbrown::hash_map::Entry::Occupied(place) => {
                if !out[*place.get()].values.merge(&row.values) {
                    return Err(());
                }
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_a_value_and_absence_is_none() {
        let mut column = Column::absent(3);
        column.set(1, f64::NAN);
        assert!(column.float(0).is_none() && column.float(1).is_some_and(f64::is_nan));
        column.set_histogram(2, Arc::default());
        assert!(column.float(2).is_none() && matches!(column.cell(2), Cell::Histogram(_)));
        column.map_floats(|_| 7.0);
        assert_eq!((column.float(1), column.is_present(2)), (Some(7.0), false));
    }

    #[test]
    fn foreign_patterns_are_ordinary_nans() {
        let mut column = Column::absent(1);
        column.set(0, canonical(f64::from_bits(HISTOGRAM_BITS)));
        assert!(column.float(0).is_some_and(f64::is_nan));
    }
}
