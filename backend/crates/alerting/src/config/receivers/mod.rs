//! Receivers: names with lists of integrations of all kinds.

mod attachments;
mod chat;
mod email;
mod incidentio;
mod jira;
mod opsgenie;
mod pagerduty;
mod push;
mod slack;
mod victorops;
mod webhook;
mod wechat;

use std::path::Path;

use config::{Node, Problem, Section};
use platform::http_client::HttpClientOptions;

pub use attachments::{
    Attachment, AttachmentAction, AttachmentField, MattermostConfig, MattermostPriority, RocketchatConfig,
};
pub use chat::{DiscordConfig, MsTeamsConfig, MsTeamsV2Config, TelegramConfig, WebexConfig};
pub use email::{EmailConfig, EmailThreading};
pub use incidentio::IncidentioConfig;
pub use jira::{JiraConfig, JiraField};
pub use opsgenie::{OpsgenieConfig, OpsgenieResponder};
pub use pagerduty::{PagerdutyConfig, PagerdutyImage, PagerdutyLink};
pub use push::{PushoverConfig, SigV4Config, SnsConfig};
pub use slack::{SlackAction, SlackConfig, SlackConfirmation, SlackField};
pub use victorops::VictoropsConfig;
pub use webhook::WebhookConfig;
pub use wechat::WechatConfig;

use super::global::{GlobalConfig, http_config};

/// What receivers need besides their own section.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// Folder of the configuration, for the paths of client settings.
    pub folder: &'c Path,
    /// Defaults.
    pub global: &'c GlobalConfig,
}

/// A receiver.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Name.
    pub name: String,
    /// What is sent where, in a fixed order of kinds; may be empty.
    pub integrations: Vec<Integration>,
}

/// One way in which a receiver is told.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The how-manieth of its kind in the receiver, from 0.
    pub index: u32,
    /// Whether it is told that alerts are resolved.
    pub send_resolved: bool,
    /// Client settings; of no meaning for e-mail.
    pub http: HttpClientOptions,
    /// What is particular to the kind.
    pub settings: Settings,
}

/// What is particular to a kind of receiver.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each variant is named for the service that it speaks to")]
pub enum Settings {
    Webhook(WebhookConfig),
    Email(EmailConfig),
    Pagerduty(PagerdutyConfig),
    Opsgenie(OpsgenieConfig),
    Wechat(WechatConfig),
    Slack(SlackConfig),
    Victorops(VictoropsConfig),
    Pushover(PushoverConfig),
    Sns(SnsConfig),
    Telegram(TelegramConfig),
    Discord(DiscordConfig),
    Webex(WebexConfig),
    MsTeams(MsTeamsConfig),
    MsTeamsV2(MsTeamsV2Config),
    Jira(JiraConfig),
    Rocketchat(RocketchatConfig),
    Mattermost(MattermostConfig),
    Incidentio(IncidentioConfig),
}

impl Settings {
    /// The kind by its name in metrics and in the notification log.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Email(_) => "email",
            Self::Pagerduty(_) => "pagerduty",
            Self::Opsgenie(_) => "opsgenie",
            Self::Wechat(_) => "wechat",
            Self::Slack(_) => "slack",
            Self::Victorops(_) => "victorops",
            Self::Pushover(_) => "pushover",
            Self::Sns(_) => "sns",
            Self::Telegram(_) => "telegram",
            Self::Discord(_) => "discord",
            Self::Webex(_) => "webex",
            Self::MsTeams(_) => "msteams",
            Self::MsTeamsV2(_) => "msteamsv2",
            Self::Jira(_) => "jira",
            Self::Rocketchat(_) => "rocketchat",
            Self::Mattermost(_) => "mattermost",
            Self::Incidentio(_) => "incidentio",
        }
    }
}

/// A section while it is read, with what all kinds share.
struct Reading<'s, 'n, 'c> {
    section: &'s mut Section<'n>,
    context: Context<'c>,
    /// Client settings: its own, or the global ones.
    http: &'s mut HttpClientOptions,
    /// Whether they are its own.
    own_http: bool,
}

impl Receiver {
    /// Reads a receiver.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(node: &Node, context: &Context<'_>) -> Result<Self, Problem> {
        let mut section = Section::of(node, "receiver")?;
        let name = super::fields::needed(&mut section, "name")?;
        let mut integrations = Vec::new();
        let mut read = |key, resolved, settings: Read| {
            integrations.extend(read_kind(&mut section, key, resolved, *context, settings)?);
            Ok::<(), Problem>(())
        };
        read("webhook_configs", true, |r| webhook::read(r).map(Settings::Webhook))?;
        read("email_configs", false, |r| email::read(r).map(Settings::Email))?;
        read("pagerduty_configs", true, |r| pagerduty::read(r).map(Settings::Pagerduty))?;
        read("opsgenie_configs", true, |r| opsgenie::read(r).map(Settings::Opsgenie))?;
        read("wechat_configs", false, |r| wechat::read(r).map(Settings::Wechat))?;
        read("slack_configs", false, |r| slack::read(r).map(Settings::Slack))?;
        read("victorops_configs", true, |r| victorops::read(r).map(Settings::Victorops))?;
        read("pushover_configs", true, |r| push::read_pushover(r).map(Settings::Pushover))?;
        read("sns_configs", true, |r| push::read_sns(r).map(Settings::Sns))?;
        read("telegram_configs", true, |r| chat::read_telegram(r).map(Settings::Telegram))?;
        read("discord_configs", true, |r| chat::read_discord(r).map(Settings::Discord))?;
        read("webex_configs", true, |r| chat::read_webex(r).map(Settings::Webex))?;
        read("msteams_configs", true, |r| chat::read_msteams(r).map(Settings::MsTeams))?;
        read("msteamsv2_configs", true, |r| chat::read_msteams_v2(r).map(Settings::MsTeamsV2))?;
        read("jira_configs", true, |r| jira::read(r).map(Settings::Jira))?;
        read("rocketchat_configs", false, |r| attachments::read_rocketchat(r).map(Settings::Rocketchat))?;
        read("mattermost_configs", true, |r| attachments::read_mattermost(r).map(Settings::Mattermost))?;
        read("incidentio_configs", true, |r| incidentio::read(r).map(Settings::Incidentio))?;
        section.finish()?;
        Ok(Self { name, integrations })
    }
}

type Read = fn(&mut Reading<'_, '_, '_>) -> Result<Settings, Problem>;

/// Reads the integrations of one kind. `key` is that of the list; without its last letter it names an element
/// in messages.
fn read_kind(
    section: &mut Section<'_>,
    key: &'static str,
    send_resolved: bool,
    context: Context<'_>,
    settings: Read,
) -> Result<Vec<Integration>, Problem> {
    let mut index = 0;
    section.list(key, |node| {
        let name = key.strip_suffix('s').unwrap_or(key);
        if node.is_null() {
            return Err(Problem::new(node.place(), format!("{name} is empty")));
        }
        let mut section = Section::of(node, name)?;
        let send_resolved = section.get_or("send_resolved", send_resolved)?;
        // E-mail knows no client settings, so that the key is unknown there.
        let own = if key == "email_configs" { None } else { section.node("http_config") };
        let mut http = match own {
            Some(node) => http_config(node, context.folder)?,
            None => context.global.http.clone(),
        };
        let mut reading =
            Reading { section: &mut section, context, http: &mut http, own_http: own.is_some() };
        let settings = settings(&mut reading)?;
        section.finish()?;
        index += 1;
        Ok(Integration { index: index - 1, send_resolved, http, settings })
    })
}
