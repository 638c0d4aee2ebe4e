//! A tree back as YAML, with secrets hidden.

use std::fmt::Write as _;

use crate::node::{Node, Scalar, ScalarKind};

/// Keys whose values are never shown.
const SECRET_KEYS: &[&str] = &[
    "password",
    "credentials",
    "bearer_token",
    "client_secret",
    "client_certificate_key",
    "secret_key",
    "secret_access_key",
    "key",
    "token",
    "api_key",
    "secrets",
    "proxy_connect_header",
    "application_credential_secret",
    "application_secret",
    "consumer_key",
    "service_key",
    "routing_key",
    "auth_token",
    "user_key",
    "bot_token",
    "smtp_auth_password",
    "smtp_auth_secret",
    "slack_api_url",
    "webhook_url",
    "app_token",
    "slack_app_token",
    "api_secret",
    "wechat_api_secret",
    "alert_source_token",
    "token_id",
    "auth_password",
    "auth_secret",
    "opsgenie_api_key",
    "victorops_api_key",
    "telegram_bot_token",
    "rocketchat_token",
    "rocketchat_token_id",
    "mattermost_webhook_url",
];

/// Keys whose values are secrets in lists of this name only: who knows such an address can write there.
const SECRET_IN: &[(&str, &str)] = &[
    ("webhook_configs", "url"),
    ("incidentio_configs", "url"),
    ("slack_configs", "api_url"),
    ("discord_configs", "api_url"),
];

/// The tree as YAML. Values of keys that hold secrets become `<secret>`, passwords in addresses `xxxxx`.
#[must_use]
pub fn redacted_yaml(node: &Node) -> String {
    let mut out = String::new();
    if !node.is_null() {
        write_node(&mut out, node, 0, false, Within::default());
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// What a node lies in.
#[derive(Clone, Copy, Default)]
struct Within<'n> {
    /// Whether its scalars are secrets.
    hidden: bool,
    /// The nearest list of configurations of one kind, or "".
    configs: &'n str,
}

impl<'n> Within<'n> {
    fn key(self, key: &'n str) -> Self {
        let secret = SECRET_KEYS.contains(&key) || SECRET_IN.contains(&(self.configs, key));
        let configs = if key.ends_with("_configs") { key } else { self.configs };
        Self { hidden: self.hidden || secret, configs }
    }
}

/// Writes a node after "key:" or "-" or at the start of the document. Depth was bounded on reading.
fn write_node<'n>(out: &mut String, node: &'n Node, indent: usize, in_list: bool, within: Within<'n>) {
    match node {
        Node::Null(_) => out.push_str("null\n"),
        Node::Scalar(_) if within.hidden => out.push_str("<secret>\n"),
        Node::Scalar(scalar) => {
            write_scalar(out, scalar);
            out.push('\n');
        }
        Node::List(_, items) if items.is_empty() => out.push_str("[]\n"),
        Node::Map(_, entries) if entries.is_empty() => out.push_str("{}\n"),
        Node::List(_, items) => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 || !in_list {
                    pad(out, indent);
                }
                out.push_str("- ");
                write_node(out, item, indent + 2, true, within);
            }
        }
        Node::Map(_, entries) => {
            for (at, entry) in entries.iter().enumerate() {
                if at > 0 || !in_list {
                    pad(out, indent);
                }
                write_text(out, &entry.key);
                out.push(':');
                let (separator, indent) = match &entry.value {
                    Node::List(_, items) if !items.is_empty() => ('\n', indent),
                    Node::Map(_, entries) if !entries.is_empty() => ('\n', indent + 2),
                    _ => (' ', indent),
                };
                out.push(separator);
                write_node(out, &entry.value, indent, false, within.key(&entry.key));
            }
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn write_scalar(out: &mut String, scalar: &Scalar) {
    match scalar.kind {
        ScalarKind::Number | ScalarKind::Bool(_) => out.push_str(&scalar.text),
        ScalarKind::Text => match without_password(&scalar.text) {
            Some(text) => write_text(out, &text),
            None => write_text(out, &scalar.text),
        },
    }
}

/// An address whose password is hidden, if the text is one.
fn without_password(text: &str) -> Option<String> {
    if !text.contains("://") {
        return None;
    }
    let mut url = url::Url::parse(text).ok()?;
    url.password()?;
    url.set_password(Some("xxxxx")).ok()?;
    Some(url.into())
}

/// A string: plain where no reader can take it for something else, otherwise in double quotes.
fn write_text(out: &mut String, text: &str) {
    let plain_char = |c: char| c.is_ascii_alphanumeric() || "_-./:@+ ".contains(c);
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/')
        && text.chars().all(plain_char)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains("  ")
        && !word.contains(&text.to_ascii_lowercase().as_str());
    let duration = model::parse_duration(text).is_ok() && text.ends_with(|c: char| c.is_ascii_alphabetic());
    if plain || duration {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || c == '\u{feff}' || c == '\u{2028}' || c == '\u{2029}' => {
                // Writing into a String cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::document::Document;

    fn parse(text: &str) -> Node {
        Document::parse(Path::new("t.yml"), text).unwrap().root().clone()
    }

    #[test]
    fn addresses_that_are_secrets_are_hidden_where_they_are() {
        let text = "global: {slack_app_token: s, opsgenie_api_url: http://o/}\nreceivers:\n- name: r\n  \
                    webhook_configs: [{url: s, max_alerts: 5, http_config: {proxy_url: http://p/}}]\n  \
                    slack_configs: [{api_url: s, channel: c}]\n  telegram_configs: [{api_url: http://t/, bot_token: s}]\n\
                    remote_write: [{url: http://w/}]\n";
        let shown = redacted_yaml(&parse(text));
        assert_eq!(shown.matches("<secret>").count(), 4, "{shown}");
        assert!(!shown.contains(": s\n"), "{shown}");
        for kept in ["opsgenie_api_url: http://o/", "api_url: http://t/", "url: http://w/", "channel: c"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        let text = "global:\n  scrape_interval: 15s\nscrape_configs:\n  - job_name: a\n    basic_auth: {username: u, password: 'p w'}\n    proxy_url: http://u:pass@proxy:1\n    static_configs:\n    - targets: ['x:1', \"y: 2\"]\n      labels: {}\n    params: {m: [1, 2]}\n    nothing:\n";
        assert_eq!(
            redacted_yaml(&parse(text)),
            "global:\n  scrape_interval: 15s\nscrape_configs:\n- job_name: a\n  basic_auth:\n    username: u\n    password: <secret>\n  proxy_url: http://u:xxxxx@proxy:1/\n  static_configs:\n  - targets:\n    - x:1\n    - \"y: 2\"\n    labels: {}\n  params:\n    m:\n    - 1\n    - 2\n  nothing: null\n"
        );
    }

    proptest! {
        #[test]
        fn written_texts_read_back(key in "\\PC{0,12}", value in "(\\PC|[\n\t\r]){0,20}") {
            let mut text = String::new();
            write_text(&mut text, &key);
            text.push_str(": ");
            write_text(&mut text, &value);
            let Node::Map(_, entries) = parse(&text) else { panic!("{text:?} is no mapping") };
            prop_assert_eq!(&entries[0].key, &key);
            let Node::Scalar(scalar) = &entries[0].value else { panic!("{text:?} has no scalar") };
            prop_assert_eq!(&scalar.text, &value);
            prop_assert_eq!(scalar.kind, ScalarKind::Text);
        }
    }
}
