//! Mails are those of Alertmanager. `recorded-mails.json` holds what a mail server heard from it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::email::{MailServer, Manner};
use crate::notifier;
use crate::support::{config, send, yaml};

/// What a mail server hears, line by line.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mails {
    pub firing: Vec<String>,
    pub resolved: Vec<String>,
}

pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/notify/recorded-mails.json")
}

pub fn recorded() -> Mails {
    serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap()
}

pub async fn server() -> MailServer {
    MailServer::start(Manner { extensions: &["8BITMIME", "AUTH PLAIN LOGIN"], ..Manner::default() }).await
}

/// A receiver with a mail in text and HTML, a thread, and a header of its own. The HTML that is sent where none is
/// said looks other than Alertmanager's.
pub fn settings(port: u16) -> String {
    format!(
        "email_configs:\n- to: 'Ops <ops@example.org>, b@example.org'\n  from: Wächter <w@example.org>\n  \
         smarthost: 127.0.0.1:{port}\n  send_resolved: true\n  require_tls: false\n  auth_username: u\n  \
         auth_password: p\n  auth_identity: i\n  threading: {{enabled: true, thread_by_date: none}}\n  \
         text: '{{{{ template \"pushover.default.message\" . }}}}'\n  html: '<p title=\"{{{{ .CommonLabels.alertname }}}}\">{{{{ range .Alerts }}}}<a href=\"{{{{ .GeneratorURL }}}}\">{{{{ .Annotations.summary }}}}</a> {{{{ end }}}}.</p>'\n  \
         headers: {{x-own: 'ü {{{{ .Status }}}}'}}\n"
    )
}

/// Without what is another each time: identifiers, the date, the boundary, and the order of headers.
pub fn normal(heard: &[String]) -> Vec<String> {
    let boundary = heard.iter().find_map(|line| line.split_once("boundary=")).map(|(_, boundary)| boundary);
    let boundary = boundary.unwrap_or("none at all");
    let cut = |line: &String| match line.split_once(": ") {
        Some((name @ ("Message-Id" | "Date"), _)) => format!("{name}: ..."),
        _ => line.replace(boundary, "BOUNDARY"),
    };
    let mut lines: Vec<String> = heard.iter().map(cut).collect();
    if let Some(start) = lines.iter().position(|line| line == "DATA")
        && let Some(length) = lines[start..].iter().position(String::is_empty)
    {
        lines[start + 1..start + length].sort();
    }
    lines
}

#[tokio::test]
async fn as_alertmanager_mails() {
    let server = server().await;
    let config = config(&yaml(&[("mail", settings(server.port))]));
    let notifier = notifier(&config);
    let mut ours = Mails::default();
    for resolved in [false, true] {
        let send = send(&config, "mail", resolved);
        let seen = server.heard().len();
        notifier.notify(&send, send.at_ms).await.unwrap();
        *(if resolved { &mut ours.resolved } else { &mut ours.firing }) = normal(&server.heard()[seen..]);
    }
    let theirs = recorded();
    assert_eq!(ours.firing.join("\n"), theirs.firing.join("\n"));
    assert_eq!(ours.resolved.join("\n"), theirs.resolved.join("\n"));
}
