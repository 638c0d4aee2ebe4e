//! Whether a histogram fits a chunk: its layout, and that no counter fell.

use model::{Histogram, ResetHint, Span, is_stale_nan};

use super::layout::{Layout, indexes, union};
use super::state::State;
use super::{HistogramKind, ResetHeader};

/// What has to be done to take a histogram up.
#[derive(Debug, PartialEq)]
pub(super) enum Fit {
    /// The layout has all of its buckets.
    Fits,
    /// The layout needs more buckets, these.
    Widen { positive: Vec<Span>, negative: Vec<Span> },
    /// It begins a new chunk with this header.
    NewChunk(ResetHeader),
}

/// How the buckets of a histogram differ from those of the chunk.
#[derive(Clone, Copy, Debug, Default)]
struct Difference {
    /// The chunk lacks some.
    added: bool,
    /// The histogram lacks some.
    missing: bool,
}

pub(super) fn fit(header: ResetHeader, layout: &Layout, last: &State, histogram: &Histogram) -> Fit {
    if histogram.reset_hint == ResetHint::Gauge {
        gauge(header, layout, last, histogram)
    } else {
        counter(header, layout, last, histogram)
    }
}

fn counter(header: ResetHeader, layout: &Layout, last: &State, histogram: &Histogram) -> Fit {
    if header == ResetHeader::Gauge {
        return Fit::NewChunk(ResetHeader::NotReset);
    }
    if histogram.reset_hint == ResetHint::Reset {
        return Fit::NewChunk(ResetHeader::Reset);
    }
    if is_stale_nan(histogram.sum) {
        return Fit::Fits;
    }
    if is_stale_nan(last.sum()) {
        return Fit::NewChunk(ResetHeader::Unknown);
    }
    if histogram.count < last.count() {
        return Fit::NewChunk(ResetHeader::Reset);
    }
    if !same_resolution(layout, histogram) {
        return Fit::NewChunk(ResetHeader::Unknown);
    }
    if !same_bounds(layout, histogram) || histogram.zero_count < last.zero_count() {
        return Fit::NewChunk(ResetHeader::Reset);
    }
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    last.buckets_into(&mut positive, &mut negative);
    let differences =
        grown(&layout.positive, &positive, &histogram.positive_spans, &histogram.positive_buckets)
            .zip(grown(&layout.negative, &negative, &histogram.negative_spans, &histogram.negative_buckets));
    let Some((positive, negative)) = differences else {
        return Fit::NewChunk(ResetHeader::Reset);
    };
    if !positive.added && !negative.added {
        return Fit::Fits;
    }
    let wanted = |difference: Difference, layout: &[Span], spans: &[Span]| {
        if difference.missing { union(layout, spans) } else { spans.to_vec() }
    };
    Fit::Widen {
        positive: wanted(positive, &layout.positive, &histogram.positive_spans),
        negative: wanted(negative, &layout.negative, &histogram.negative_spans),
    }
}

fn gauge(header: ResetHeader, layout: &Layout, last: &State, histogram: &Histogram) -> Fit {
    if header != ResetHeader::Gauge {
        return Fit::NewChunk(ResetHeader::Gauge);
    }
    if is_stale_nan(histogram.sum) {
        return Fit::Fits;
    }
    if is_stale_nan(last.sum()) || !same_resolution(layout, histogram) || !same_bounds(layout, histogram) {
        return Fit::NewChunk(ResetHeader::Gauge);
    }
    let positive = compare(&layout.positive, &histogram.positive_spans);
    let negative = compare(&layout.negative, &histogram.negative_spans);
    if !positive.added && !negative.added {
        return Fit::Fits;
    }
    if positive.missing || negative.missing {
        return Fit::Widen {
            positive: union(&layout.positive, &histogram.positive_spans),
            negative: union(&layout.negative, &histogram.negative_spans),
        };
    }
    Fit::Widen { positive: histogram.positive_spans.clone(), negative: histogram.negative_spans.clone() }
}

/// The header of a new chunk after a refusal, which for floats tells resets only.
pub(super) fn header_after_refusal(kind: HistogramKind, found: ResetHeader) -> ResetHeader {
    match (kind, found) {
        (HistogramKind::Float, ResetHeader::NotReset) => ResetHeader::Unknown,
        _ => found,
    }
}

/// The header of a chunk that `histogram` begins because the one before was long enough.
pub(super) fn header_after_cut(
    kind: HistogramKind,
    header: ResetHeader,
    layout: &Layout,
    last: &State,
    histogram: &Histogram,
) -> ResetHeader {
    match ResetHeader::of_first(histogram) {
        ResetHeader::Unknown => {}
        certain => return certain,
    }
    match (kind, counter(header, layout, last, histogram)) {
        (_, Fit::Fits | Fit::Widen { .. }) => ResetHeader::NotReset,
        (_, Fit::NewChunk(ResetHeader::Reset)) => ResetHeader::Reset,
        (HistogramKind::Float, Fit::NewChunk(_)) => ResetHeader::NotReset,
        (HistogramKind::Integer, Fit::NewChunk(header)) => header,
    }
}

#[expect(clippy::float_cmp, reason = "another threshold is another, however near")]
fn same_resolution(layout: &Layout, histogram: &Histogram) -> bool {
    layout.schema == histogram.schema && layout.zero_threshold == histogram.zero_threshold
}

fn same_bounds(layout: &Layout, histogram: &Histogram) -> bool {
    let bits = |bounds: &[f64]| bounds.iter().map(|bound| bound.to_bits()).collect::<Vec<_>>();
    !histogram.has_custom_buckets() || bits(&layout.bounds) == bits(&histogram.custom_values)
}

/// How the buckets differ, or `None` when the population of one fell: a bucket that is not there is empty.
fn grown(old: &[Span], before: &[f64], new: &[Span], after: &[f64]) -> Option<Difference> {
    if old == new {
        let fell = before.iter().zip(after).any(|(before, after)| before > after);
        return (!fell).then(Difference::default);
    }
    let mut difference = Difference::default();
    let mut old = indexes(old).zip(before).peekable();
    let mut new = indexes(new).zip(after).peekable();
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return Some(difference),
            (Some((l, before)), Some((r, after))) if l == r => {
                if before > after {
                    return None;
                }
                old.next();
                new.next();
            }
            (Some((l, before)), r) if r.is_none_or(|(r, _)| l < r) => {
                if **before != 0.0 {
                    return None;
                }
                difference.missing = true;
                old.next();
            }
            _ => {
                difference.added = true;
                new.next();
            }
        }
    }
}

fn compare(old: &[Span], new: &[Span]) -> Difference {
    if old == new {
        return Difference::default();
    }
    let (mut left, mut right) = (indexes(old).peekable(), indexes(new).peekable());
    let mut difference = Difference::default();
    loop {
        match (left.peek(), right.peek()) {
            (None, None) => return difference,
            (Some(l), Some(r)) if l == r => {
                left.next();
                right.next();
            }
            (Some(l), r) if r.is_none_or(|r| l < r) => {
                difference.missing = true;
                left.next();
            }
            _ => {
                difference.added = true;
                right.next();
            }
        }
    }
}
