//! incident.io.

use std::time::Duration;

use config::Problem;
use platform::http_client::{Authorization, TextSource};

use super::Reading;
use crate::config::fields::{go_duration, secret_or_file, secret_url_or_file};

/// An alert source of incident.io. Its token is in the client settings.
#[derive(Clone, Debug)]
pub struct IncidentioConfig {
    /// Address.
    pub url: TextSource,
    /// Most alerts of a message; 0 means all.
    pub max_alerts: u64,
    /// Most time of a request; 0 means until the next notification.
    pub timeout: Duration,
}

pub(super) fn read(r: &mut Reading<'_, '_, '_>) -> Result<IncidentioConfig, Problem> {
    let s = &mut *r.section;
    let url = secret_url_or_file(s, "url", "url_file")?;
    let token = secret_or_file(s, "alert_source_token", "alert_source_token_file")?;
    let authorized = r.own_http && r.http.authorization.is_some();
    match token {
        Some(_) if authorized => {
            let why = "cannot be used together with an authorization in http_config";
            return Err(s.problem("alert_source_token", why));
        }
        None if r.own_http && !authorized => {
            let why = "a token is needed, here, in a file, or as an authorization in http_config";
            return Err(s.problem("alert_source_token", why));
        }
        Some(token) => {
            r.http.authorization =
                Some(Authorization { scheme: "Bearer".to_owned(), credentials: Some(token) });
        }
        None => {}
    }
    Ok(IncidentioConfig {
        url: url.ok_or_else(|| s.problem("url", "url or url_file is needed"))?,
        max_alerts: s.get_or("max_alerts", 0)?,
        timeout: go_duration(s, "timeout", Duration::ZERO)?,
    })
}
