//! The address as the state of the view: read as signals, changed by editing the query.

use std::rc::Rc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use scene::url::Query;

type Navigate = Rc<dyn Fn(&str, NavigateOptions)>;

/// The address; kept in the context.
#[derive(Clone, Copy)]
pub(crate) struct Address {
    /// Path.
    pub(crate) path: Memo<String>,
    /// Query.
    pub(crate) query: Memo<Query>,
    navigate: StoredValue<Navigate, LocalStorage>,
}

impl Address {
    /// Reads the router's location; call inside of the router.
    pub(crate) fn new() -> Self {
        let location = use_location();
        let navigate: Navigate = Rc::new(use_navigate());
        Self {
            path: location.pathname,
            query: Memo::new(move |_| Query::parse(&location.search.get())),
            navigate: StoredValue::new_local(navigate),
        }
    }

    /// The address of the context.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Goes to a place.
    pub(crate) fn go(&self, url: &str) {
        self.run(url, false);
    }

    /// Changes the query; Back returns to how it was.
    pub(crate) fn push(&self, change: impl FnOnce(&mut Query)) {
        self.change(change, false);
    }

    /// Changes the query without a step for Back.
    pub(crate) fn replace(&self, change: impl FnOnce(&mut Query)) {
        self.change(change, true);
    }

    /// Replaces the place itself.
    pub(crate) fn replace_place(&self, url: &str) {
        self.run(url, true);
    }

    fn change(&self, change: impl FnOnce(&mut Query), replace: bool) {
        let before = self.query.get_untracked();
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            self.run(&after.on(&self.path.get_untracked()), replace);
        }
    }

    fn run(&self, url: &str, replace: bool) {
        let navigate = self.navigate.get_value();
        navigate(
            url,
            NavigateOptions { resolve: false, replace, scroll: false, ..NavigateOptions::default() },
        );
    }
}
