//! A server that remembers what it is told, and sendings to tell it.

use std::sync::Arc;

use alerting::config::AlertingConfig;
use alerting::{NewAlert, NotifiedAlert, Send, SendId, TellReason};
use model::Labels;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// When the alerts of the tests began and ended.
pub const STARTS_AT: &str = "2026-01-02T03:04:05.678Z";
pub const ENDS_AT: &str = "2026-01-02T03:05:06.789Z";
pub const EXTERNAL_URL: &str = "http://am.example.org/x";
pub const GROUP_KEY: &str = r#"{}/{}:{alertname="Disk <full> & \"hot\""}"#;

/// What a server was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub request: String,
    pub headers: Vec<String>,
    pub body: String,
}

/// Headers that are compared; the others are those of the client.
const HEADERS: [&str; 5] = ["content-type", "authorization", "x-auth-token", "x-user-id", "accept-language"];

/// What it answers: something that every service takes for success.
const ANSWER: &str = concat!(
    r#"{"ok":true,"success":true,"errcode":0,"errmsg":"ok","access_token":"tok","channel":"C1","ts":"1.2","#,
    r#""result":{"message_id":1,"chat":{"id":5,"type":"private"}}}"#
);

/// What a Jira answers where the issue is there already.
const THERE: &str = concat!(
    r#"{"issues":[{"key":"K-1","fields":{"status":{"name":"Open","statusCategory":{"key":"new"}}}}],"#,
    r#""transitions":[{"id":"11","name":"Reopen"},{"id":"12","name":"Done"}]}"#
);

/// A server on the loopback interface.
pub struct Recorder {
    pub address: String,
    told: watch::Receiver<Vec<Told>>,
    task: JoinHandle<()>,
}

impl Recorder {
    pub async fn start() -> Self {
        Self::answering(200, "application/json", ANSWER).await
    }

    pub async fn answering(status: u16, content_type: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, told) = watch::channel(Vec::new());
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: {content_type}\r\nRetry-After: 7\r\n");
        let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, answer) = (sender.clone(), answer.clone());
                tokio::spawn(async move { serve(stream, &sender, &answer).await });
            }
        });
        Self { address, told, task }
    }

    pub fn told(&self) -> Vec<Told> {
        self.told.borrow().clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, told: &watch::Sender<Vec<Told>>, answer: &String) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|n| n > 0) {
        let request = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        let (mut headers, mut length) = (Vec::new(), 0);
        loop {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            let name = name.to_ascii_lowercase();
            if name == "content-length" {
                length = value.parse().unwrap();
            }
            // Signatures change with the time.
            let value = value.split_once("Credential=").map_or(value, |(before, _)| before.trim_end());
            if HEADERS.contains(&name.as_str()) {
                headers.push(format!("{name}: {value}"));
            }
        }
        headers.sort();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let body = String::from_utf8(body).unwrap();
        let there = format!("HTTP/1.1 200 Said\r\nContent-Length: {}\r\n\r\n{THERE}", THERE.len());
        let answer = if request.contains("-there/") { &there } else { answer };
        told.send_modify(|all| all.push(Told { request, headers, body }));
        stream.write_all(answer.as_bytes()).await.unwrap();
        line.clear();
    }
}

/// A configuration with these receivers, each told by a route of its own.
pub fn yaml(receivers: &[(&str, String)]) -> String {
    let mut text =
        "route:\n  receiver: nobody\n  group_by: [alertname]\n  group_wait: 2s\n  group_interval: 1s\n  \
                    repeat_interval: 4h\n  routes:\n"
            .to_owned();
    for (name, _) in receivers {
        text.push_str(&format!("  - {{receiver: {name}, continue: true}}\n"));
    }
    text.push_str("receivers:\n- name: nobody\n");
    for (name, settings) in receivers {
        text.push_str(&format!("- name: {name}\n"));
        settings.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text
}

pub fn config(yaml: &str) -> AlertingConfig {
    let document = config::Document::parse(std::path::Path::new("/tmp/alerting.yml"), yaml).unwrap();
    AlertingConfig::load(&document).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// Labels, annotations and link of the alerts of the tests.
pub type AlertText = (Vec<(&'static str, &'static str)>, Vec<(&'static str, &'static str)>, &'static str);

pub fn alerts() -> Vec<AlertText> {
    let name = ("alertname", "Disk <full> & \"hot\"");
    let link = "http://prom.example.org/graph?g0.expr=up%3D%3D0&g0.tab=1";
    vec![
        (
            vec![
                name,
                ("answer", "yes"),
                ("code", "500"),
                ("instance", "a:9100"),
                ("job", "node"),
                ("severity", "critical"),
            ],
            vec![("summary", "Disk of a is füll"), ("runbook", "a: b\nc: 'd'"), ("list", "[1, two]")],
            link,
        ),
        (
            vec![name, ("code", "1e3"), ("instance", "b:9100"), ("job", "node"), ("severity", "critical")],
            vec![("summary", "Disk of b <b>is</b> full"), ("runbook", "a: b\nc: 'd'")],
            link,
        ),
    ]
}

/// A sending of these alerts to a receiver.
pub fn send(config: &AlertingConfig, receiver: &str, resolved: bool) -> Send {
    let ms = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let now_ms = ms(ENDS_AT) + 1000;
    let receiver = config.receivers.iter().find(|other| other.name == receiver).unwrap();
    let mut alerts: Vec<_> = alerts()
        .into_iter()
        .map(|(labels, annotations, link)| {
            let new = NewAlert {
                labels: Labels::from_pairs(labels),
                annotations: Labels::from_pairs(annotations),
                starts_at_ms: Some(ms(STARTS_AT)),
                ends_at_ms: resolved.then(|| ms(ENDS_AT)),
                generator_url: link.to_owned(),
            };
            NotifiedAlert { alert: Arc::new(new.into_alert(now_ms, 300_000).unwrap()), resolved }
        })
        .collect();
    alerts.sort_by(|a, b| a.alert.order(&b.alert));
    Send {
        id: SendId(1),
        receiver: Arc::clone(receiver),
        integration: 0,
        route_id: Arc::from("{}/{}/0"),
        group_key: Arc::from(GROUP_KEY),
        group_labels: Labels::from_pairs([("alertname", "Disk <full> & \"hot\"")]),
        alerts,
        reason: if resolved { TellReason::AllResolved } else { TellReason::First },
        at_ms: now_ms,
        deadline_ms: now_ms + 10_000,
    }
}
