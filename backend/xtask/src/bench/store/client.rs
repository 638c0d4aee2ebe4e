//! Talking to a server: remote write, and queries by Prometheus' API, which all contenders speak.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::body::Body;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(300);
/// An answer is not larger.
const ANSWER_BYTES: u64 = 1 << 30;
/// How often a body is sent that the server cannot take at the moment.
const ATTEMPTS: u32 = 6;

/// A connection to a server, kept open.
#[derive(Clone)]
pub(super) struct Client {
    agent: ureq::Agent,
    address: String,
}

impl Client {
    /// A client of the server at `address`, a host and a port.
    pub(super) fn new(address: &str) -> Self {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        Self { agent: config.new_agent(), address: format!("http://{address}") }
    }

    /// The same server over a connection of its own.
    pub(super) fn another(&self) -> Self {
        Self::new(self.address.trim_start_matches("http://"))
    }

    /// Status and text of an answer to GET.
    ///
    /// # Errors
    /// When there is no answer.
    pub(super) fn get(&self, path: &str) -> Result<(u16, String)> {
        read(self.agent.get(format!("{}{path}", self.address)).call()?)
    }

    /// Status and text of an answer to POST without a body.
    ///
    /// # Errors
    /// When there is no answer.
    pub(super) fn post(&self, path: &str) -> Result<(u16, String)> {
        read(self.agent.post(format!("{}{path}", self.address)).send_empty()?)
    }

    /// Writes a body, again if the server says that it cannot take it now; the time it took.
    ///
    /// # Errors
    /// When the server refuses it.
    pub(super) fn write(&self, body: &Body) -> Result<Duration> {
        let begun = Instant::now();
        for attempt in 1.. {
            let request = self
                .agent
                .post(format!("{}/api/v1/write", self.address))
                .content_type("application/x-protobuf")
                .header("Content-Encoding", "snappy")
                .header("X-Prometheus-Remote-Write-Version", "0.1.0");
            let (status, text) = read(request.send(&body.bytes[..])?)?;
            match status {
                200..300 => break,
                429 | 500.. if attempt < ATTEMPTS => sleep(Duration::from_millis(50 << attempt)),
                _ => bail!("remote write was answered with {status}: {}", text.trim()),
            }
        }
        Ok(begun.elapsed())
    }

    /// The text of the answer to an instant query, and the time until all of it was there.
    ///
    /// # Errors
    /// When the server does not answer it.
    pub(super) fn query_text(&self, query: &str, t_ms: i64) -> Result<(String, Duration)> {
        let begun = Instant::now();
        let request = self
            .agent
            .get(format!("{}/api/v1/query", self.address))
            .query("query", query)
            .query("time", format!("{}.{:03}", t_ms / 1_000, t_ms % 1_000))
            // VictoriaMetrics would answer from the result of the last time; the others take no notice.
            .query("nocache", "1");
        let (status, text) = read(request.call()?)?;
        if status != 200 {
            bail!("{query} was answered with {status}: {}", text.trim());
        }
        Ok((text, begun.elapsed()))
    }

    /// The value of a query whose answer has one series; 0 when it has none.
    ///
    /// # Errors
    /// When the server does not answer it, or with something else.
    pub(super) fn scalar(&self, query: &str, t_ms: i64) -> Result<f64> {
        let (text, _) = self.query_text(query, t_ms)?;
        match series(&text)?.as_slice() {
            [] => Ok(0.0),
            [one] => one["value"][1].as_str().context("a series has no value")?.parse().context("no number"),
            more => bail!("{query} has {} series", more.len()),
        }
    }
}

/// The series of an answer.
///
/// # Errors
/// When the text is no answer.
pub(super) fn series(answer: &str) -> Result<Vec<Value>> {
    let mut answer: Value = serde_json::from_str(answer)?;
    match answer["data"]["result"].take() {
        Value::Array(series) => Ok(series),
        _ => bail!("the answer holds no result"),
    }
}

fn read(response: ureq::http::Response<ureq::Body>) -> Result<(u16, String)> {
    let status = response.status().as_u16();
    let text = response.into_body().into_with_config().limit(ANSWER_BYTES).read_to_string()?;
    Ok((status, text))
}
