//! From a rule to a receiver, by the program itself: who is told what, and what a kill leaves of it.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::{Server, wait_for, watchfire};

/// A receiver that remembers what it is told.
struct Receiver {
    address: SocketAddr,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let heard = Arc::clone(&heard);
                std::thread::spawn(move || serve(stream, &heard));
            }
        });
        Self { address, told }
    }

    /// Status and name of all alerts that were told, in order.
    fn alerts(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let alerts = told.iter().flat_map(|message| message["alerts"].as_array().unwrap());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        alerts
            .map(|alert| format!("{} {}", text(&alert["status"]), text(&alert["labels"]["alertname"])))
            .collect()
    }
}

fn serve(mut stream: TcpStream, told: &Mutex<Vec<Value>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut length = 0;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        told.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
    }
}

fn write(dir: &Path, receiver: &Receiver, rules: &str) -> [String; 2] {
    let file = |name: &str, text: &str| {
        fs::write(dir.join(name), text).unwrap();
        dir.join(name).display().to_string()
    };
    let rules = file("rules.yml", &format!("groups:\n- name: g\n  interval: 1s\n  rules:\n{rules}"));
    let main = file(
        "watchfire.yml",
        &format!(
            "global: {{evaluation_interval: 1s, external_labels: {{cluster: c1}}}}\nrule_files: ['{rules}']\n"
        ),
    );
    file("team.tmpl", "{{ define \"team\" }}{{ range .Alerts }}{{ .Labels.alertname }} {{ end }}{{ end }}");
    let alertmanager = file(
        "alertmanager.yml",
        &format!(
            "route: {{receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}\n\
             templates: ['*.tmpl']\ninhibit_rules: [{{source_matchers: [severity=critical], target_matchers: \
             [severity=warning], equal: [gpu]}}]\nreceivers:\n- name: hook\n  webhook_configs: [{{url: 'http://{}/x'}}]\n",
            receiver.address
        ),
    );
    [format!("--config.file={main}"), format!("--alertmanager.config.file={alertmanager}")]
}

const HOT: &str = "  - alert: Hot\n    expr: vector(93)\n    labels: {severity: critical, gpu: '3'}\n    \
                   annotations: {summary: '{{ $value }} degrees'}\n  - alert: Warm\n    expr: vector(93)\n    \
                   labels: {severity: warning, gpu: '3'}\n";

#[test]
fn an_alert_is_told_once_whatever_happens_to_the_server() {
    let receiver = Receiver::start();
    let dir = tempfile::tempdir().unwrap();
    let args = write(dir.path(), &receiver, HOT);
    let args = args.each_ref().map(String::as_str);
    let server = Server::start(dir.path(), &args);
    wait_for("the notification", || receiver.alerts().contains(&"firing Hot".to_owned()).then_some(()));
    let message = receiver.told.lock().unwrap()[0].clone();
    assert_eq!(message["version"], "4");
    assert_eq!(message["receiver"], "hook");
    assert_eq!(message["groupKey"], r#"{}:{alertname="Hot"}"#);
    assert_eq!(message["commonLabels"]["cluster"], "c1");
    assert_eq!(message["alerts"][0]["annotations"]["summary"], "93 degrees");
    let url = message["alerts"][0]["generatorURL"].as_str().unwrap();
    assert!(url.starts_with(&format!("http://{}/graph?g0.expr=", server.address)), "{url}");
    // What was told is kept within a second; the file shows it.
    let records = dir.path().join("data").join("alerts.json");
    let kept = || fs::read_to_string(&records).is_ok_and(|text| text.contains("alertname"));
    wait_for("what was told is kept", || kept().then_some(()));
    server.signal("KILL");
    server.ended();

    let more = "  - alert: Late\n    expr: vector(1)\n    labels: {severity: page}\n";
    let args = write(dir.path(), &receiver, &format!("{HOT}{more}"));
    let args = args.each_ref().map(String::as_str);
    let server = Server::start(dir.path(), &args);
    wait_for("the other notification", || {
        receiver.alerts().contains(&"firing Late".to_owned()).then_some(())
    });
    // The alert ends: its receiver is told of that, and of nothing else anew.
    write(dir.path(), &receiver, &format!("{HOT}{}", more.replace("vector(1)", "vector(1) > 5")));
    assert_eq!(server.send("POST", "/-/reload").status, 200);
    wait_for("the end", || receiver.alerts().contains(&"resolved Late".to_owned()).then_some(()));
    let alerts = receiver.alerts();
    assert_eq!(alerts.iter().filter(|alert| *alert == "firing Hot").count(), 1, "{alerts:?}");
    assert!(!alerts.iter().any(|alert| alert.ends_with("Warm")), "{alerts:?}");
    server.signal("TERM");
    assert!(server.ended().0.success());
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("alertmanager.yml");
    fs::write(&file, "route: {receiver: nobody}\nreceivers: []\n").unwrap();
    let storage = format!("--storage.tsdb.path={}", dir.path().join("data").display());
    let flag = format!("--alertmanager.config.file={}", file.display());
    let output = watchfire(&["serve", "--web.listen-address=127.0.0.1:0", &storage, &flag]).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("alertmanager.yml:1:") && said.contains("nobody"), "{said}");
}

#[test]
fn the_file_can_be_checked_alone() {
    let receiver = Receiver::start();
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &receiver, HOT);
    let file = dir.path().join("alertmanager.yml");
    let check = || {
        let output = watchfire(&["check", "alertmanager"]).arg(&file).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (good, said) = check();
    assert!(good && said.contains("ok: 1 receiver, 1 inhibition rule, 0 time intervals"), "{said}");
    fs::write(dir.path().join("team.tmpl"), "{{ define \"team\" }}").unwrap();
    let (good, said) = check();
    assert!(!good && said.contains("team.tmpl"), "{said}");
}
