//! Chats with a simple message: Telegram, Discord, Webex, Microsoft Teams.

use config::{Problem, Section};
use platform::http_client::TextSource;
use url::Url;

use super::Reading;
use crate::config::fields::{
    file, http_url, integer, needed, one_of, secret_or_file, secret_url_or_file, template, text,
};

/// Telegram's messages.
#[derive(Clone, Debug)]
pub struct TelegramConfig {
    /// Address.
    pub api_url: Url,
    /// Token of the bot.
    pub bot_token: TextSource,
    /// Chat: its number as text, or a file with it.
    pub chat_id: TextSource,
    /// Topic of a group; 0 means none.
    pub message_thread_id: i64,
    /// Text; a template.
    pub message: String,
    /// Whether it comes without a sound.
    pub disable_notifications: bool,
    /// Markdown, MarkdownV2, HTML, or empty for plain text.
    pub parse_mode: String,
}

pub(super) fn read_telegram(r: &mut Reading<'_, '_, '_>) -> Result<TelegramConfig, Problem> {
    let s = &mut *r.section;
    let global = r.context.global;
    let token =
        secret_or_file(s, "bot_token", "bot_token_file")?.or_else(|| global.telegram_bot_token.clone());
    let chat_id = integer(s, "chat_id")?.filter(|id| *id != 0);
    let chat_id_file = file(s, "chat_id_file")?;
    let parse_mode = text(s, "parse_mode", "HTML")?;
    one_of(s, "parse_mode", &parse_mode, &["Markdown", "MarkdownV2", "HTML", ""])?;
    Ok(TelegramConfig {
        api_url: http_url(s, "api_url")?.unwrap_or_else(|| global.telegram_api_url.clone()),
        bot_token: token
            .ok_or_else(|| s.problem("bot_token", "is needed, here or as telegram_bot_token in global"))?,
        chat_id: match (chat_id, chat_id_file) {
            (Some(id), None) => TextSource::Inline(id.to_string()),
            (None, Some(file)) => file,
            (None, None) => return Err(s.problem("chat_id", "chat_id or chat_id_file is needed")),
            (Some(_), Some(_)) => {
                return Err(s.problem("chat_id_file", "cannot be used together with chat_id"));
            }
        },
        message_thread_id: integer(s, "message_thread_id")?.unwrap_or(0),
        message: template(s, "message", "telegram.default.message")?,
        disable_notifications: s.get_or("disable_notifications", false)?,
        parse_mode,
    })
}

/// Discord's messages; all texts are templates.
#[derive(Clone, Debug)]
pub struct DiscordConfig {
    /// Webhook.
    pub webhook_url: TextSource,
    /// Text above the box.
    pub content: String,
    /// Headline of the box.
    pub title: String,
    /// Text of the box.
    pub message: String,
    /// Sender.
    pub username: String,
    /// Picture of the sender.
    pub avatar_url: String,
}

pub(super) fn read_discord(r: &mut Reading<'_, '_, '_>) -> Result<DiscordConfig, Problem> {
    let s = &mut *r.section;
    Ok(DiscordConfig {
        webhook_url: webhook(s)?,
        content: text(s, "content", "")?,
        title: template(s, "title", "discord.default.title")?,
        message: template(s, "message", "discord.default.message")?,
        username: text(s, "username", "")?,
        avatar_url: text(s, "avatar_url", "")?,
    })
}

/// Webex' messages. The token is in the client settings.
#[derive(Clone, Debug)]
pub struct WebexConfig {
    /// Address.
    pub api_url: Url,
    /// Text; a template.
    pub message: String,
    /// Room.
    pub room_id: String,
}

pub(super) fn read_webex(r: &mut Reading<'_, '_, '_>) -> Result<WebexConfig, Problem> {
    let s = &mut *r.section;
    if !r.own_http || r.http.authorization.is_none() {
        return Err(s.problem("http_config", "an authorization with the token of the bot is needed"));
    }
    Ok(WebexConfig {
        api_url: http_url(s, "api_url")?.unwrap_or_else(|| r.context.global.webex_api_url.clone()),
        message: template(s, "message", "webex.default.message")?,
        room_id: needed(s, "room_id")?,
    })
}

/// Microsoft Teams by its old connectors; all texts are templates.
#[derive(Clone, Debug)]
pub struct MsTeamsConfig {
    /// Webhook.
    pub webhook_url: TextSource,
    /// Headline.
    pub title: String,
    /// Summary.
    pub summary: String,
    /// Text.
    pub text: String,
}

pub(super) fn read_msteams(r: &mut Reading<'_, '_, '_>) -> Result<MsTeamsConfig, Problem> {
    let s = &mut *r.section;
    Ok(MsTeamsConfig {
        webhook_url: webhook(s)?,
        title: template(s, "title", "msteams.default.title")?,
        summary: template(s, "summary", "msteams.default.summary")?,
        text: template(s, "text", "msteams.default.text")?,
    })
}

/// Microsoft Teams by its workflows; both texts are templates.
#[derive(Clone, Debug)]
pub struct MsTeamsV2Config {
    /// Webhook.
    pub webhook_url: TextSource,
    /// Headline.
    pub title: String,
    /// Text.
    pub text: String,
}

pub(super) fn read_msteams_v2(r: &mut Reading<'_, '_, '_>) -> Result<MsTeamsV2Config, Problem> {
    let s = &mut *r.section;
    Ok(MsTeamsV2Config {
        webhook_url: webhook(s)?,
        title: template(s, "title", "msteamsv2.default.title")?,
        text: template(s, "text", "msteamsv2.default.text")?,
    })
}

fn webhook(s: &mut Section<'_>) -> Result<TextSource, Problem> {
    secret_url_or_file(s, "webhook_url", "webhook_url_file")?
        .ok_or_else(|| s.problem("webhook_url", "webhook_url or webhook_url_file is needed"))
}
