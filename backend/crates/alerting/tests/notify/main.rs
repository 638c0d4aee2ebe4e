//! What receivers are told is what Alertmanager tells them, byte for byte.
//!
//! `recorded.json` holds what Alertmanager 0.33 sent for the receivers of `cases.rs` when two alerts fired and
//! were resolved. With the program in the `PATH` it is run again; with `NOTIFY_RECORD` set what it sends is
//! stored.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "only tests use this")]

mod cases;
mod differential;
mod email;
mod fixed;
mod mails;
mod refusals;
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use alerting::config::AlertingConfig;
use alerting::notify::{Notifier, NotifierParts};
use platform::http_client::RealNet;
use platform::{SystemClock, SystemEntropy};
use serde::{Deserialize, Serialize};
use templates::NotificationTemplates;

use support::{EXTERNAL_URL, Recorder, Told};

/// What a receiver is told.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Recorded {
    firing: Vec<Told>,
    resolved: Vec<Told>,
}

fn recorded_path() -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/notify/recorded.json")
}

fn recorded() -> BTreeMap<String, Recorded> {
    serde_json::from_str(&std::fs::read_to_string(recorded_path()).unwrap()).unwrap()
}

fn notifier(config: &AlertingConfig) -> Notifier {
    let parts = NotifierParts {
        net: Arc::new(RealNet),
        clock: SystemClock::shared(),
        entropy: SystemEntropy::shared(),
        templates: NotificationTemplates::with_defaults(),
        external_url: EXTERNAL_URL.to_owned(),
    };
    Notifier::new(config, parts).unwrap()
}

/// Sorts what came under the paths of all receivers.
fn by_receiver(told: Vec<Told>) -> BTreeMap<String, Vec<Told>> {
    let mut sorted: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for mut one in told {
        let (method, target) = one.request.split_once(" /").unwrap();
        let (name, rest) = target.split_at(target.find(['/', '?']).unwrap_or(target.len()));
        let (name, request) = (name.to_owned(), format!("{method} {rest}"));
        one.request = request;
        sorted.entry(name).or_default().push(one);
    }
    sorted
}

#[tokio::test]
async fn as_alertmanager_tells() {
    let recorder = Recorder::start().await;
    let cases = cases::all(&recorder.address);
    let config = support::config(&support::yaml(&cases));
    let notifier = notifier(&config);
    let mut ours: BTreeMap<String, Recorded> = BTreeMap::new();
    let mut seen = 0;
    for resolved in [false, true] {
        for (name, _) in &cases {
            let send = support::send(&config, name, resolved);
            notifier.notify(&send, send.at_ms).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
        let told = recorder.told();
        for (name, told) in by_receiver(told[seen..].to_vec()) {
            let entry = ours.entry(name).or_default();
            *(if resolved { &mut entry.resolved } else { &mut entry.firing }) = told;
        }
        seen = told.len();
    }
    let theirs = recorded();
    assert_eq!(theirs.len(), cases.len(), "each case is recorded");
    let mut wrong = Vec::new();
    for (name, theirs) in &theirs {
        let ours = ours.remove(name).unwrap_or_default();
        for (phase, ours, theirs) in
            [("firing", &ours.firing, &theirs.firing), ("resolved", &ours.resolved, &theirs.resolved)]
        {
            if ours != theirs {
                wrong.push(format!("{name}, {phase}:\n  ours:   {ours:#?}\n  theirs: {theirs:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
