//! The app's root: what every page has around it, and which page an address shows.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Redirect, Route, Router};
use leptos_router::path;

use crate::address::Address;
use crate::pages::{
    DashboardPage, DashboardsPage, EditorPage, ExplorePage, OpenDashboard, TargetsPage, VersionsPage,
};
use crate::session::Session;
use crate::shell::Shell;
use crate::view_time::ViewTime;

/// The app.
#[component]
pub(crate) fn App() -> impl IntoView {
    let session = Session::start();
    provide_context(session);
    view! {
        <Router>
            <Inside session=session />
        </Router>
    }
}

#[component]
fn Inside(session: Session) -> impl IntoView {
    let address = Address::new();
    provide_context(address);
    provide_context(ViewTime::start(address, session));
    provide_context(OpenDashboard::new());
    view! {
        <Shell>
            <FlatRoutes fallback=|| view! { <NotFound /> }.into_any()>
                <Route path=path!("/") view=|| view! { <Redirect path="/dashboards" /> }.into_any() />
                <Route path=path!("/dashboards") view=|| view! { <DashboardsPage /> }.into_any() />
                <Route path=path!("/d/:uid") view=|| view! { <DashboardPage /> }.into_any() />
                <Route path=path!("/d/:uid/edit/:panel") view=|| view! { <EditorPage /> }.into_any() />
                <Route path=path!("/d/:uid/versions") view=|| view! { <VersionsPage /> }.into_any() />
                <Route path=path!("/explore") view=|| view! { <ExplorePage /> }.into_any() />
                <Route path=path!("/targets") view=|| view! { <TargetsPage /> }.into_any() />
            </FlatRoutes>
        </Shell>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <div class="content">
            <ui::EmptyState title="There is nothing at this address." text="It may have been moved or mistyped.">
                <a class="button" href="/dashboards">"All dashboards"</a>
            </ui::EmptyState>
        </div>
    }
}
