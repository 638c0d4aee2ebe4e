//! Telling receivers: the message of each kind as Alertmanager words it, and one attempt to bring it there.
//!
//! [`Notifier::notify`] makes one attempt; [`deliver`] tries again as long as that may help. Secrets are read
//! when they are needed, so that a rotated one is used at once, and are never part of an error: the address of a
//! webhook is a secret too.

mod attempts;
mod data;
mod discord;
mod email;
mod error;
mod hmac;
mod http;
mod incidentio;
mod jira;
mod json;
mod mattermost;
mod opsgenie;
mod pagerduty;
mod pushover;
mod rocketchat;
mod sigv4;
mod slack;
mod sns;
mod structured;
mod teams;
mod telegram;
mod text;
mod victorops;
mod webex;
mod webhook;
mod wechat;

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use model::TimestampMs;
use platform::http_client::{HttpClientOptions, HttpFetch, HttpNet};
use platform::{Clock, Entropy};
use templates::NotificationTemplates;

pub use attempts::{Attempt, Backoff, Delivery, MOST_ATTEMPTS_KEPT, Next, Retries, deliver};
pub use error::{Answer, NotifyError};

use crate::Send;
use crate::config::AlertingConfig;
use crate::config::receivers::Settings;
use data::Render;

/// What a notifier needs from outside.
pub struct NotifierParts {
    /// The network.
    pub net: Arc<dyn HttpNet>,
    /// Time, for the timeouts of receivers.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for identifiers of messages.
    pub entropy: Arc<dyn Entropy>,
    /// The templates of the configuration, with the built-in ones.
    pub templates: NotificationTemplates,
    /// The address under which people reach the program, without a slash at its end.
    pub external_url: String,
}

/// Brings notifications to receivers.
pub struct Notifier {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    templates: NotificationTemplates,
    external_url: String,
    clients: HashMap<HttpClientOptions, Arc<dyn HttpFetch>>,
    slack: slack::Messages,
    wechat: wechat::Tokens,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("clients", &self.clients.len()).finish_non_exhaustive()
    }
}

/// One attempt: who is told, with what texts, by which client.
struct Task<'a> {
    notifier: &'a Notifier,
    client: &'a dyn HttpFetch,
    send: &'a Send,
    render: Render<'a>,
    now_ms: TimestampMs,
}

impl Notifier {
    /// A notifier for the receivers of `config`.
    ///
    /// # Errors
    /// When the client settings of a receiver cannot be used: the receiver and why.
    pub fn new(config: &AlertingConfig, parts: NotifierParts) -> Result<Self, String> {
        let mut clients: HashMap<HttpClientOptions, Arc<dyn HttpFetch>> = HashMap::new();
        for receiver in &config.receivers {
            for integration in &receiver.integrations {
                if clients.contains_key(&integration.http) {
                    continue;
                }
                let client = parts.net.client(&integration.http).map_err(|error| {
                    format!("receiver {:?}: {}: {error}", receiver.name, integration.settings.kind())
                })?;
                clients.insert(integration.http.clone(), client);
            }
        }
        Ok(Self {
            clock: parts.clock,
            entropy: parts.entropy,
            templates: parts.templates,
            external_url: parts.external_url,
            clients,
            slack: slack::Messages::default(),
            wechat: wechat::Tokens::default(),
        })
    }

    /// Makes one attempt to send. There is no timeout but that of the receiver's settings: drop the future when
    /// the time is over.
    ///
    /// # Errors
    /// Why it was not taken, and whether trying again may help.
    pub async fn notify(&self, send: &Send, now_ms: TimestampMs) -> Result<Answer, NotifyError> {
        let integration =
            send.settings().ok_or_else(|| NotifyError::lasting("the receiver has no such integration"))?;
        let client = self
            .clients
            .get(&integration.http)
            .ok_or_else(|| NotifyError::lasting("the receiver is not one of this configuration"))?;
        let render = Render::new(&self.templates, send, &send.alerts, &self.external_url, now_ms);
        let task = Task { notifier: self, client: client.as_ref(), send, render, now_ms };
        match &integration.settings {
            Settings::Webhook(config) => webhook::notify(&task, config).await,
            Settings::Slack(config) => slack::notify(&task, config).await,
            Settings::Pagerduty(config) => pagerduty::notify(&task, config).await,
            Settings::Opsgenie(config) => opsgenie::notify(&task, config).await,
            Settings::MsTeams(config) => teams::notify(&task, config).await,
            Settings::MsTeamsV2(config) => teams::notify_v2(&task, config).await,
            Settings::Telegram(config) => telegram::notify(&task, config).await,
            Settings::Discord(config) => discord::notify(&task, config).await,
            Settings::Pushover(config) => pushover::notify(&task, config).await,
            Settings::Victorops(config) => victorops::notify(&task, config).await,
            Settings::Wechat(config) => wechat::notify(&task, config).await,
            Settings::Webex(config) => webex::notify(&task, config).await,
            Settings::Rocketchat(config) => rocketchat::notify(&task, config).await,
            Settings::Mattermost(config) => mattermost::notify(&task, config).await,
            Settings::Incidentio(config) => incidentio::notify(&task, config).await,
            Settings::Email(config) => email::notify(&task, config).await,
            Settings::Jira(config) => jira::notify(&task, config).await,
            Settings::Sns(config) => sns::notify(&task, config).await,
        }
    }
}
