//! A dashboard: reading it, changing it, its panels' editor, its versions.

mod actions;
mod editor_page;
mod fields;
mod grid;
mod page;
mod save;
mod settings;
mod store;
mod variable_store;
mod variables;
mod versions;

pub(crate) use editor_page::EditorPage;
pub(crate) use page::DashboardPage;
pub(crate) use store::OpenDashboard;
pub(crate) use versions::VersionsPage;
