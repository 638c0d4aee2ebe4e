//! What the real program tells the same receivers.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use platform::http_client::{
    HttpClient, HttpClientOptions, HttpError, HttpFetch, HttpMessage, HttpMethod, HttpReply, header,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::mails::{self, Mails};
use crate::support::{AlertText, ENDS_AT, EXTERNAL_URL, Recorder, STARTS_AT, Told, alerts, yaml};
use crate::{Recorded, by_receiver, cases, recorded, recorded_path};

/// A program that is stopped with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Option<PathBuf> {
    let names = ["prometheus-alertmanager", "alertmanager"];
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .flat_map(|dir| names.map(|name| dir.join(name)))
        .find(|program| program.is_file());
    // Debian's program reads its templates from there.
    let debian = found.as_ref().is_some_and(|program| program.ends_with(names[0]));
    if debian && !Path::new("/usr/share/prometheus/alertmanager").is_dir() {
        testkit::skip("there is no /usr/share/prometheus/alertmanager");
        return None;
    }
    if found.is_none() {
        testkit::skip("there is no alertmanager in the PATH");
    }
    found
}

async fn post(url: &Url, body: &Value) -> Result<(HttpReply, Vec<u8>), HttpError> {
    let client = HttpClient::new(HttpClientOptions::default())?;
    let headers = [(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"))];
    let body = body.to_string().into_bytes();
    let message =
        HttpMessage { method: HttpMethod::Post, url, headers: &headers, body, answer_limit: 10_000 };
    let mut answer = Vec::new();
    let reply = client.send(message, &mut answer).await?;
    Ok((reply, answer))
}

/// Waits until every receiver was told, and a little longer.
async fn all_told(recorder: &Recorder, seen: usize, receivers: usize) -> Vec<Told> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let told = recorder.told()[seen..].to_vec();
        let names = by_receiver(told.clone()).len();
        if names >= receivers || Instant::now() > end {
            sleep(Duration::from_millis(500)).await;
            return recorder.told()[seen..].to_vec();
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn alertmanager_still_tells_so() {
    let Some(program) = program() else { return };
    let recorder = Recorder::start().await;
    let cases = cases::all(&recorder.address);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("alertmanager.yml");
    let mail_server = mails::server().await;
    let mut receivers = cases.clone();
    receivers.push(("mail", mails::settings(mail_server.port)));
    fs::write(&file, yaml(&receivers)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = fs::File::create(dir.path().join("log")).unwrap();
    let child = Command::new(program)
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", dir.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg(format!("--web.external-url={EXTERNAL_URL}"))
        .args(["--web.route-prefix=/", "--cluster.listen-address="])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let _running = Running(child);
    let api = Url::parse(&format!("http://127.0.0.1:{port}/api/v2/alerts")).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while post(&api, &json!([])).await.map_or(0, |(reply, _)| reply.status) != 200 {
        let log = || fs::read_to_string(dir.path().join("log")).unwrap();
        assert!(Instant::now() < end, "it does not start: {}", log());
        sleep(Duration::from_millis(100)).await;
    }
    let now: jiff::Timestamp = jiff::Timestamp::now();
    let at = |seconds: i64, millis: i32| {
        let at = jiff::Timestamp::new(now.as_second() + seconds, millis * 1_000_000).unwrap();
        at.to_string()
    };
    let (starts_at, ends_at) = (at(0, 678), at(1, 789));
    let told_of = |resolved: bool| {
        let alert = |(labels, annotations, link): AlertText| {
            let labels: BTreeMap<_, _> = labels.into_iter().collect();
            let annotations: BTreeMap<_, _> = annotations.into_iter().collect();
            let mut alert = json!({"labels": labels, "annotations": annotations,
                "startsAt": starts_at, "generatorURL": link});
            if resolved {
                alert["endsAt"] = json!(ends_at);
            }
            alert
        };
        Value::from_iter(alerts().into_iter().map(alert))
    };
    let mut theirs: BTreeMap<String, Recorded> = BTreeMap::new();
    let mut their_mails = Mails::default();
    let mut seen = 0;
    for resolved in [false, true] {
        let (reply, answer) = post(&api, &told_of(resolved)).await.unwrap();
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&answer));
        let told = all_told(&recorder, seen, cases.len()).await;
        seen += told.len();
        let mail = mails::normal(&mail_server.heard()[their_mails.firing.len()..]);
        *(if resolved { &mut their_mails.resolved } else { &mut their_mails.firing }) = mail;
        for (name, mut told) in by_receiver(told) {
            for one in &mut told {
                one.body = one.body.replace(&starts_at, STARTS_AT).replace(&ends_at, ENDS_AT);
            }
            let entry = theirs.entry(name).or_default();
            *(if resolved { &mut entry.resolved } else { &mut entry.firing }) = told;
        }
    }
    if env::var_os("NOTIFY_RECORD").is_some() {
        fs::write(recorded_path(), serde_json::to_string_pretty(&theirs).unwrap() + "\n").unwrap();
        fs::write(mails::path(), serde_json::to_string_pretty(&their_mails).unwrap() + "\n").unwrap();
        return;
    }
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    assert_eq!(their_mails, mails::recorded(), "{log}");
    for (name, recorded) in recorded() {
        assert_eq!(theirs.get(&name), Some(&recorded), "{name}: {log}");
    }
}
