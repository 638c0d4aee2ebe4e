//! The message: headers, and the bodies in text and HTML as alternatives.

use jiff::Timestamp;

use super::encode::{header, quoted_printable};
use super::unique;
use crate::config::receivers::{EmailConfig, EmailThreading};
use crate::notify::text::hashed;
use crate::notify::{NotifyError, Task};

const SUBJECT: &str = r#"{{ template "email.default.subject" . }}"#;

/// The message with lines that end with CR LF.
pub(super) fn message(task: &Task<'_>, config: &EmailConfig, from: &str) -> Result<String, NotifyError> {
    let at = Timestamp::from_millisecond(task.now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut headers = config.headers.clone();
    for (name, value) in [("Subject", SUBJECT), ("To", &config.to), ("From", &config.from)] {
        headers.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let mut out = String::new();
    for (name, template) in &headers {
        let value = task.render.text(template).map_err(|error| error.under(name))?;
        out.push_str(&format!("{name}: {}\r\n", header(&value)));
    }
    if !headers.contains_key("Message-Id") {
        // The sender's domain answers for the message being unlike any other.
        let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        out.push_str(&format!("Message-Id: <{}.{}@{domain}>\r\n", task.now_ms, unique(task, 1)));
    }
    if let Some(threading) = config.threading {
        let day = match threading {
            EmailThreading::All => String::new(),
            EmailThreading::Daily => at.strftime("%Y-%m-%d").to_string(),
        };
        // No message has this identifier: it is only what the messages of a thread have in common.
        let root = format!("<alert-{}-{day}@alertmanager>", &hashed(&task.send.group_key)[..16]);
        out.push_str(&format!("References: {root}\r\nIn-Reply-To: {root}\r\n"));
    }
    let boundary = unique(task, 3);
    out.push_str(&at.strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n").to_string());
    out.push_str(&format!("Content-Type: multipart/alternative;  boundary={boundary}\r\n"));
    out.push_str("MIME-Version: 1.0\r\n\r\n");
    // The alternative that is preferred comes last.
    let mut parts = Vec::new();
    if !config.text.is_empty() {
        parts.push(("plain", task.render.text(&config.text)?));
    }
    if !config.html.is_empty() {
        parts.push(("html", task.render.html(&config.html)?));
    }
    for (at, (kind, body)) in parts.iter().enumerate() {
        let line_end = if at == 0 { "" } else { "\r\n" };
        out.push_str(&format!("{line_end}--{boundary}\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
        out.push_str(&format!("Content-Type: text/{kind}; charset=UTF-8\r\n\r\n{}", quoted_printable(body)));
    }
    out.push_str(&format!("\r\n--{boundary}--\r\n"));
    Ok(out)
}
