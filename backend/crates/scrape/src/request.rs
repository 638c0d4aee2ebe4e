//! The request of a scrape, and what its answer is taken for.

use std::sync::Arc;

use config::{NameValidation, ScrapeProtocol};
use exposition::Format;
use http::StatusCode;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, HeaderValue};
use platform::http_client::{HttpFetch, HttpRequest, HttpResponse};
use url::Url;

use crate::config::ScrapeConfig;

const TIMEOUT_HEADER: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// How a target is asked.
pub(crate) struct Request {
    client: Arc<dyn HttpFetch>,
    headers: Vec<(HeaderName, HeaderValue)>,
    fallback: Option<Format>,
    body_limit: usize,
}

impl Request {
    pub(crate) fn new(client: Arc<dyn HttpFetch>, config: &ScrapeConfig, timeout_ms: i64) -> Self {
        let value =
            |text: String| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("*/*"));
        let encoding = if config.enable_compression { "gzip" } else { "identity" };
        Self {
            client,
            headers: vec![
                (ACCEPT, value(accept(config))),
                (ACCEPT_ENCODING, HeaderValue::from_static(encoding)),
                (TIMEOUT_HEADER, value((timeout_ms as f64 / 1000.0).to_string())),
            ],
            fallback: config.fallback_scrape_protocol.map(format_of),
            body_limit: config.body_size_limit,
        }
    }

    /// Fetches the body.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) async fn fetch(&self, url: &Url, body: &mut Vec<u8>) -> Result<HttpResponse, String> {
        let request = HttpRequest { url, headers: &self.headers, body_limit: self.body_limit };
        let response = self.client.get(request, body).await.map_err(|error| error.to_string())?;
        if response.status != 200 {
            let reason =
                StatusCode::from_u16(response.status).ok().and_then(|s| s.canonical_reason()).unwrap_or("");
            return Err(format!("server returned HTTP status {} {reason}", response.status)
                .trim_end()
                .to_owned());
        }
        Ok(response)
    }

    /// The format of a body.
    ///
    /// # Errors
    /// When its type says none and the configuration names no fallback.
    pub(crate) fn format(&self, content_type: &str) -> Result<Format, String> {
        match Format::from_content_type(content_type) {
            Ok(format) => Ok(format),
            Err(error) => self.fallback.ok_or_else(|| {
                format!("{error}, and no fallback_scrape_protocol is specified for the target")
            }),
        }
    }
}

fn format_of(protocol: ScrapeProtocol) -> Format {
    match protocol {
        ScrapeProtocol::PrometheusProto => Format::Protobuf,
        ScrapeProtocol::PrometheusText0_0_4 | ScrapeProtocol::PrometheusText1_0_0 => Format::Text,
        ScrapeProtocol::OpenMetricsText0_0_1 | ScrapeProtocol::OpenMetricsText1_0_0 => Format::OpenMetrics,
    }
}

/// The protocols with falling weights, then anything.
fn accept(config: &ScrapeConfig) -> String {
    let escaping = match config.name_validation {
        NameValidation::Utf8 => ";escaping=allow-utf-8",
        NameValidation::Legacy => ";escaping=underscores",
    };
    let mut weight = config.scrape_protocols.len() + 1;
    let mut parts = Vec::new();
    for protocol in &config.scrape_protocols {
        let escaping = match protocol {
            ScrapeProtocol::PrometheusText0_0_4 | ScrapeProtocol::OpenMetricsText0_0_1 => "",
            _ => escaping,
        };
        parts.push(format!("{}{escaping};q=0.{weight}", protocol.media_type()));
        weight -= 1;
    }
    parts.push(format!("*/*;q=0.{weight}"));
    parts.join(",")
}
