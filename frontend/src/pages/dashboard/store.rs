//! The dashboard that is open: as it was read, and as it is being changed. Outlives the step from the
//! dashboard to its panel editor and back; changes are kept in the browser until they are saved.

use std::sync::Arc;

use api::dashboards::{DashboardRecord, SaveDashboard, VersionInfo};
use dashboard::{Dashboard, Panel, SCHEMA_VERSION, TimeSettings};
use leptos::prelude::*;
use scene::grid;
use serde::{Deserialize, Serialize};

use crate::client::{self, ApiError};
use crate::dom;

/// Address of a dashboard that has not been saved yet.
pub(crate) const NEW_UID: &str = "new";

/// The open dashboard; kept in the context.
#[derive(Clone, Copy)]
pub(crate) struct OpenDashboard {
    /// Its address part, and the old version that is looked at.
    pub(crate) place: RwSignal<(String, Option<u32>)>,
    /// As it was read or saved; `None` until then, and for a new one.
    pub(crate) record: RwSignal<Option<Arc<DashboardRecord>>>,
    /// As it is being changed.
    pub(crate) doc: RwSignal<Option<Dashboard>>,
    /// Why it could not be read.
    pub(crate) error: RwSignal<Option<ApiError>>,
}

/// What is kept in the browser of changes that are not saved.
#[derive(Serialize, Deserialize)]
struct Draft {
    base: u32,
    doc: Dashboard,
}

impl OpenDashboard {
    /// Nothing is open.
    pub(crate) fn new() -> Self {
        Self {
            place: RwSignal::new((String::new(), None)),
            record: RwSignal::new(None),
            doc: RwSignal::new(None),
            error: RwSignal::new(None),
        }
    }

    /// The dashboard of the context.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Opens a dashboard, unless it is already.
    pub(crate) fn open(&self, uid: &str, version: Option<u32>) {
        let place = (uid.to_owned(), version);
        if self.place.with_untracked(|p| *p == place) && self.error.with_untracked(Option::is_none) {
            return;
        }
        self.place.set(place);
        self.reload();
    }

    /// Reads it again; changes that are not saved are lost.
    pub(crate) fn reload(&self) {
        let (uid, version) = self.place.get_untracked();
        self.record.set(None);
        self.error.set(None);
        if uid == NEW_UID {
            self.doc.set(Some(draft(NEW_UID).map_or_else(blank, |d| d.doc)));
            return;
        }
        self.doc.set(None);
        let this = *self;
        leptos::task::spawn_local(async move {
            let answer = client::dashboard(&uid, version).await;
            if this.place.with_untracked(|p| *p != (uid.clone(), version)) {
                return;
            }
            match answer {
                Ok(record) => {
                    let kept = if version.is_none() { draft(&uid) } else { None };
                    let doc = match kept {
                        Some(draft) if draft.base == record.version.version => draft.doc,
                        _ => record.dashboard.clone(),
                    };
                    this.record.set(Some(Arc::new(record)));
                    this.doc.set(Some(doc));
                }
                Err(error) => this.error.set(Some(error)),
            }
        });
    }

    /// Whether it differs from what is saved.
    pub(crate) fn is_dirty(&self) -> bool {
        let uid = self.place.with(|p| p.0.clone());
        self.doc.with(|doc| match doc {
            None => false,
            Some(doc) if uid == NEW_UID => *doc != blank(),
            Some(doc) => self.record.with(|r| r.as_ref().is_some_and(|r| r.dashboard != *doc)),
        })
    }

    /// Whether an old version is looked at, which cannot be changed.
    pub(crate) fn is_old(&self) -> bool {
        self.record.with(|r| r.as_ref().is_some_and(|r| r.version.version != r.latest))
    }

    /// Whether it comes from a file and can only be saved under another name.
    pub(crate) fn is_provisioned(&self) -> bool {
        self.record.with(|r| r.as_ref().is_some_and(|r| r.provisioned))
    }

    /// Changes it, and keeps the change in the browser.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Dashboard)) {
        self.doc.update(|doc| {
            if let Some(doc) = doc {
                change(doc);
            }
        });
        let uid = self.place.with_untracked(|p| p.0.clone());
        let base = self.record.with_untracked(|r| r.as_ref().map_or(0, |r| r.version.version));
        if let Some(doc) = self.doc.get_untracked()
            && let Ok(text) = serde_json::to_string(&Draft { base, doc })
        {
            dom::store(&draft_key(&uid), &text);
        }
    }

    /// Changes one panel.
    pub(crate) fn change_panel(&self, id: u32, change: impl FnOnce(&mut Panel)) {
        self.change(|doc| {
            if let Some(panel) = doc.panels.iter_mut().find(|p| p.id == id) {
                change(panel);
            }
        });
    }

    /// Takes back all changes.
    pub(crate) fn discard(&self) {
        let uid = self.place.with_untracked(|p| p.0.clone());
        dom::store(&draft_key(&uid), "");
        let saved = self.record.with_untracked(|r| r.as_ref().map_or_else(blank, |r| r.dashboard.clone()));
        self.doc.set(Some(saved));
    }

    /// One panel, followed.
    pub(crate) fn panel(&self, id: u32) -> Memo<Option<Panel>> {
        let doc = self.doc;
        Memo::new(move |_| {
            doc.with(|d| d.as_ref().and_then(|d| d.panels.iter().find(|p| p.id == id).cloned()))
        })
    }

    /// Puts a panel below all others and returns its id.
    pub(crate) fn add_panel(&self, make: impl FnOnce(u32) -> Panel) -> u32 {
        let id = self.doc.with_untracked(|d| {
            d.as_ref().and_then(|d| d.panels.iter().map(|p| p.id).max()).unwrap_or(0).saturating_add(1)
        });
        self.change(|doc| {
            let mut panel = make(id);
            let items: Vec<grid::Item> = doc.panels.iter().map(|p| (p.id, p.grid)).collect();
            panel.grid = grid::bottom(&items, panel.grid.w, panel.grid.h);
            doc.panels.push(panel);
        });
        id
    }

    /// Saves. `title` saves a copy under that title; `over` says on top of which version.
    pub(crate) async fn save(
        &self,
        title: Option<String>,
        message: String,
        over: Option<VersionInfo>,
    ) -> Result<(), ApiError> {
        let Some(mut doc) = self.doc.get_untracked() else { return Ok(()) };
        let uid = self.place.with_untracked(|p| p.0.clone());
        let base = self.record.with_untracked(|r| r.as_ref().map_or(0, |r| r.version.version));
        let is_new = title.is_some() || uid == NEW_UID;
        if let Some(title) = title {
            doc.title = title;
        }
        if is_new {
            doc.uid = String::new();
        }
        let base_version = if is_new { 0 } else { over.map_or(base, |v| v.version) };
        let body = SaveDashboard { dashboard: doc, message, base_version };
        let record = client::save((!is_new).then_some(uid.as_str()), &body).await?;
        dom::store(&draft_key(&uid), "");
        self.place.set((record.dashboard.uid.clone(), None));
        self.doc.set(Some(record.dashboard.clone()));
        self.record.set(Some(Arc::new(record)));
        Ok(())
    }
}

fn draft_key(uid: &str) -> String {
    format!("watchfire.draft.{uid}")
}

fn draft(uid: &str) -> Option<Draft> {
    // From bytes like every answer, so that the document's reader is compiled once.
    serde_json::from_slice(dom::stored(&draft_key(uid))?.as_bytes()).ok()
}

fn blank() -> Dashboard {
    Dashboard {
        schema_version: SCHEMA_VERSION,
        uid: String::new(),
        title: "New dashboard".to_owned(),
        description: String::new(),
        tags: Vec::new(),
        time: TimeSettings::default(),
        variables: Vec::new(),
        panels: Vec::new(),
    }
}
