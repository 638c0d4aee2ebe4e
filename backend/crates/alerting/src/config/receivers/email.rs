//! E-mail.

use std::collections::BTreeMap;

use config::Problem;
use platform::http_client::{TextSource, TlsOptions};

use super::Reading;
use crate::config::fields::{HostPort, needed, secret_or_file, sub_section, template, text, texts};
use crate::config::global::{smarthost, tls_config};

/// An e-mail, with the defaults of `global` put in.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    /// Addresses to tell, separated by commas.
    pub to: String,
    /// Sender.
    pub from: String,
    /// Name to greet the server with.
    pub hello: String,
    /// Server.
    pub smarthost: HostPort,
    /// User name.
    pub auth_username: String,
    /// Password.
    pub auth_password: Option<TextSource>,
    /// Secret of CRAM-MD5.
    pub auth_secret: Option<TextSource>,
    /// Identity of PLAIN.
    pub auth_identity: String,
    /// Headers by their name in the usual spelling; templates.
    pub headers: BTreeMap<String, String>,
    /// Body in HTML; a template.
    pub html: String,
    /// Body in plain text; a template.
    pub text: String,
    /// Whether STARTTLS is needed.
    pub require_tls: bool,
    /// TLS.
    pub tls: TlsOptions,
    /// Whether TLS begins with the connection; by the port if not said.
    pub force_implicit_tls: Option<bool>,
    /// Whether and how messages about a group hang together.
    pub threading: Option<EmailThreading>,
}

/// How messages about a group hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailThreading {
    /// All of them.
    All,
    /// Those of a day.
    Daily,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<EmailConfig, Problem> {
    let s = &mut *r.section;
    let smtp = &r.context.global.smtp;
    let or = |own: String, global: &str| if own.is_empty() { global.to_owned() } else { own };
    let missing = |s: &config::Section<'_>, key, global| {
        s.problem(key, format!("is needed, here or as {global} in global"))
    };
    let Some(smarthost) = smarthost(s, "smarthost")?.or_else(|| smtp.smarthost.clone()) else {
        return Err(missing(s, "smarthost", "smtp_smarthost"));
    };
    let from = or(text(s, "from", "")?, &smtp.from);
    if from.is_empty() {
        return Err(missing(s, "from", "smtp_from"));
    }
    let mut headers = BTreeMap::new();
    for (name, value) in texts(s, "headers")? {
        let name = canonical_header(&name);
        if headers.insert(name.clone(), value).is_some() {
            return Err(s.problem("headers", format!("{name} is there twice; case does not count")));
        }
    }
    let auth_password = secret_or_file(s, "auth_password", "auth_password_file")?;
    let auth_secret = secret_or_file(s, "auth_secret", "auth_secret_file")?;
    let threading = threading(s, &headers)?;
    Ok(EmailConfig {
        to: needed(s, "to")?,
        from,
        hello: or(text(s, "hello", "")?, &smtp.hello),
        smarthost,
        auth_username: or(text(s, "auth_username", "")?, &smtp.auth_username),
        auth_password: auth_password.or_else(|| smtp.auth_password.clone()),
        auth_secret: auth_secret.or_else(|| smtp.auth_secret.clone()),
        auth_identity: or(text(s, "auth_identity", "")?, &smtp.auth_identity),
        headers,
        html: template(s, "html", "email.default.html")?,
        text: text(s, "text", "")?,
        require_tls: s.get_or("require_tls", smtp.require_tls)?,
        tls: tls_config(s, "tls_config", r.context.folder)?.unwrap_or_else(|| smtp.tls.clone()),
        force_implicit_tls: s.get("force_implicit_tls")?.or(smtp.force_implicit_tls),
        threading,
    })
}

fn threading(
    s: &mut config::Section<'_>,
    headers: &BTreeMap<String, String>,
) -> Result<Option<EmailThreading>, Problem> {
    let Some(node) = s.node("threading") else { return Ok(None) };
    sub_section(node, "threading", |s| {
        let enabled: bool = s.get_or("enabled", false)?;
        let by_date = text(s, "thread_by_date", "")?;
        if !enabled {
            return Ok(None);
        }
        if let Some(own) = ["References", "In-Reply-To"].iter().find(|name| headers.contains_key(**name)) {
            return Err(
                s.problem("enabled", format!("writes the header {own} itself; take it out of headers"))
            );
        }
        match by_date.as_str() {
            "none" => Ok(Some(EmailThreading::All)),
            "daily" => Ok(Some(EmailThreading::Daily)),
            _ => Err(s.problem("thread_by_date", "expected none or daily")),
        }
    })
}

/// A header's name as `Content-Type`; names with other characters than a header may have stay as they are.
fn canonical_header(name: &str) -> String {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut upper = true;
    name.chars()
        .map(|c| {
            let c = if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            upper = c == '-';
            c
        })
        .collect()
}
