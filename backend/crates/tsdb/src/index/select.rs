//! From matchers to slots.
//!
//! Matchers that demand a value are intersected, the cheapest first; those that also hold for an absent
//! label then take away the series whose value they refuse. A matcher that has to look at texts looks at
//! the values of the name, or, when few series are left, at those series only.

use std::ops::ControlFlow;

use model::{CompiledMatcher, MatchOp};
use roaring::RoaringBitmap;
use storage::{Cancel, QueryError};

use super::LabelIndex;
use super::labels::{NameIndex, value_id_of};
use super::values::Values;

/// How many texts are matched between two looks at the cancellation.
const CANCEL_INTERVAL: usize = 1024;

/// Gives the packed labels of the series at a slot to the visitor, if there is one.
pub(crate) trait SeriesSource {
    fn with_packed(&self, slot: u32, visit: &mut dyn FnMut(&[u8]));
    fn all_slots(&self) -> RoaringBitmap;
}

impl LabelIndex {
    /// The slots of the series that match all `matchers`.
    ///
    /// # Errors
    /// [`QueryError::Cancelled`].
    pub(crate) fn select(
        &self,
        matchers: &[CompiledMatcher],
        source: &dyn SeriesSource,
        cancel: &Cancel,
    ) -> Result<RoaringBitmap, QueryError> {
        let (absent_too, mut demanding): (Vec<&CompiledMatcher>, Vec<&CompiledMatcher>) =
            matchers.iter().partition(|matcher| matcher.matches_absent());
        demanding.sort_by_key(|matcher| cost(matcher));
        let mut selected: Option<RoaringBitmap> = None;
        for matcher in demanding {
            cancel.check()?;
            let next = match self.name(matcher.name()) {
                None => RoaringBitmap::new(),
                Some(name) => demand(&name, matcher, selected.as_ref(), source, cancel)?,
            };
            if next.is_empty() {
                return Ok(next);
            }
            selected = Some(next);
        }
        let mut selected = selected.unwrap_or_else(|| source.all_slots());
        for matcher in absent_too {
            cancel.check()?;
            if let Some(name) = self.name(matcher.name()) {
                take_away(&name, matcher, &mut selected, source, cancel)?;
            }
        }
        Ok(selected)
    }
}

fn cost(matcher: &CompiledMatcher) -> u8 {
    match matcher.matcher().op {
        MatchOp::Equal => 0,
        _ if matcher.set_matches().is_some() => 1,
        MatchOp::Regex => 2,
        MatchOp::NotRegex => 3,
        MatchOp::NotEqual => 4,
    }
}

/// Which of `within` (all, when `None`) have a value that matches.
fn demand(
    name: &NameIndex,
    matcher: &CompiledMatcher,
    within: Option<&RoaringBitmap>,
    source: &dyn SeriesSource,
    cancel: &Cancel,
) -> Result<RoaringBitmap, QueryError> {
    let mut out = RoaringBitmap::new();
    let mut add = |values: &Values, id| {
        let postings = values.postings(id);
        match within {
            Some(within) => out |= postings.intersect(within),
            None => postings.add_to(&mut out),
        }
    };
    if let Some(texts) = matcher.set_matches() {
        let values = name.values.read();
        for id in texts.iter().filter_map(|text| values.find(text)) {
            add(&values, id);
        }
        return Ok(out);
    }
    if let Some(within) = within
        && looks_at_series(name, within)
    {
        filter_series(name, within, source, cancel, |text| text.is_some_and(|t| matcher.is_match(t)))
    } else {
        let values = name.values.read();
        visit_values(&values, cancel, |id, text| {
            if matcher.is_match(text) {
                add(&values, id);
            }
        })?;
        Ok(out)
    }
}

/// Removes the series whose value does not match. Those without the label stay.
fn take_away(
    name: &NameIndex,
    matcher: &CompiledMatcher,
    selected: &mut RoaringBitmap,
    source: &dyn SeriesSource,
    cancel: &Cancel,
) -> Result<(), QueryError> {
    if matcher.matcher().op == MatchOp::NotEqual {
        let values = name.values.read();
        if let Some(id) = values.find(&matcher.matcher().value) {
            *selected -= values.postings(id).intersect(selected);
        }
        return Ok(());
    }
    if looks_at_series(name, selected) {
        *selected =
            filter_series(name, selected, source, cancel, |text| text.is_none_or(|t| matcher.is_match(t)))?;
        return Ok(());
    }
    let values = name.values.read();
    let mut refused = RoaringBitmap::new();
    visit_values(&values, cancel, |id, text| {
        if !matcher.is_match(text) {
            values.postings(id).add_to(&mut refused);
        }
    })?;
    *selected -= refused;
    Ok(())
}

/// A look at a series costs about as much as matching two values.
fn looks_at_series(name: &NameIndex, slots: &RoaringBitmap) -> bool {
    slots.len() * 2 < name.values.read().len() as u64
}

fn filter_series(
    name: &NameIndex,
    slots: &RoaringBitmap,
    source: &dyn SeriesSource,
    cancel: &Cancel,
    mut keep: impl FnMut(Option<&str>) -> bool,
) -> Result<RoaringBitmap, QueryError> {
    let mut out = RoaringBitmap::new();
    for (count, slot) in slots.iter().enumerate() {
        if count % CANCEL_INTERVAL == 0 {
            cancel.check()?;
        }
        // The lock of the values is taken only after that of the series was given back.
        let mut found = None;
        source.with_packed(slot, &mut |packed| found = Some(value_id_of(packed, name.id)));
        let kept = match found {
            None => false, // no series any more
            Some(None) => keep(None),
            Some(Some(id)) => keep(Some(name.values.read().text(id))),
        };
        if kept {
            out.insert(slot);
        }
    }
    Ok(out)
}

fn visit_values(
    values: &Values,
    cancel: &Cancel,
    mut visit: impl FnMut(u32, &str),
) -> Result<(), QueryError> {
    let outcome = values.iter().enumerate().try_for_each(|(count, (id, text, _))| {
        if count % CANCEL_INTERVAL == 0 && cancel.is_cancelled() {
            return ControlFlow::Break(());
        }
        visit(id, text);
        ControlFlow::Continue(())
    });
    if outcome.is_break() { Err(QueryError::Cancelled) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use model::{Labels, Matcher};
    use proptest::prelude::*;

    use super::*;
    use crate::index::{Neighbour, PackedLabels};

    struct Source(Vec<PackedLabels>);

    impl SeriesSource for Source {
        fn with_packed(&self, slot: u32, visit: &mut dyn FnMut(&[u8])) {
            visit(&self.0[slot as usize]);
        }
        fn all_slots(&self) -> RoaringBitmap {
            (0..self.0.len() as u32).collect()
        }
    }

    fn matcher() -> impl Strategy<Value = Matcher> {
        let op = prop_oneof![
            Just(MatchOp::Equal),
            Just(MatchOp::NotEqual),
            Just(MatchOp::Regex),
            Just(MatchOp::NotRegex)
        ];
        let value = prop_oneof![
            "[a-c]{0,2}",
            Just("a|b".to_owned()),
            Just("a.*".to_owned()),
            Just(".*".to_owned()),
            Just(".+".to_owned()),
            Just("(ab|c)?".to_owned()),
        ];
        ("[x-z]", op, value).prop_map(|(name, op, value)| Matcher::new(name, op, value))
    }

    proptest! {
        #[test]
        fn selects_what_the_matchers_say(
            series in proptest::collection::vec(
                proptest::collection::btree_map("[x-z]", "[a-c]{1,2}", 1..4), 0..60),
            matchers in proptest::collection::vec(matcher(), 0..4),
        ) {
            let index = LabelIndex::default();
            let labels: Vec<Labels> = series.iter().map(Labels::from_pairs).collect();
            let mut neighbour = Neighbour::default();
            let packed = labels.iter().enumerate()
                .map(|(slot, labels)| index.add_series(labels, slot as u32, &mut neighbour).unwrap()).collect();
            let matchers: Vec<CompiledMatcher> =
                matchers.into_iter().map(|m| CompiledMatcher::new(m).unwrap()).collect();
            let got: Vec<u32> =
                index.select(&matchers, &Source(packed), &Cancel::default()).unwrap().iter().collect();
            let want: Vec<u32> = (0..labels.len() as u32)
                .filter(|slot| matchers.iter().all(|m| m.matches(&labels[*slot as usize]))).collect();
            prop_assert_eq!(got, want);
        }
    }
}
