//! Messages to phones and topics: Pushover and Amazon SNS.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Problem, Section};
use platform::http_client::TextSource;

use super::Reading;
use crate::config::fields::{go_duration, secret, secret_or_file, sub_section, template, text, texts};

/// Pushover's messages; all texts are templates.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of Pushover's messages")]
pub struct PushoverConfig {
    pub user_key: TextSource,
    pub token: TextSource,
    pub title: String,
    pub message: String,
    pub url: String,
    pub url_title: String,
    pub device: String,
    pub sound: String,
    pub priority: String,
    pub retry: Duration,
    pub expire: Duration,
    /// How long the message is kept; 0 means as the service does.
    pub ttl: Duration,
    pub html: bool,
    pub monospace: bool,
}

pub(super) fn read_pushover(r: &mut Reading<'_, '_, '_>) -> Result<PushoverConfig, Problem> {
    let s = &mut *r.section;
    let user_key = secret_or_file(s, "user_key", "user_key_file")?;
    let token = secret_or_file(s, "token", "token_file")?;
    let config = PushoverConfig {
        user_key: user_key.ok_or_else(|| s.problem("user_key", "user_key or user_key_file is needed"))?,
        token: token.ok_or_else(|| s.problem("token", "token or token_file is needed"))?,
        title: template(s, "title", "pushover.default.title")?,
        message: template(s, "message", "pushover.default.message")?,
        url: template(s, "url", "pushover.default.url")?,
        url_title: text(s, "url_title", "")?,
        device: text(s, "device", "")?,
        sound: text(s, "sound", "")?,
        priority: text(s, "priority", r#"{{ if eq .Status "firing" }}2{{ else }}0{{ end }}"#)?,
        retry: go_duration(s, "retry", Duration::from_secs(60))?,
        expire: go_duration(s, "expire", Duration::from_secs(3600))?,
        ttl: go_duration(s, "ttl", Duration::ZERO)?,
        html: s.get_or("html", false)?,
        monospace: s.get_or("monospace", false)?,
    };
    if config.html && config.monospace {
        return Err(s.problem("monospace", "cannot be used together with html"));
    }
    Ok(config)
}

/// Amazon SNS; all texts are templates.
#[derive(Clone, Debug)]
pub struct SnsConfig {
    /// Address in place of the usual one of the region.
    pub api_url: String,
    /// How requests are signed.
    pub sigv4: SigV4Config,
    /// Topic; one of the three is there.
    pub topic_arn: String,
    /// Phone number.
    pub phone_number: String,
    /// Target.
    pub target_arn: String,
    /// Headline.
    pub subject: String,
    /// Text.
    pub message: String,
    /// Further values.
    pub attributes: BTreeMap<String, String>,
}

/// Signatures of AWS. What is not said comes from the environment.
#[derive(Clone, Debug, Default)]
pub struct SigV4Config {
    /// Region.
    pub region: String,
    /// Public part of the key.
    pub access_key: String,
    /// Secret part of the key.
    pub secret_key: Option<TextSource>,
    /// Profile.
    pub profile: String,
    /// Role to take.
    pub role_arn: String,
    /// Identifier by which the role's owner knows us.
    pub external_id: String,
    /// Whether the FIPS address of the token service is used.
    pub use_fips_sts_endpoint: bool,
}

pub(super) fn read_sns(r: &mut Reading<'_, '_, '_>) -> Result<SnsConfig, Problem> {
    let s = &mut *r.section;
    let config = SnsConfig {
        api_url: text(s, "api_url", "")?,
        sigv4: s.node("sigv4").map(|n| sub_section(n, "sigv4", sigv4)).transpose()?.unwrap_or_default(),
        topic_arn: text(s, "topic_arn", "")?,
        phone_number: text(s, "phone_number", "")?,
        target_arn: text(s, "target_arn", "")?,
        subject: template(s, "subject", "sns.default.subject")?,
        message: template(s, "message", "sns.default.message")?,
        attributes: texts(s, "attributes")?,
    };
    // Which of two HTTP clients of an SDK is used means nothing here.
    s.get::<bool>("use_aws_http_client")?;
    let there = [&config.topic_arn, &config.phone_number, &config.target_arn];
    if there.iter().filter(|text| !text.is_empty()).count() != 1 {
        return Err(s.problem("topic_arn", "one of topic_arn, phone_number and target_arn is needed"));
    }
    Ok(config)
}

fn sigv4(s: &mut Section<'_>) -> Result<SigV4Config, Problem> {
    let config = SigV4Config {
        region: text(s, "region", "")?,
        access_key: text(s, "access_key", "")?,
        secret_key: secret(s, "secret_key")?,
        profile: text(s, "profile", "")?,
        role_arn: text(s, "role_arn", "")?,
        external_id: text(s, "external_id", "")?,
        use_fips_sts_endpoint: s.get_or("use_fips_sts_endpoint", false)?,
    };
    if config.access_key.is_empty() != config.secret_key.is_none() {
        return Err(s.problem("access_key", "access_key and secret_key go together"));
    }
    Ok(config)
}
