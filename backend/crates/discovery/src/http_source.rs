//! Groups from a web server.

use std::sync::Arc;

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderName, HeaderValue};
use platform::http_client::{HttpFetch, HttpRequest};

use crate::config::HttpConfig;
use crate::group::{TargetGroup, parse_json};
use crate::runner::{Board, DiscoveryDeps, SourceError};

/// Most bytes of an answer.
const MOST_BYTES: usize = 64 << 20;
/// Tells the server how often it will be asked.
const REFRESH_HEADER: HeaderName = HeaderName::from_static("x-prometheus-refresh-interval-seconds");

pub(crate) struct HttpSource {
    config: HttpConfig,
    board: Arc<Board>,
    slot: usize,
    groups: Vec<Arc<TargetGroup>>,
    /// The address without user and password.
    shown: String,
}

impl HttpSource {
    pub(crate) fn new(config: HttpConfig, board: Arc<Board>, slot: usize) -> Self {
        let mut url = config.url.clone();
        // Only an address without a host refuses this, and there is one.
        let _ = url.set_password(None);
        let _ = url.set_username("");
        Self { shown: url.to_string(), config, board, slot, groups: Vec::new() }
    }

    pub(crate) async fn run(mut self, deps: DiscoveryDeps) {
        let mut client = None;
        let mut body = Vec::new();
        loop {
            let deadline = deps.clock.now_ms().saturating_add(self.config.refresh_interval.as_ms());
            let answer = tokio::select! {
                answer = self.fetch(&deps, &mut client, &mut body) => answer,
                () = deps.clock.sleep_until(deadline) => Err("no answer within the refresh_interval".to_owned()),
            };
            self.publish(answer);
            deps.clock.sleep_until(deadline).await;
        }
    }

    /// Fetches with the client, which is made if there is none: a certificate may appear later.
    async fn fetch(
        &self,
        deps: &DiscoveryDeps,
        client: &mut Option<Arc<dyn HttpFetch>>,
        body: &mut Vec<u8>,
    ) -> Result<Vec<TargetGroup>, String> {
        let client = match client {
            Some(client) => client,
            None => client.insert(deps.net.client(&self.config.client).map_err(|error| error.to_string())?),
        };
        fetch(&self.config, &**client, body).await
    }

    fn publish(&mut self, answer: Result<Vec<TargetGroup>, String>) {
        self.board.metrics().refreshes.inc();
        let errors = match answer {
            Ok(groups) => {
                let shown = &self.shown;
                self.groups =
                    groups.into_iter().map(|g| Arc::new(g.with_label("__meta_url", shown))).collect();
                Vec::new()
            }
            Err(message) => {
                self.board.metrics().failures.inc();
                tracing::warn!(url = %self.shown, error = %message, "cannot fetch target groups; the last ones stay");
                vec![SourceError { source: self.shown.clone(), message }]
            }
        };
        self.board.publish(self.slot, self.groups.clone(), errors);
    }
}

async fn fetch(
    config: &HttpConfig,
    client: &dyn HttpFetch,
    body: &mut Vec<u8>,
) -> Result<Vec<TargetGroup>, String> {
    let seconds = config.refresh_interval.to_std().as_secs_f64().to_string();
    let seconds = HeaderValue::from_str(&seconds).map_err(|error| error.to_string())?;
    let headers = [
        (ACCEPT, HeaderValue::from_static("application/json")),
        (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
        (REFRESH_HEADER, seconds),
    ];
    let request = HttpRequest { url: &config.url, headers: &headers, body_limit: MOST_BYTES };
    let answer = client.get(request, body).await.map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("the server answered with HTTP status {}", answer.status));
    }
    let media_type = answer.content_type.split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(format!("expected Content-Type application/json, got {:?}", answer.content_type));
    }
    let text = std::str::from_utf8(body).map_err(|_| "the answer is not UTF-8".to_owned())?;
    parse_json(text, config.url.as_str())
}
