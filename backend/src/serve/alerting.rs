//! The alert manager in the server: its configuration, the way from rules to it, who delivers, and the file in which
//! it keeps what must outlive the process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use alerting::config::AlertingConfig;
use alerting::notify::{Notifier, NotifierParts, deliver};
use alerting::{
    AlertManager, Deliver, Delivering, DispatchLimits, ManagerDeps, NewAlert, RecordStore, Records,
    Send as Notification,
};
use config::{ConfigError, Document, MOST_FILE_BYTES, Place};
use model::{Labels, LabelsBuilder};
use parking_lot::RwLock;
use platform::http_client::RealNet;
use platform::{Clock, Disk as _, Entropy, RealDisk, SystemEntropy};
use rules::{AlertSink, AlertState, GroupConfig, OutgoingAlert, RuleConfig, Transition};
use templates::NotificationTemplates;

/// The file of records, in the directory of the data.
const RECORDS: &str = "alerts.json";

/// `alertmanager.yml` with the templates that it names.
#[derive(Clone)]
pub(crate) struct LoadedAlerting {
    pub(crate) config: Arc<AlertingConfig>,
    templates: NotificationTemplates,
}

impl LoadedAlerting {
    /// Reads the file and its templates.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let config = AlertingConfig::load(&Document::read(path)?)?;
        let mut templates = NotificationTemplates::with_defaults();
        for pattern in &config.templates {
            let refuse = |file: &Path, line: Option<u32>, message: String| ConfigError {
                file: file.to_owned(),
                place: line.map(|line| Place { line, column: 1 }),
                message,
            };
            let found = platform::files::matching(pattern).map_err(|why| refuse(pattern, None, why))?;
            for file in found {
                let text = platform::files::read_text(&file, MOST_FILE_BYTES)
                    .map_err(|error| refuse(&file, None, format!("cannot be read: {error}")))?;
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                templates.add(&name, &text).map_err(|error| refuse(&file, None, error.to_string()))?;
            }
        }
        Ok(Self { config: Arc::new(config), templates })
    }
}

/// Delivers through the notifier of the configuration in force.
struct Courier {
    notifier: RwLock<Arc<Notifier>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Deliver for Courier {
    fn deliver(&self, notification: Notification) -> Delivering {
        let notifier = Arc::clone(&self.notifier.read());
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        Box::pin(async move {
            let delivery = deliver(&notifier, &notification, &*clock, &*entropy).await;
            let (receiver, group) = (&notification.receiver.name, &notification.group_key);
            let kind = notification.settings().map_or("", |integration| integration.settings.kind());
            match delivery.outcome {
                Ok(_) => {
                    let alerts = notification.alerts.len();
                    tracing::info!(receiver, kind, %group, alerts, "notified");
                    Ok(())
                }
                Err(error) => {
                    let attempts = delivery.count;
                    tracing::error!(receiver, kind, %group, attempts, %error, "could not notify");
                    Err(error.reason)
                }
            }
        })
    }
}

/// The alert manager of the server, if it is given a configuration.
pub(crate) struct Alerting {
    manager: Option<(AlertManager, Arc<Courier>)>,
    /// Labels that alerts get which leave the rules.
    external_labels: RwLock<Labels>,
    clock: Arc<dyn Clock>,
}

impl Alerting {
    /// Takes up what was kept in `dir`.
    pub(crate) fn open(
        loaded: Option<&LoadedAlerting>,
        dir: &Path,
        external_url: &str,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let mut manager = None;
        if let Some(loaded) = loaded {
            let notifier = notifier(loaded, external_url, clock)?;
            let courier = Arc::new(Courier {
                notifier: RwLock::new(Arc::new(notifier)),
                clock: Arc::clone(clock),
                entropy: SystemEntropy::shared(),
            });
            let deps = ManagerDeps {
                clock: Arc::clone(clock),
                entropy: SystemEntropy::shared(),
                deliver: Arc::clone(&courier) as Arc<dyn Deliver>,
                records: Box::new(RecordsFile { dir: dir.to_owned() }),
            };
            let (opened, left_out) =
                AlertManager::new(Arc::clone(&loaded.config), DispatchLimits::default(), deps)?;
            for reason in left_out {
                tracing::error!(reason, "a silence that was kept cannot be taken up");
            }
            manager = Some((opened, courier));
        }
        Ok(Self { manager, external_labels: RwLock::default(), clock: Arc::clone(clock) })
    }

    /// A notifier for a configuration, if there is an alert manager: to be made before anything is changed.
    pub(crate) fn prepare(
        &self,
        loaded: Option<&LoadedAlerting>,
        external_url: &str,
    ) -> Result<Option<Notifier>, String> {
        match (&self.manager, loaded) {
            (Some(_), Some(loaded)) => notifier(loaded, external_url, &self.clock).map(Some),
            _ => Ok(None),
        }
    }

    /// Takes a configuration in, with the notifier that was made for it.
    pub(crate) fn apply(
        &self,
        loaded: Option<&LoadedAlerting>,
        notifier: Option<Notifier>,
        external_labels: &Labels,
    ) {
        *self.external_labels.write() = external_labels.clone();
        if let (Some((manager, courier)), Some(loaded), Some(notifier)) = (&self.manager, loaded, notifier) {
            *courier.notifier.write() = Arc::new(notifier);
            manager.apply(Arc::clone(&loaded.config));
        }
    }

    /// Notifies until `stop` says true.
    pub(crate) async fn run(&self, stop: tokio::sync::watch::Receiver<bool>) {
        if let Some((manager, _)) = &self.manager {
            manager.run(stop).await;
        }
    }
}

fn notifier(loaded: &LoadedAlerting, external_url: &str, clock: &Arc<dyn Clock>) -> Result<Notifier, String> {
    let parts = NotifierParts {
        net: Arc::new(RealNet),
        clock: Arc::clone(clock),
        entropy: SystemEntropy::shared(),
        templates: loaded.templates.clone(),
        external_url: external_url.to_owned(),
    };
    Notifier::new(&loaded.config, parts)
}

/// What rules tell goes to the alert manager; without one, into the log alone.
impl AlertSink for Alerting {
    fn send(&self, alerts: Vec<OutgoingAlert>) {
        let Some((manager, _)) = &self.manager else { return };
        let external = self.external_labels.read().clone();
        let new = alerts.into_iter().map(|alert| {
            let mut labels = LabelsBuilder::new(&external);
            alert.labels.iter().for_each(|(name, value)| {
                labels.set(name, value);
            });
            NewAlert {
                labels: labels.build(),
                annotations: Labels::from_pairs(alert.annotations),
                starts_at_ms: Some(alert.starts_at_ms),
                ends_at_ms: Some(alert.ends_at_ms),
                generator_url: alert.generator_url.to_string(),
            }
        });
        let refused = manager.put_alerts(new.collect()).into_iter().filter_map(Result::err);
        for error in refused {
            tracing::error!(%error, "the alert manager does not take an alert");
        }
    }

    fn changed(&self, group: &GroupConfig, rule: &RuleConfig, transitions: &[Transition]) {
        for change in transitions {
            let (labels, value) = (&change.labels, change.value);
            match (change.from, change.to) {
                (_, AlertState::Firing) => {
                    tracing::warn!(%labels, value, group = group.name, file = group.file, "alert {} fires", rule.name);
                }
                (AlertState::Firing, AlertState::Inactive) => {
                    tracing::info!(%labels, value, group = group.name, file = group.file, "alert {} has ended", rule.name);
                }
                _ => {}
            }
        }
    }
}

/// The records as a file, replaced as a whole.
struct RecordsFile {
    dir: PathBuf,
}

impl RecordsFile {
    fn path(&self) -> PathBuf {
        self.dir.join(RECORDS)
    }
}

impl RecordStore for RecordsFile {
    type Error = String;

    fn load(&mut self) -> Result<Records, String> {
        let path = self.path();
        let bytes = match RealDisk.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Records::default()),
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
        };
        serde_json::from_slice(&bytes)
            .map_err(|error| format!("{}: {error}; move it away to start without silences", path.display()))
    }

    fn save(&mut self, records: &Records) -> Result<(), String> {
        let (path, new) = (self.path(), self.dir.join(format!("{RECORDS}.tmp")));
        let write = || {
            let bytes = serde_json::to_vec(records)?;
            match RealDisk.remove_file(&new) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let file = RealDisk.create(&new)?;
            file.append(&bytes)?;
            file.sync()?;
            RealDisk.rename(&new, &path)?;
            RealDisk.sync_dir(&self.dir)
        };
        write().map_err(|error: std::io::Error| format!("{} cannot be written: {error}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = RecordsFile { dir: dir.path().to_owned() };
        assert_eq!(store.load(), Ok(Records::default()));
        let records: Records = serde_json::from_str(
            r#"{"silences": [{"id": "a", "matchers": [{"name": "x", "value": "1", "isRegex": false}], "startsAtMs": 1,
            "endsAtMs": 2, "updatedAtMs": 1, "createdBy": "me", "comment": "c"}], "notifications": []}"#,
        )
        .unwrap();
        for _ in 0..2 {
            store.save(&records).unwrap();
            assert_eq!(store.load().unwrap(), records);
        }
        std::fs::write(dir.path().join(RECORDS), "{").unwrap();
        assert!(store.load().unwrap_err().contains("move it away"));
    }
}
