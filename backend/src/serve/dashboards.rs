//! Dashboards that come with the program, and those of a folder.

use std::path::Path;

use metastore::{Metastore, ProvisionedFile};
use rust_embed::RustEmbed;

/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(RustEmbed)]
#[folder = "../dashboards"]
struct BuiltIn;

/// Files of the program, by name. The schema that lies beside them is no dashboard.
pub(super) fn built_in() -> Vec<ProvisionedFile> {
    BuiltIn::iter()
        .filter(|name| name.ends_with(".json") && name != "schema.json")
        .filter_map(|name| {
            let text = String::from_utf8(BuiltIn::get(&name)?.data.into_owned()).ok()?;
            Some(ProvisionedFile { name: name.into_owned(), text })
        })
        .collect()
}

/// Brings the store in line with the files. Mistakes are logged, file by file, and stop nothing.
pub(super) async fn provision(metastore: &Metastore, folder: Option<&Path>) {
    let mut files = built_in();
    if let Some(folder) = folder {
        match platform::files::matching(&folder.join("*.json")) {
            Ok(paths) => {
                for path in paths {
                    let name = path.display().to_string();
                    match platform::files::read_text(&path, FILE_BYTES_MAX) {
                        Ok(text) => files.push(ProvisionedFile { name, text }),
                        Err(error) => tracing::error!(file = %name, %error, "a dashboard cannot be read"),
                    }
                }
            }
            Err(error) => tracing::error!(folder = %folder.display(), %error, "dashboards cannot be read"),
        }
    }
    match metastore.provision(&files).await {
        Ok(report) => {
            for (file, reason) in &report.refused {
                tracing::error!(%file, %reason, "a dashboard was left out");
            }
            tracing::info!(
                updated = report.updated,
                unchanged = report.unchanged,
                released = report.released,
                "provisioned dashboards"
            );
        }
        Err(error) => tracing::error!(%error, "failed to provision dashboards"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_dashboard_that_comes_with_the_program_is_right() {
        for file in super::built_in() {
            let document: dashboard::Dashboard =
                serde_json::from_str(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.name));
            assert_eq!(dashboard::validate(&document), [], "{}", file.name);
            assert!(!document.uid.is_empty(), "{}", file.name);
        }
    }
}
