//! `dashboards/schema.json` is what the types say.
//!
//! `WATCHFIRE_UPDATE_DOCS=1 cargo test -p dashboard --features schema` writes it anew after a change.

use std::fs;
use std::path::Path;

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let mut schema = serde_json::to_string_pretty(&schemars::schema_for!(dashboard::Dashboard)).unwrap();
    schema.push('\n');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/schema.json");
    if std::env::var_os("WATCHFIRE_UPDATE_DOCS").is_some() {
        fs::write(&path, &schema).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema, "{} is out of date; see the header of this test", path.display());
}
