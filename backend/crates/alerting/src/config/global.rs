//! `global`: what receivers fall back to.

use std::path::Path;

use config::{Duration, Node, Problem, Section, read_http_client};
use platform::http_client::{HttpClientOptions, TextSource, TlsOptions};
use url::Url;

use super::fields::{
    HostPort, either, file, http_url, http_url_or, secret, secret_or_file, secret_url_or_file, text,
};

/// Defaults of e-mail receivers.
#[derive(Clone, Debug, Default)]
pub struct SmtpDefaults {
    /// Sender.
    pub from: String,
    /// Name to greet the server with.
    pub hello: String,
    /// Server.
    pub smarthost: Option<HostPort>,
    /// User name.
    pub auth_username: String,
    /// Password.
    pub auth_password: Option<TextSource>,
    /// Secret of CRAM-MD5.
    pub auth_secret: Option<TextSource>,
    /// Identity of PLAIN.
    pub auth_identity: String,
    /// Whether STARTTLS is needed.
    pub require_tls: bool,
    /// Whether TLS begins with the connection; by the port if not said.
    pub force_implicit_tls: Option<bool>,
    /// TLS.
    pub tls: TlsOptions,
}

/// `global`, with defaults in place of what is not said.
#[derive(Clone, Debug)]
pub struct GlobalConfig {
    /// After what time an alert without an end counts as resolved, if it is not told again; 5m by default.
    pub resolve_timeout: Duration,
    /// Client settings of receivers that have none of their own.
    pub http: HttpClientOptions,
    /// E-mail.
    pub smtp: SmtpDefaults,
    /// Slack webhook.
    pub slack_api_url: Option<TextSource>,
    /// Slack app token.
    pub slack_app_token: Option<TextSource>,
    /// Where an app token is used.
    pub slack_app_url: Url,
    /// PagerDuty.
    pub pagerduty_url: Url,
    /// Opsgenie.
    pub opsgenie_api_url: Url,
    /// Opsgenie's key.
    pub opsgenie_api_key: Option<TextSource>,
    /// WeChat.
    pub wechat_api_url: Url,
    /// WeChat's secret.
    pub wechat_api_secret: Option<TextSource>,
    /// WeChat's corporation.
    pub wechat_api_corp_id: String,
    /// VictorOps.
    pub victorops_api_url: Url,
    /// VictorOps' key.
    pub victorops_api_key: Option<TextSource>,
    /// Telegram.
    pub telegram_api_url: Url,
    /// Telegram's token.
    pub telegram_bot_token: Option<TextSource>,
    /// Webex.
    pub webex_api_url: Url,
    /// Jira; there is no default.
    pub jira_api_url: Option<Url>,
    /// Rocket.Chat.
    pub rocketchat_api_url: Url,
    /// Rocket.Chat's token.
    pub rocketchat_token: Option<TextSource>,
    /// The id of Rocket.Chat's token.
    pub rocketchat_token_id: Option<TextSource>,
    /// Mattermost webhook.
    pub mattermost_webhook_url: Option<TextSource>,
}

impl GlobalConfig {
    /// Reads the section. Relative paths of client settings are taken from `folder`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node, folder: &Path) -> Result<Self, Problem> {
        let mut section = Section::of(node, "global")?;
        let s = &mut section;
        let slack_api_url = secret_url_or_file(s, "slack_api_url", "slack_api_url_file")?;
        let slack_app_token = secret_or_file(s, "slack_app_token", "slack_app_token_file")?;
        let slack_app_url = http_url_or(s, "slack_app_url", "https://slack.com/api/chat.postMessage")?;
        // The address of the app itself besides a token is how it was done before there were tokens.
        let same = matches!(&slack_api_url, Some(TextSource::Inline(url)) if *url == slack_app_url.as_str());
        if slack_api_url.is_some() && slack_app_token.is_some() && !same {
            return Err(s.problem("slack_app_token", "cannot be used together with slack_api_url"));
        }
        let global = Self {
            resolve_timeout: s.get_or("resolve_timeout", Duration::from_secs(300))?,
            http: s
                .node("http_config")
                .map(|node| http_config(node, folder))
                .transpose()?
                .unwrap_or_default(),
            smtp: smtp(s, folder)?,
            slack_api_url,
            slack_app_token,
            slack_app_url,
            pagerduty_url: http_url_or(s, "pagerduty_url", "https://events.pagerduty.com/v2/enqueue")?,
            opsgenie_api_url: http_url_or(s, "opsgenie_api_url", "https://api.opsgenie.com/")?,
            opsgenie_api_key: secret_or_file(s, "opsgenie_api_key", "opsgenie_api_key_file")?,
            wechat_api_url: http_url_or(s, "wechat_api_url", "https://qyapi.weixin.qq.com/cgi-bin/")?,
            wechat_api_secret: secret_or_file(s, "wechat_api_secret", "wechat_api_secret_file")?,
            wechat_api_corp_id: text(s, "wechat_api_corp_id", "")?,
            victorops_api_url: http_url_or(
                s,
                "victorops_api_url",
                "https://alert.victorops.com/integrations/generic/20131114/alert/",
            )?,
            victorops_api_key: secret_or_file(s, "victorops_api_key", "victorops_api_key_file")?,
            telegram_api_url: http_url_or(s, "telegram_api_url", "https://api.telegram.org")?,
            telegram_bot_token: secret_or_file(s, "telegram_bot_token", "telegram_bot_token_file")?,
            webex_api_url: http_url_or(s, "webex_api_url", "https://webexapis.com/v1/messages")?,
            jira_api_url: http_url(s, "jira_api_url")?,
            rocketchat_api_url: http_url_or(s, "rocketchat_api_url", "https://open.rocket.chat/")?,
            rocketchat_token: secret_or_file(s, "rocketchat_token", "rocketchat_token_file")?,
            rocketchat_token_id: secret_or_file(s, "rocketchat_token_id", "rocketchat_token_id_file")?,
            mattermost_webhook_url: secret_url_or_file(
                s,
                "mattermost_webhook_url",
                "mattermost_webhook_url_file",
            )?,
        };
        section.finish()?;
        Ok(global)
    }
}

fn smtp(s: &mut Section<'_>, folder: &Path) -> Result<SmtpDefaults, Problem> {
    let secret_inline = secret(s, "smtp_auth_secret")?;
    let secret_file = file(s, "smtp_auth_secret_file")?;
    Ok(SmtpDefaults {
        from: text(s, "smtp_from", "")?,
        hello: text(s, "smtp_hello", "localhost")?,
        smarthost: smarthost(s, "smtp_smarthost")?,
        auth_username: text(s, "smtp_auth_username", "")?,
        auth_password: secret_or_file(s, "smtp_auth_password", "smtp_auth_password_file")?,
        auth_secret: either(s, ("smtp_auth_secret", secret_inline), ("smtp_auth_secret_file", secret_file))?,
        auth_identity: text(s, "smtp_auth_identity", "")?,
        require_tls: s.get_or("smtp_require_tls", true)?,
        force_implicit_tls: s.get("smtp_force_implicit_tls")?,
        tls: tls_config(s, "smtp_tls_config", folder)?.unwrap_or_default(),
    })
}

/// A server's host and port; an empty text counts as absent.
pub(super) fn smarthost(s: &mut Section<'_>, key: &'static str) -> Result<Option<HostPort>, Problem> {
    match s.get::<String>(key)? {
        Some(text) if !text.is_empty() => s.get(key),
        _ => Ok(None),
    }
}

/// `http_config`.
pub(super) fn http_config(node: &Node, folder: &Path) -> Result<HttpClientOptions, Problem> {
    let mut section = Section::of(node, "http_config")?;
    let options = read_http_client(&mut section, folder)?;
    section.finish()?;
    Ok(options)
}

/// TLS settings outside of an `http_config`. They are read as those of one, where their rules are known.
pub(super) fn tls_config(
    s: &mut Section<'_>,
    key: &'static str,
    folder: &Path,
) -> Result<Option<TlsOptions>, Problem> {
    let Some(node) = s.node(key) else { return Ok(None) };
    let place = node.place();
    let entry = config::Entry { place, key: "tls_config".to_owned(), value: node.clone() };
    Ok(Some(http_config(&Node::Map(place, vec![entry]), folder)?.tls))
}
