//! Being told that a folder's files changed.
//!
//! The operating system's notifications are only a hint to look again soon: they can be lost and come in
//! bursts, so whoever uses this also looks again at intervals.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Watches folders, not below them.
pub struct FolderWatch {
    watcher: Option<RecommendedWatcher>,
    changed: Arc<Notify>,
    folders: BTreeSet<PathBuf>,
}

impl FolderWatch {
    /// Watches nothing yet. Where the system offers no notifications, none will come.
    #[must_use]
    pub fn new() -> Self {
        let changed = Arc::new(Notify::new());
        let told = Arc::clone(&changed);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a file is no change; an error may have swallowed one.
            if event.as_ref().is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                return;
            }
            told.notify_one();
        });
        let watcher = watcher
            .inspect_err(|error| tracing::warn!(%error, "cannot watch folders for changes; they are read at intervals only"))
            .ok();
        Self { watcher, changed, folders: BTreeSet::new() }
    }

    /// Watches exactly these folders from now on. A folder that is not there is tried again at the next call.
    pub fn set_folders<'p>(&mut self, folders: impl IntoIterator<Item = &'p Path>) {
        let Some(watcher) = &mut self.watcher else { return };
        let wanted: BTreeSet<PathBuf> = folders.into_iter().map(Path::to_owned).collect();
        for gone in self.folders.difference(&wanted) {
            // The folder may not exist any more.
            let _ = watcher.unwatch(gone);
        }
        let mut watched: BTreeSet<PathBuf> = self.folders.intersection(&wanted).cloned().collect();
        for folder in wanted.difference(&self.folders) {
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(folder.clone());
                }
                Err(error) => tracing::debug!(folder = %folder.display(), %error, "cannot watch a folder"),
            }
        }
        self.folders = watched;
    }

    /// Resolves when something changed since the last call.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl Default for FolderWatch {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_written_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut watch = FolderWatch::new();
        watch.set_folders([dir.path(), Path::new("/nowhere/to/be/found")]);
        std::fs::write(dir.path().join("a.json"), "[]").unwrap();
        tokio::time::timeout(Duration::from_secs(20), watch.changed()).await.expect("told of the change");
    }
}
