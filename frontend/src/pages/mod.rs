//! Pages: one folder or file per place of the app.

mod dashboard;
mod dashboards;
mod explore;
mod targets;

pub(crate) use dashboard::{DashboardPage, EditorPage, OpenDashboard, VersionsPage};
pub(crate) use dashboards::DashboardsPage;
pub(crate) use explore::ExplorePage;
pub(crate) use targets::TargetsPage;
