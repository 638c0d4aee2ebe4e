//! Chats whose messages carry boxes with fields: Rocket.Chat and Mattermost. All texts are templates.

use config::{Problem, Section};
use platform::http_client::TextSource;
use url::Url;

use super::Reading;
use crate::config::fields::{
    http_url, needed, secret_or_file, secret_url_or_file, sections, sub_section, template, text,
};

/// A field of a box.
#[derive(Clone, Debug)]
pub struct AttachmentField {
    /// Title.
    pub title: String,
    /// Value.
    pub value: String,
    /// Whether it takes half the width.
    pub short: Option<bool>,
}

/// A button of a Rocket.Chat message.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Rocket.Chat's buttons")]
pub struct AttachmentAction {
    pub kind: String,
    pub text: String,
    pub url: String,
    pub image_url: String,
    pub is_webview: bool,
    pub webview_height_ratio: String,
    pub msg: String,
    pub msg_in_chat_window: bool,
    pub msg_processing_type: String,
}

/// Rocket.Chat's messages.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Rocket.Chat's messages")]
pub struct RocketchatConfig {
    pub api_url: Url,
    pub token_id: TextSource,
    pub token: TextSource,
    pub channel: String,
    pub color: String,
    pub title: String,
    pub title_link: String,
    pub text: String,
    pub fields: Vec<AttachmentField>,
    pub short_fields: bool,
    pub emoji: String,
    pub icon_url: String,
    pub image_url: String,
    pub thumb_url: String,
    pub link_names: bool,
    pub actions: Vec<AttachmentAction>,
}

pub(super) fn read_rocketchat(r: &mut Reading<'_, '_, '_>) -> Result<RocketchatConfig, Problem> {
    let s = &mut *r.section;
    let global = r.context.global;
    let token_id =
        secret_or_file(s, "token_id", "token_id_file")?.or_else(|| global.rocketchat_token_id.clone());
    let token = secret_or_file(s, "token", "token_file")?.or_else(|| global.rocketchat_token.clone());
    let missing =
        |s: &Section<'_>, key, global| s.problem(key, format!("is needed, here or as {global} in global"));
    Ok(RocketchatConfig {
        api_url: http_url(s, "api_url")?.unwrap_or_else(|| global.rocketchat_api_url.clone()),
        token_id: token_id.ok_or_else(|| missing(s, "token_id", "rocketchat_token_id"))?,
        token: token.ok_or_else(|| missing(s, "token", "rocketchat_token"))?,
        channel: text(s, "channel", "")?,
        color: text(s, "color", r#"{{ if eq .Status "firing" }}red{{ else }}green{{ end }}"#)?,
        title: template(s, "title", "rocketchat.default.title")?,
        title_link: template(s, "title_link", "rocketchat.default.titlelink")?,
        text: template(s, "text", "rocketchat.default.text")?,
        fields: sections(s, "fields", |s| {
            let (title, value) = (text(s, "title", "")?, text(s, "value", "")?);
            Ok(AttachmentField { title, value, short: s.get("short")? })
        })?,
        short_fields: s.get_or("short_fields", false)?,
        emoji: template(s, "emoji", "rocketchat.default.emoji")?,
        icon_url: template(s, "icon_url", "rocketchat.default.iconurl")?,
        image_url: text(s, "image_url", "")?,
        thumb_url: text(s, "thumb_url", "")?,
        link_names: s.get_or("link_names", false)?,
        actions: sections(s, "actions", action)?,
    })
}

/// The keys of a button are written together, without underscores.
fn action(s: &mut Section<'_>) -> Result<AttachmentAction, Problem> {
    Ok(AttachmentAction {
        kind: text(s, "type", "")?,
        text: text(s, "text", "")?,
        url: text(s, "url", "")?,
        image_url: text(s, "imageurl", "")?,
        is_webview: s.get_or("iswebview", false)?,
        webview_height_ratio: text(s, "webviewheightratio", "")?,
        msg: text(s, "msg", "")?,
        msg_in_chat_window: s.get_or("msginchatwindow", false)?,
        msg_processing_type: text(s, "msgprocessingtype", "")?,
    })
}

/// Mattermost's messages.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Mattermost's messages")]
pub struct MattermostConfig {
    pub webhook_url: TextSource,
    pub channel: String,
    pub username: String,
    pub icon_url: String,
    pub icon_emoji: String,
    /// The box that is written of the message's own fields.
    pub own: Attachment,
    /// Further boxes.
    pub attachments: Vec<Attachment>,
    pub kind: String,
    /// Text beside the message.
    pub card: Option<String>,
    pub priority: Option<MattermostPriority>,
}

/// A box of a Mattermost message.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the fields are those of Mattermost's boxes")]
pub struct Attachment {
    pub fallback: String,
    pub color: String,
    pub pretext: String,
    pub text: String,
    pub author_name: String,
    pub author_link: String,
    pub author_icon: String,
    pub title: String,
    pub title_link: String,
    pub fields: Vec<AttachmentField>,
    pub thumb_url: String,
    pub footer: String,
    pub footer_icon: String,
    pub image_url: String,
}

/// How urgent a Mattermost message is.
#[derive(Clone, Debug)]
pub struct MattermostPriority {
    /// important, urgent, or empty.
    pub priority: String,
    /// Whether readers are asked to acknowledge.
    pub requested_ack: bool,
    /// Whether they are told again and again.
    pub persistent_notifications: bool,
}

pub(super) fn read_mattermost(r: &mut Reading<'_, '_, '_>) -> Result<MattermostConfig, Problem> {
    let s = &mut *r.section;
    let url = secret_url_or_file(s, "webhook_url", "webhook_url_file")?;
    let webhook_url = url
        .or_else(|| r.context.global.mattermost_webhook_url.clone())
        .ok_or_else(|| s.problem("webhook_url", "is needed, here or as mattermost_webhook_url in global"))?;
    let default = |name: &str| format!("{{{{ template \"mattermost.default.{name}\" . }}}}");
    let defaults = Attachment {
        fallback: default("fallback"),
        color: default("color"),
        text: default("text"),
        title: default("title"),
        title_link: default("titlelink"),
        ..Attachment::default()
    };
    let card = s.node("props").map(|node| sub_section(node, "props", |s| s.get::<String>("card")));
    let priority = s.node("priority").map(|node| {
        sub_section(node, "priority", |s| {
            Ok(MattermostPriority {
                priority: text(s, "priority", "")?,
                requested_ack: s.get_or("requested_ack", false)?,
                persistent_notifications: s.get_or("persistent_notifications", false)?,
            })
        })
    });
    Ok(MattermostConfig {
        webhook_url,
        channel: text(s, "channel", "")?,
        username: template(s, "username", "mattermost.default.username")?,
        icon_url: text(s, "icon_url", "")?,
        icon_emoji: text(s, "icon_emoji", "")?,
        own: attachment(s, &defaults)?,
        attachments: sections(s, "attachments", |s| attachment(s, &Attachment::default()))?,
        kind: text(s, "type", "")?,
        card: card.transpose()?.flatten(),
        priority: priority.transpose()?,
    })
}

fn attachment(s: &mut Section<'_>, defaults: &Attachment) -> Result<Attachment, Problem> {
    Ok(Attachment {
        fallback: text(s, "fallback", &defaults.fallback)?,
        color: text(s, "color", &defaults.color)?,
        pretext: text(s, "pretext", "")?,
        text: text(s, "text", &defaults.text)?,
        author_name: text(s, "author_name", "")?,
        author_link: text(s, "author_link", "")?,
        author_icon: text(s, "author_icon", "")?,
        title: text(s, "title", &defaults.title)?,
        title_link: text(s, "title_link", &defaults.title_link)?,
        fields: sections(s, "fields", |s| {
            let (title, value) = (needed(s, "title")?, needed(s, "value")?);
            Ok(AttachmentField { title, value, short: s.get("short")? })
        })?,
        thumb_url: text(s, "thumb_url", "")?,
        footer: text(s, "footer", "")?,
        footer_icon: text(s, "footer_icon", "")?,
        image_url: text(s, "image_url", "")?,
    })
}
