//! The variables of the open dashboard: asks for their values one after the other where they depend on
//! each other, and binds what the address chooses.

use std::collections::HashMap;
use std::rc::Rc;

use dashboard::{Dashboard, Variable, VariableKind};
use leptos::prelude::*;
use scene::interpolate::{self, Bound};
use scene::legend;
use scene::variables::{self, Ask, Choice};

use super::OpenDashboard;
use crate::address::Address;
use crate::client;
use crate::view_time::ViewTime;

/// A variable with its choices.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picked {
    /// The variable.
    pub(crate) variable: Variable,
    /// What can be chosen.
    pub(crate) choices: Vec<Choice>,
    /// What is chosen.
    pub(crate) selected: Vec<String>,
    /// Why there are no choices, or "".
    pub(crate) error: String,
}

/// The variables of a view.
#[derive(Clone, Copy)]
pub(crate) struct VariableStore {
    /// Pickers in order.
    pub(crate) picked: RwSignal<Vec<Picked>>,
    /// Values for queries; `None` until all are known.
    pub(crate) bound: RwSignal<Option<Vec<Bound>>>,
}

type Cache = Rc<std::cell::RefCell<HashMap<String, Result<Vec<String>, String>>>>;

impl VariableStore {
    /// Follows the open dashboard, the address and the time range.
    pub(crate) fn start(open: OpenDashboard) -> Self {
        let this = Self { picked: RwSignal::new(Vec::new()), bound: RwSignal::new(None) };
        let address = Address::get();
        let time = ViewTime::get();
        let list = Memo::new(move |_| open.doc.with(|d| d.as_ref().map(|d: &Dashboard| d.variables.clone())));
        let chosen = Memo::new(move |_| {
            let names = list.with(|l| l.iter().flatten().map(|v| v.name.clone()).collect::<Vec<_>>());
            address.query.with(|q| names.iter().map(|n| q.variable(n)).collect::<Vec<_>>())
        });
        let generation = StoredValue::new(0u32);
        let cache = StoredValue::new_local(Cache::default());
        Effect::new(move |old: Option<scene::time::RawRange>| {
            let raw = time.raw.get();
            if old.is_some_and(|old| old != raw) {
                cache.with_value(|c| c.borrow_mut().clear());
            }
            let Some(list) = list.get() else {
                this.bound.set(None);
                return raw;
            };
            let chosen = chosen.get();
            let number = generation.get_value() + 1;
            generation.set_value(number);
            let (range, _) = time.round.get_untracked();
            let cache = cache.get_value();
            leptos::task::spawn_local(async move {
                let mut picked: Vec<Option<Picked>> = vec![None; list.len()];
                let mut bound: Vec<Bound> = Vec::with_capacity(list.len());
                for i in variables::asking_order(&list) {
                    let variable = &list[i];
                    let (choices, error) = match choices(variable, &bound, range, &cache).await {
                        Ok(choices) => (choices, String::new()),
                        Err(error) => (Vec::new(), error),
                    };
                    let selected =
                        variables::selected(variable, &choices, chosen.get(i).and_then(Option::as_deref));
                    bound.push(variables::bind(variable, &choices, &selected));
                    picked[i] = Some(Picked { variable: variable.clone(), choices, selected, error });
                }
                if generation.try_get_value() == Some(number) {
                    let picked: Vec<Picked> = picked.into_iter().flatten().collect();
                    if this.picked.with_untracked(|p| *p != picked) {
                        this.picked.set(picked);
                    }
                    if this.bound.with_untracked(|b| b.as_ref() != Some(&bound)) {
                        this.bound.set(Some(bound));
                    }
                }
            });
            raw
        });
        this
    }
}

async fn choices(
    variable: &Variable,
    bound: &[Bound],
    range: model::TimeRange,
    cache: &Cache,
) -> Result<Vec<Choice>, String> {
    let VariableKind::Query { query, regex, sort } = &variable.kind else {
        return Ok(variables::custom_choices(variable));
    };
    let filled = interpolate::query(query, bound, None);
    let known = cache.borrow().get(&filled).cloned();
    let answer = match known {
        Some(answer) => answer,
        None => {
            let answer = ask(&filled, range).await;
            cache.borrow_mut().insert(filled, answer.clone());
            answer
        }
    }?;
    if regex.is_empty() {
        return Ok(variables::choices(answer, *sort, None));
    }
    let matcher = expression(regex)?;
    let first_group = move |value: &str| {
        let groups = matcher.exec(value)?;
        let text = |i| groups.get(i).as_string();
        text(1).or_else(|| text(0))
    };
    Ok(variables::choices(answer, *sort, Some(&first_group)))
}

/// A JavaScript regular expression from `/…/` or the bare text.
fn expression(text: &str) -> Result<js_sys::RegExp, String> {
    let bare = text.strip_prefix('/').and_then(|t| t.strip_suffix('/')).unwrap_or(text);
    js_regex(bare).ok_or_else(|| format!("the regular expression {bare} is not valid"))
}

/// The constructor throws on a wrong expression, so it is called where that can be caught.
fn js_regex(text: &str) -> Option<js_sys::RegExp> {
    use wasm_bindgen::JsCast;
    let class = js_sys::Reflect::get(&js_sys::global(), &"RegExp".into()).ok()?;
    let arguments = js_sys::Array::of1(&text.into());
    js_sys::Reflect::construct(class.unchecked_ref::<js_sys::Function>(), &arguments).ok()?.dyn_into().ok()
}

async fn ask(filled: &str, range: model::TimeRange) -> Result<Vec<String>, String> {
    let ask = variables::parse_ask(filled)?;
    if let Ask::QueryResult(expr) = &ask {
        let frame = client::query(expr, range.end_ms).await.map_err(|e| e.message())?;
        return Ok(frame
            .series
            .iter()
            .map(|s| {
                let value = s.values.first().copied().unwrap_or(f64::NAN);
                format!("{} {value} {}", legend::full_name(&s.labels), range.end_ms)
            })
            .collect());
    }
    let names = client::names(&variables::api_path(&ask, range.start_ms / 1000, range.end_ms / 1000 + 1))
        .await
        .map_err(|e| e.message())?;
    match &ask {
        Ask::Metrics(regex) if !regex.is_empty() => {
            let matcher = expression(regex)?;
            Ok(names.into_iter().filter(|n| matcher.test(n)).collect())
        }
        _ => Ok(names),
    }
}
