//! Slack: a webhook, or an app with a token.

use std::time::Duration;

use config::{Problem, Section};
use platform::http_client::{Authorization, TextSource};

use super::Reading;
use crate::config::fields::{
    go_duration, http_url, needed, secret_or_file, secret_url_or_file, sections, sub_section, template, text,
};

/// The only address that can change a message.
const APP_URL: &str = "https://slack.com/api/chat.postMessage";

/// Slack's messages; all texts are templates.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Slack's messages")]
pub struct SlackConfig {
    /// Where to: a webhook, or the address of the app, whose token is in the client settings.
    pub api_url: TextSource,
    pub channel: String,
    pub username: String,
    pub color: String,
    pub title: String,
    pub title_link: String,
    pub pretext: String,
    pub text: String,
    pub message_text: String,
    pub fields: Vec<SlackField>,
    pub short_fields: bool,
    pub footer: String,
    pub fallback: String,
    pub callback_id: String,
    pub icon_emoji: String,
    pub icon_url: String,
    pub image_url: String,
    pub thumb_url: String,
    pub link_names: bool,
    pub mrkdwn_in: Vec<String>,
    pub actions: Vec<SlackAction>,
    /// Whether the message about a group is changed instead of a new one sent.
    pub update_message: bool,
    /// Most time of a request; 0 means until the next notification.
    pub timeout: Duration,
}

/// A field of a message.
#[derive(Clone, Debug)]
pub struct SlackField {
    /// Title.
    pub title: String,
    /// Value.
    pub value: String,
    /// Whether it takes half the width; as `short_fields` says if not said.
    pub short: Option<bool>,
}

/// A button: with an address, or with a name and a value.
#[derive(Clone, Debug)]
pub struct SlackAction {
    /// Kind.
    pub kind: String,
    /// Text.
    pub text: String,
    /// Address, or empty.
    pub url: String,
    /// Style.
    pub style: String,
    /// Name, or empty.
    pub name: String,
    /// Value.
    pub value: String,
    /// A question before it acts.
    pub confirm: Option<SlackConfirmation>,
}

/// A question before a button acts.
#[derive(Clone, Debug)]
pub struct SlackConfirmation {
    /// Text.
    pub text: String,
    /// Title.
    pub title: String,
    /// Text for yes.
    pub ok_text: String,
    /// Text for no.
    pub dismiss_text: String,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<SlackConfig, Problem> {
    let api_url = api_url(r)?;
    let s = &mut *r.section;
    Ok(SlackConfig {
        api_url,
        channel: text(s, "channel", "")?,
        username: template(s, "username", "slack.default.username")?,
        color: template(s, "color", "slack.default.color")?,
        title: template(s, "title", "slack.default.title")?,
        title_link: template(s, "title_link", "slack.default.titlelink")?,
        pretext: template(s, "pretext", "slack.default.pretext")?,
        text: template(s, "text", "slack.default.text")?,
        message_text: text(s, "message_text", "")?,
        fields: sections(s, "fields", |s| {
            Ok(SlackField { title: needed(s, "title")?, value: needed(s, "value")?, short: s.get("short")? })
        })?,
        short_fields: s.get_or("short_fields", false)?,
        footer: template(s, "footer", "slack.default.footer")?,
        fallback: template(s, "fallback", "slack.default.fallback")?,
        callback_id: template(s, "callback_id", "slack.default.callbackid")?,
        icon_emoji: template(s, "icon_emoji", "slack.default.iconemoji")?,
        icon_url: template(s, "icon_url", "slack.default.iconurl")?,
        image_url: text(s, "image_url", "")?,
        thumb_url: text(s, "thumb_url", "")?,
        link_names: s.get_or("link_names", false)?,
        mrkdwn_in: s.get_or("mrkdwn_in", Vec::new())?,
        actions: sections(s, "actions", action)?,
        update_message: needs_app(s, "update_message")?,
        timeout: go_duration(s, "timeout", Duration::ZERO)?,
    })
}

/// Where to send. An app's token goes into the client settings.
fn api_url(r: &mut Reading<'_, '_, '_>) -> Result<TextSource, Problem> {
    let s = &mut *r.section;
    let global = r.context.global;
    let own_url = secret_url_or_file(s, "api_url", "api_url_file")?;
    let own_token = secret_or_file(s, "app_token", "app_token_file")?;
    let app_url = http_url(s, "app_url")?.unwrap_or_else(|| global.slack_app_url.clone());
    if own_url.is_some() && own_token.is_some() {
        return Err(s.problem("app_token", "cannot be used together with api_url"));
    }
    let has_authorization = r.own_http && r.http.authorization.is_some();
    let inline_url = matches!(own_url, Some(TextSource::Inline(_)));
    let token = match own_token {
        None if !has_authorization && !inline_url => global.slack_app_token.clone(),
        own => own,
    };
    if let Some(token) = token {
        if r.http.authorization.is_some() {
            let why = "cannot be used together with an authorization in http_config; the token is one";
            return Err(s.problem("app_token", why));
        }
        r.http.authorization = Some(Authorization { scheme: "Bearer".to_owned(), credentials: Some(token) });
        return Ok(TextSource::Inline(app_url.into()));
    }
    own_url.or_else(|| global.slack_api_url.clone()).ok_or_else(|| {
        let why = "an api_url or app_token is needed, here or as slack_api_url or slack_app_token in global";
        s.problem("api_url", why)
    })
}

/// A switch that works with an app only, and only if its address is said here.
fn needs_app(s: &mut Section<'_>, key: &'static str) -> Result<bool, Problem> {
    let on: bool = s.get_or(key, false)?;
    let url: Option<String> = s.get("api_url")?;
    if on && url.as_deref() != Some(APP_URL) {
        return Err(s.problem(key, format!("needs a bot's token and api_url: {APP_URL}")));
    }
    Ok(on)
}

fn action(s: &mut Section<'_>) -> Result<SlackAction, Problem> {
    let confirm = s.node("confirm").map(|node| {
        sub_section(node, "confirm", |s| {
            Ok(SlackConfirmation {
                text: needed(s, "text")?,
                title: text(s, "title", "")?,
                ok_text: text(s, "ok_text", "")?,
                dismiss_text: text(s, "dismiss_text", "")?,
            })
        })
    });
    let action = SlackAction {
        kind: needed(s, "type")?,
        text: needed(s, "text")?,
        url: text(s, "url", "")?,
        style: text(s, "style", "")?,
        name: text(s, "name", "")?,
        value: text(s, "value", "")?,
        confirm: confirm.transpose()?,
    };
    match (action.url.is_empty(), action.name.is_empty()) {
        (true, true) => Err(s.problem("url", "an action needs a url or a name")),
        (true, false) => Ok(action),
        // A link carries no message.
        (false, _) => Ok(SlackAction { name: String::new(), value: String::new(), confirm: None, ..action }),
    }
}
