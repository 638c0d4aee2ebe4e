//! Addresses of the app's places, built in one place.

use crate::url::{Query, encode_segment};

/// The list of dashboards.
pub const DASHBOARDS: &str = "/dashboards";
/// The explore page.
pub const EXPLORE: &str = "/explore";
/// The targets page.
pub const TARGETS: &str = "/targets";

/// A dashboard.
#[must_use]
pub fn dashboard(uid: &str) -> String {
    format!("/d/{}", encode_segment(uid))
}

/// The editor of a panel.
#[must_use]
pub fn edit_panel(uid: &str, panel: u32) -> String {
    format!("/d/{}/edit/{panel}", encode_segment(uid))
}

/// The versions of a dashboard.
#[must_use]
pub fn versions(uid: &str) -> String {
    format!("/d/{}/versions", encode_segment(uid))
}

/// Explore with a query, over the same time.
#[must_use]
pub fn explore(exprs: &[String], time: &Query) -> String {
    let mut query = time.time_only();
    query.set_all("expr", exprs);
    query.on(EXPLORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(dashboard("llm-serving"), "/d/llm-serving");
        assert_eq!(edit_panel("a b", 3), "/d/a%20b/edit/3");
        let time = Query::parse("from=now-1h&to=now&var-x=1");
        assert_eq!(
            explore(&["up{a=\"b\"}".to_owned()], &time),
            "/explore?from=now-1h&to=now&expr=up%7Ba%3D%22b%22%7D"
        );
    }
}
