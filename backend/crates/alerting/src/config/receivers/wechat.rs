//! WeChat.

use config::Problem;
use platform::http_client::TextSource;
use url::Url;

use super::Reading;
use crate::config::fields::{http_url, one_of, secret_or_file, template, text, with_slash};

/// WeChat's messages.
#[derive(Clone, Debug)]
pub struct WechatConfig {
    /// Secret.
    pub api_secret: TextSource,
    /// Corporation.
    pub corp_id: String,
    /// Address, ending with a slash.
    pub api_url: Url,
    /// Text; a template.
    pub message: String,
    /// `text` or `markdown`.
    pub message_type: String,
    /// Users; a template.
    pub to_user: String,
    /// Parties; a template.
    pub to_party: String,
    /// Tags; a template.
    pub to_tag: String,
    /// Agent; a template.
    pub agent_id: String,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<WechatConfig, Problem> {
    let s = &mut *r.section;
    let global = r.context.global;
    let secret = secret_or_file(s, "api_secret", "api_secret_file")?;
    let api_secret = secret.or_else(|| global.wechat_api_secret.clone());
    let mut corp_id = text(s, "corp_id", "")?;
    if corp_id.is_empty() {
        corp_id.clone_from(&global.wechat_api_corp_id);
    }
    if corp_id.is_empty() {
        return Err(s.problem("corp_id", "is needed, here or as wechat_api_corp_id in global"));
    }
    let mut message_type = text(s, "message_type", "text")?;
    if message_type.is_empty() {
        "text".clone_into(&mut message_type);
    }
    one_of(s, "message_type", &message_type, &["text", "markdown"])?;
    Ok(WechatConfig {
        api_secret: api_secret
            .ok_or_else(|| s.problem("api_secret", "is needed, here or as wechat_api_secret in global"))?,
        corp_id,
        api_url: with_slash(http_url(s, "api_url")?.unwrap_or_else(|| global.wechat_api_url.clone())),
        message: template(s, "message", "wechat.default.message")?,
        message_type,
        to_user: template(s, "to_user", "wechat.default.to_user")?,
        to_party: template(s, "to_party", "wechat.default.to_party")?,
        to_tag: template(s, "to_tag", "wechat.default.to_tag")?,
        agent_id: template(s, "agent_id", "wechat.default.agent_id")?,
    })
}
