//! Differences of native histograms over a window.

use std::sync::Arc;

use model::{Histogram, ResetHint};

use crate::annotations::Flags;
use crate::histogram::buckets::{negative, positive, set_negative, set_positive};
use crate::histogram::{ops, reset};

/// Growth from the first to the last of `points`, counter resets taken into account for counters. `None`,
/// with a remark, when the points do not fit together.
pub(crate) fn difference(points: &[Arc<Histogram>], counter: bool, flags: &mut Flags) -> Option<Histogram> {
    let (first, last) = (&points[0], &points[points.len() - 1]);
    let is_gauge = |h: &Histogram| h.reset_hint == ResetHint::Gauge;
    if counter && points.iter().any(|h| is_gauge(h)) {
        flags.raise(Flags::NOT_A_COUNTER);
    }
    let mut previous = Histogram::clone(first);
    if counter && reset::detect(&points[1], first) {
        // What was before the reset counts for nothing, whatever its layout.
        previous = Histogram {
            schema: points[1].schema,
            custom_values: points[1].custom_values.clone(),
            ..Histogram::default()
        };
    }
    let custom = previous.has_custom_buckets();
    let relevant = if counter { &points[1..] } else { &points[points.len() - 1..] };
    if relevant.iter().any(|h| h.has_custom_buckets() != custom) {
        flags.raise(Flags::MIXED_SCHEMAS);
        return None;
    }
    let mut growth = Histogram::clone(last);
    if !custom {
        let schema = relevant.iter().map(|h| h.schema).fold(previous.schema, i32::min);
        let (mut up, mut down) = (positive(&growth), negative(&growth));
        ops::coarsen(&mut up, growth.schema, schema);
        ops::coarsen(&mut down, growth.schema, schema);
        growth.schema = growth.schema.min(schema);
        set_positive(&mut growth, &up);
        set_negative(&mut growth, &down);
    }
    match ops::subtract(&mut growth, &previous) {
        Ok(remarks) if remarks.reconciled => flags.raise(Flags::RECONCILED_SUB),
        Ok(_) => {}
        Err(ops::IncompatibleSchemas) => {
            flags.raise(Flags::MIXED_SCHEMAS);
            return None;
        }
    }
    if counter {
        let mut previous = &previous;
        for current in &points[1..] {
            if reset::detect(current, previous) {
                match ops::add(&mut growth, previous) {
                    Ok(remarks) if remarks.reconciled => flags.raise(Flags::RECONCILED_ADD),
                    Ok(_) => {}
                    Err(ops::IncompatibleSchemas) => {
                        flags.raise(Flags::MIXED_SCHEMAS);
                        return None;
                    }
                }
            }
            previous = current;
        }
    } else if !is_gauge(first) || !is_gauge(last) {
        flags.raise(Flags::NOT_A_GAUGE);
    }
    growth.reset_hint = ResetHint::Gauge;
    ops::compact(&mut growth);
    Some(growth)
}

/// Difference of two neighbours, for `irate` (`counter`) and `idelta`.
pub(crate) fn instant(
    previous: &Histogram,
    last: &Histogram,
    counter: bool,
    flags: &mut Flags,
) -> Option<Histogram> {
    let gauges = [previous, last].map(|h| h.reset_hint == ResetHint::Gauge);
    if counter && gauges.contains(&true) {
        flags.raise(Flags::NOT_A_COUNTER);
    }
    if !counter && gauges.contains(&false) {
        flags.raise(Flags::NOT_A_GAUGE);
    }
    let mut difference = last.clone();
    if !counter || !reset::detect(last, previous) {
        match ops::subtract(&mut difference, previous) {
            Ok(remarks) if remarks.reconciled => flags.raise(Flags::RECONCILED_SUB),
            Ok(_) => {}
            Err(ops::IncompatibleSchemas) => {
                flags.raise(Flags::MIXED_SCHEMAS);
                return None;
            }
        }
    }
    difference.reset_hint = ResetHint::Gauge;
    ops::compact(&mut difference);
    Some(difference)
}
