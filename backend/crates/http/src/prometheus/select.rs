//! What the endpoints over labels share: a question to the store for each selector, the answers merged,
//! sorted and cut.

use std::collections::BTreeSet;

use axum::response::Response;
use model::{CompiledMatcher, TimeRange};
use storage::{Cancel, Querier, QueryError, SelectHints};

use super::success_raw;
use crate::app::App;
use crate::error::ApiError;
use crate::run::run;
use crate::wire::json::{push_array, push_string};
use crate::wire::params::Params;
use crate::wire::result::TRUNCATED;

/// Asks for names or values with each selector (or once without one) and answers with the union.
pub(crate) async fn texts(
    app: &App,
    params: &Params,
    ask: impl Fn(&dyn Querier, &[CompiledMatcher], &SelectHints) -> Result<Vec<String>, QueryError>
    + Send
    + 'static,
) -> Result<Response, ApiError> {
    let range = params.range()?;
    let selectors = params.selectors()?;
    let limit = params.limit("limit")?;
    let timeout = app.engine.options().timeout;
    run(app, timeout, move |app, cancel| {
        let querier = querier(app, range)?;
        let hints = hints(cancel);
        let found: Vec<String> = match selectors.as_slice() {
            [] => ask(&*querier, &[], &hints)?,
            [one] => ask(&*querier, one, &hints)?,
            many => {
                let mut union = BTreeSet::new();
                for selector in many {
                    union.extend(ask(&*querier, selector, &hints)?);
                }
                union.into_iter().collect()
            }
        };
        let (kept, warnings) = cut(&found, limit);
        let mut data = Vec::with_capacity(kept.iter().map(|text| text.len() + 3).sum::<usize>() + 2);
        push_array(&mut data, kept, |out, text| push_string(out, text));
        Ok(success_raw(&data, &warnings))
    })
    .await
}

pub(crate) fn querier(app: &App, range: TimeRange) -> Result<Box<dyn Querier>, ApiError> {
    // The far ends of time stand for "not said"; stores need not reckon with them.
    const FAR: i64 = i64::MAX / 2;
    let range = TimeRange::new(range.start_ms.clamp(-FAR, FAR), range.end_ms.clamp(-FAR, FAR));
    Ok(app.store.querier(range)?)
}

pub(crate) fn hints(cancel: &Cancel) -> SelectHints {
    SelectHints { cancel: cancel.clone(), ..SelectHints::default() }
}

/// The first `limit` items (all for 0), with a warning where some are left out.
pub(crate) fn cut<T>(items: &[T], limit: usize) -> (&[T], Vec<String>) {
    if limit == 0 || items.len() <= limit {
        return (items, Vec::new());
    }
    (&items[..limit], vec![TRUNCATED.to_owned()])
}
