//! Groups in files that are watched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::MOST_FILE_BYTES;
use platform::files::{self, Stamp};
use platform::{Clock, FolderWatch};

use crate::config::FileConfig;
use crate::group::{TargetGroup, parse_json, parse_yaml};
use crate::runner::{Board, SourceError};

/// Wait after a change before reading: editors and copiers write in several steps.
const SETTLE_MS: i64 = 50;

/// What a file held when it was last read without error.
struct FileState {
    stamp: Stamp,
    groups: Vec<Arc<TargetGroup>>,
    error: Option<String>,
}

pub(crate) struct FileSource {
    config: FileConfig,
    board: Arc<Board>,
    slot: usize,
    files: BTreeMap<PathBuf, FileState>,
}

impl FileSource {
    pub(crate) fn new(config: FileConfig, board: Arc<Board>, slot: usize) -> Self {
        Self { config, board, slot, files: BTreeMap::new() }
    }

    pub(crate) async fn run(mut self, clock: Arc<dyn Clock>) {
        let mut watch = FolderWatch::new();
        loop {
            // Watch first, so that a change during the reading is told.
            watch.set_folders(self.config.patterns.iter().filter_map(|pattern| pattern.parent()).map(folder));
            self.refresh();
            let next = clock.now_ms().saturating_add(self.config.refresh_interval.as_ms());
            tokio::select! {
                () = clock.sleep_until(next) => {}
                () = watch.changed() => {
                    tokio::time::sleep(std::time::Duration::from_millis(SETTLE_MS as u64)).await;
                }
            }
        }
    }

    /// Reads what changed and publishes.
    fn refresh(&mut self) {
        let mut errors = Vec::new();
        let mut found = Vec::new();
        for pattern in &self.config.patterns {
            match files::matching(pattern) {
                Ok(paths) => found.extend(paths),
                Err(message) => errors.push(SourceError { source: pattern.display().to_string(), message }),
            }
        }
        self.files.retain(|path, _| found.contains(path));
        for path in found {
            self.refresh_file(&path);
        }
        let mut groups = Vec::new();
        for (path, state) in &self.files {
            groups.extend(state.groups.iter().cloned());
            if let Some(message) = &state.error {
                errors.push(SourceError { source: path.display().to_string(), message: message.clone() });
            }
        }
        self.board.publish(self.slot, groups, errors);
    }

    fn refresh_file(&mut self, path: &Path) {
        let stamp = files::stamp(path);
        // A stamp is coarse: a file that changed just now may change again without showing it.
        if self.files.get(path).is_some_and(|state| state.stamp == stamp && state.error.is_none())
            && is_old(stamp)
        {
            return;
        }
        self.board.metrics().refreshes.inc();
        match read_file(path) {
            Ok(groups) => {
                let groups = groups.into_iter().map(Arc::new).collect();
                self.files.insert(path.to_owned(), FileState { stamp, groups, error: None });
            }
            Err(message) => {
                self.board.metrics().failures.inc();
                tracing::warn!(file = %path.display(), error = %message, "cannot read target groups; the last ones stay");
                let state = self.files.entry(path.to_owned());
                let state = state.or_insert_with(|| FileState { stamp, groups: Vec::new(), error: None });
                state.error = Some(message);
            }
        }
    }
}

/// Whether the file was modified so long ago that a later change would show.
fn is_old(stamp: Stamp) -> bool {
    const GRANULARITY_S: f64 = 3.0;
    stamp.age_s().is_none_or(|age| age > GRANULARITY_S)
}

fn folder(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn read_file(path: &Path) -> Result<Vec<TargetGroup>, String> {
    let text = files::read_text(path, MOST_FILE_BYTES).map_err(|error| error.to_string())?;
    let name = path.display().to_string();
    let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let groups = if is_json {
        parse_json(&text, &name)?
    } else {
        parse_yaml(&text, path).map_err(|error| error.to_string())?
    };
    Ok(groups.into_iter().map(|group| group.with_label("__meta_filepath", &name)).collect())
}
