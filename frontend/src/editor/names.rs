//! Names and values for completion, asked once and kept for a while.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use leptos::prelude::*;
use model::TimeRange;
use scene::complete::Want;

use crate::{client, clock};

/// How long names are kept, in milliseconds.
const KEPT_MS: i64 = 60_000;
/// How far back names are looked for, in milliseconds.
const LOOKBACK_MS: i64 = 6 * 3_600_000;

/// When they were asked, and the names.
type Kept = (i64, Rc<Vec<String>>);

thread_local! {
    static KEPT: RefCell<HashMap<String, Kept>> = RefCell::new(HashMap::new());
}

/// What is known for a place; asks for it when it is not, and bumps `arrived` when the answer is there.
pub(super) fn known(want: &Want, arrived: RwSignal<u32>) -> Rc<Vec<String>> {
    let key = match want {
        Want::Operand => "m".to_owned(),
        Want::Label { metric } => format!("l{metric}"),
        Want::Value { label, metric } => format!("v{label}\u{0}{metric}"),
        Want::Operator | Want::Duration | Want::Nothing => return Rc::default(),
    };
    let now = clock::now_ms();
    let old = KEPT.with_borrow(|k| k.get(&key).cloned());
    if let Some((at, names)) = &old
        && now - at < KEPT_MS
    {
        return names.clone();
    }
    let names = old.map(|(_, names)| names).unwrap_or_default();
    // Marked as fresh at once, so that it is asked only once.
    KEPT.with_borrow_mut(|k| k.insert(key.clone(), (now, names.clone())));
    let want = want.clone();
    leptos::task::spawn_local(async move {
        let range = TimeRange::new(now - LOOKBACK_MS, now);
        let answer = match &want {
            Want::Operand => client::metric_names(range).await,
            Want::Label { metric } => client::label_names(range, metric).await,
            Want::Value { label, metric } => client::label_values(range, label, metric).await,
            _ => return,
        };
        match answer {
            Ok(names) => {
                KEPT.with_borrow_mut(|k| k.insert(key, (now, Rc::new(names))));
            }
            // Completion is a help; without an answer it offers functions only and asks again later.
            Err(_) => {
                KEPT.with_borrow_mut(|k| k.remove(&key));
                return;
            }
        }
        arrived.try_update(|a| *a += 1);
    });
    names
}
