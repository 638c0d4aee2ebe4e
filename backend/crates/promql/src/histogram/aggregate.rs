//! Sum and mean of native histograms, compensated bucket by bucket.

use std::sync::Arc;

use model::{Histogram, ResetHint};

use crate::annotations::Flags;
use crate::histogram::buckets::{Sparse, negative, positive, set_negative, set_positive};
use crate::histogram::ops;
use crate::kahan::{Mean, Sum};

/// Histograms to be added up. They are added when all are known: only then is it clear which layout
/// holds them all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accumulator {
    held: Vec<Arc<Histogram>>,
}

impl Accumulator {
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(crate) fn add(&mut self, histogram: &Arc<Histogram>) {
        self.held.push(Arc::clone(histogram));
    }

    /// The sum or mean; `None`, with a remark, when the histograms do not fit together.
    pub(crate) fn finish(&self, mean: bool, flags: &mut Flags) -> Option<Histogram> {
        let (first, rest) = self.held.split_first()?;
        let mut total = Histogram::clone(first);
        for histogram in rest {
            match ops::add(&mut total, histogram) {
                Ok(remarks) if remarks.reconciled => flags.raise(Flags::RECONCILED_AGG),
                Ok(_) => {}
                Err(ops::IncompatibleSchemas) => {
                    flags.raise(Flags::MIXED_SCHEMAS);
                    return None;
                }
            }
        }
        let has = |hint: ResetHint| self.held.iter().any(|h| h.reset_hint == hint);
        if has(ResetHint::Reset) && has(ResetHint::NotReset) {
            flags.raise(Flags::RESET_COLLISION_AGG);
        }
        let total = if rest.is_empty() { total } else { self.compensated(total, mean)? };
        let mut total = total;
        ops::compact(&mut total);
        Some(total)
    }

    /// Adds the histograms anew, all in the layout of `total`.
    fn compensated(&self, mut total: Histogram, mean: bool) -> Option<Histogram> {
        let empty = Histogram {
            schema: total.schema,
            zero_threshold: total.zero_threshold,
            custom_values: total.custom_values.clone(),
            ..Histogram::default()
        };
        let mut alike = Vec::with_capacity(self.held.len());
        for histogram in &self.held {
            let mut one = empty.clone();
            ops::add(&mut one, histogram).ok()?;
            alike.push(one);
        }
        let combine = |values: &mut dyn Iterator<Item = f64>| {
            if mean {
                let mut mean = Mean::default();
                values.for_each(|v| mean.add(v));
                mean.value()
            } else {
                let mut sum = Sum::default();
                values.for_each(|v| sum.add(v));
                sum.value()
            }
        };
        total.count = combine(&mut alike.iter().map(|h| h.count));
        total.sum = combine(&mut alike.iter().map(|h| h.sum));
        total.zero_count = combine(&mut alike.iter().map(|h| h.zero_count));
        let sides: [fn(&Histogram) -> Sparse; 2] = [positive, negative];
        let [up, down] = sides.map(|side| {
            let lists: Vec<Sparse> = alike.iter().map(side).collect();
            let mut indexes: Vec<i32> = lists.iter().flatten().map(|(i, _)| *i).collect();
            indexes.sort_unstable();
            indexes.dedup();
            let at = |list: &Sparse, index: i32| {
                list.binary_search_by_key(&index, |(i, _)| *i).map_or(0.0, |found| list[found].1)
            };
            let sum = |i: i32| (i, combine(&mut lists.iter().map(|list| at(list, i))));
            indexes.into_iter().map(sum).collect::<Sparse>()
        });
        set_positive(&mut total, &up);
        set_negative(&mut total, &down);
        Some(total)
    }
}
