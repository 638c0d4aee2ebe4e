//! From matchers to the series of a block.
//!
//! Matchers that demand a value are intersected, the shortest list first, on the lists as they lie in the
//! file; those that also hold for an absent label then take away the series whose value they refuse. A
//! matcher that has to look at texts looks at the values of the name, within its prefix, or, when few
//! series are left, at those series only.

use model::{CompiledMatcher, MatchOp};
use storage::{Cancel, QueryError};

use super::error::Fault;
use super::index::{Index, NameEntry, Postings, TableEntry, intersect, subtract, union};

/// How many texts are matched between two looks at the cancellation.
const CANCEL_INTERVAL: usize = 1024;
/// To look for a series in so many lists costs more than to look at its labels.
const MANY_LISTS: usize = 16;

/// Why a selection failed.
#[derive(Debug)]
pub(crate) enum SelectError {
    Fault(Fault),
    Query(QueryError),
}

impl From<Fault> for SelectError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<QueryError> for SelectError {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

/// The series that match all `matchers`, in order of labels.
pub(crate) fn select(
    index: &Index,
    matchers: &[CompiledMatcher],
    cancel: &Cancel,
) -> Result<Vec<u32>, SelectError> {
    let (absent_too, demanding): (Vec<&CompiledMatcher>, Vec<&CompiledMatcher>) =
        matchers.iter().partition(|matcher| matcher.matches_absent());
    let mut selected = match demand(index, &demanding, cancel)? {
        Some(selected) => selected,
        None => index.all_series()?,
    };
    for matcher in absent_too.into_iter().filter(|matcher| !matcher.matches_everything()) {
        if selected.is_empty() {
            break;
        }
        cancel.check()?;
        if let Some(name) = index.name(matcher.name()) {
            take_away(index, name, matcher, &mut selected, cancel)?;
        }
    }
    Ok(selected)
}

/// Lists whose union a matcher asks for.
struct Wanted<'a> {
    matcher: &'a CompiledMatcher,
    lists: Vec<Postings<'a>>,
    entries: usize,
}

/// Those that every matcher wants; `None` when there is no matcher.
fn demand<'a>(
    index: &'a Index,
    demanding: &[&'a CompiledMatcher],
    cancel: &Cancel,
) -> Result<Option<Vec<u32>>, SelectError> {
    let mut known = Vec::new();
    let mut searching = Vec::new();
    for matcher in demanding {
        let Some(name) = index.name(matcher.name()) else { return Ok(Some(Vec::new())) };
        match matcher.set_matches() {
            Some(texts) => {
                let mut lists = Vec::with_capacity(texts.len());
                for text in texts {
                    lists.extend(index.find(name, text)?.map(|entry| index.postings(entry)).transpose()?);
                }
                let entries = lists.iter().map(Postings::len).sum();
                known.push(Wanted { matcher, lists, entries });
            }
            None => searching.push((name, *matcher)),
        }
    }
    known.sort_by_key(|wanted| wanted.entries);
    let mut selected: Option<Vec<u32>> = None;
    for wanted in known {
        selected = Some(match selected {
            None => union(wanted.lists),
            Some(within) => within_lists(index, within, wanted.matcher, &wanted.lists, cancel)?,
        });
        if selected.as_ref().is_some_and(Vec::is_empty) {
            return Ok(selected);
        }
    }
    searching.sort_by_key(|(name, matcher)| (matcher.matcher().op != MatchOp::Regex, name.value_count));
    for (name, matcher) in searching {
        cancel.check()?;
        selected = Some(match selected {
            Some(within) if looks_at_series(name, &within) => filter_series(index, matcher, within, cancel)?,
            within => {
                let mut lists = Vec::new();
                visit_values(index, name, matcher.prefix(), cancel, |entry| {
                    if matcher.is_match(entry.value) {
                        lists.push(index.postings(entry)?);
                    }
                    Ok(())
                })?;
                match within {
                    None => union(lists),
                    Some(within) => within_lists(index, within, matcher, &lists, cancel)?,
                }
            }
        });
        if selected.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
    }
    Ok(selected)
}

/// Those of `within` that are in one of the lists of a matcher, which have no member in common.
fn within_lists(
    index: &Index,
    within: Vec<u32>,
    matcher: &CompiledMatcher,
    lists: &[Postings<'_>],
    cancel: &Cancel,
) -> Result<Vec<u32>, SelectError> {
    if lists.len() > MANY_LISTS {
        return filter_series(index, matcher, within, cancel);
    }
    let mut out = Vec::new();
    for list in lists {
        out.extend(intersect(&within, *list));
    }
    if lists.len() > 1 {
        out.sort_unstable();
        out.dedup();
    }
    Ok(out)
}

/// Removes the series whose value does not match. Those without the label stay.
fn take_away(
    index: &Index,
    name: &NameEntry,
    matcher: &CompiledMatcher,
    selected: &mut Vec<u32>,
    cancel: &Cancel,
) -> Result<(), SelectError> {
    let refused: Option<Vec<&str>> = match matcher.matcher().op {
        MatchOp::NotEqual => Some(vec![&matcher.matcher().value]),
        MatchOp::NotRegex => {
            let texts = matcher.regex().and_then(|regex| regex.set_matches());
            texts.map(|texts| texts.iter().map(String::as_str).collect())
        }
        MatchOp::Equal | MatchOp::Regex => None,
    };
    if let Some(texts) = refused.filter(|texts| texts.len() <= MANY_LISTS) {
        for text in texts {
            if let Some(entry) = index.find(name, text)? {
                subtract(selected, index.postings(entry)?);
            }
        }
        return Ok(());
    }
    if looks_at_series(name, selected) {
        *selected = filter_series(index, matcher, std::mem::take(selected), cancel)?;
        return Ok(());
    }
    let mut lists = Vec::new();
    visit_values(index, name, None, cancel, |entry| {
        if !matcher.is_match(entry.value) {
            lists.push(index.postings(entry)?);
        }
        Ok(())
    })?;
    if lists.len() > MANY_LISTS {
        *selected = filter_series(index, matcher, std::mem::take(selected), cancel)?;
    } else {
        lists.iter().for_each(|list| subtract(selected, *list));
    }
    Ok(())
}

/// A look at a series costs about as much as matching two values.
fn looks_at_series(name: &NameEntry, series: &[u32]) -> bool {
    series.len() * 2 < name.value_count as usize
}

fn filter_series(
    index: &Index,
    matcher: &CompiledMatcher,
    series: Vec<u32>,
    cancel: &Cancel,
) -> Result<Vec<u32>, SelectError> {
    let Some(name) = index.symbol(matcher.name())? else {
        return Ok(if matcher.matches_absent() { series } else { Vec::new() });
    };
    let mut out = Vec::new();
    for (count, series) in series.into_iter().enumerate() {
        if count % CANCEL_INTERVAL == 0 {
            cancel.check()?;
        }
        if matcher.is_match(index.value_of(series, name)?.unwrap_or("")) {
            out.push(series);
        }
    }
    Ok(out)
}

/// Visits the values of a name, or those that begin with `prefix`.
pub(crate) fn visit_values<'a>(
    index: &'a Index,
    name: &NameEntry,
    prefix: Option<&str>,
    cancel: &Cancel,
    mut visit: impl FnMut(TableEntry<'a>) -> Result<(), Fault>,
) -> Result<(), SelectError> {
    let prefix = prefix.unwrap_or("");
    for (count, entry) in index.values_from(name, prefix)?.enumerate() {
        if count % CANCEL_INTERVAL == 0 {
            cancel.check()?;
        }
        let entry = entry?;
        if !entry.value.starts_with(prefix) {
            break;
        }
        visit(entry)?;
    }
    Ok(())
}
