//! Sending by HTTP: addresses that are secrets, waiting no longer than the settings say, and what a status means.

use std::future::Future;
use std::time::Duration;

use jiff::fmt::rfc2822;
use platform::http_client::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use platform::http_client::{HttpMessage, HttpMethod, TextSource};
use url::Url;

use super::{Answer, NotifyError, Task};

/// Most bytes that are kept of an answer. Those that are looked into are much shorter.
const MOST_ANSWER_BYTES: usize = 1 << 20;
/// Longest wait that a receiver can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// What a receiver answered.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    /// Whether `body` is all of it.
    pub(super) complete: bool,
    retry_after: Option<Duration>,
}

impl Reply {
    /// Takes any status of the 2xx for success. Those of the 5xx and `retriable` may pass; the error shows what
    /// the body says.
    pub(super) fn check(&self, retriable: &[u16]) -> Result<Answer, NotifyError> {
        self.check_saying(retriable, &String::from_utf8_lossy(&self.body))
    }

    /// The same with a text of the caller's choice in the error.
    pub(super) fn check_saying(&self, retriable: &[u16], details: &str) -> Result<Answer, NotifyError> {
        if self.status / 100 == 2 {
            return Ok(Answer { status: self.status, text: String::new() });
        }
        let colon = if details.is_empty() { "" } else { ": " };
        let reason = format!("unexpected status code {}{colon}{details}", self.status);
        if self.status / 100 == 5 || retriable.contains(&self.status) {
            return Err(NotifyError { retry_after: self.retry_after, ..NotifyError::passing(reason) });
        }
        Err(NotifyError::lasting(reason))
    }
}

impl Task<'_> {
    /// The text of a source as it is now. That of a file has no space around it, as files end with a new line.
    pub(super) fn secret(source: &TextSource) -> Result<String, NotifyError> {
        match source.read() {
            Ok(text) if matches!(source, TextSource::File(_)) => Ok(text.trim().to_owned()),
            Ok(text) => Ok(text),
            Err(error) => Err(NotifyError::lasting(error.to_string())),
        }
    }

    /// The address that a source holds.
    pub(super) fn secret_url(source: &TextSource) -> Result<Url, NotifyError> {
        Self::url(&Self::secret(source)?)
    }

    /// An address, which is not shown if it is none.
    pub(super) fn url(text: &str) -> Result<Url, NotifyError> {
        let url = Url::parse(text)
            .map_err(|error| NotifyError::lasting(format!("the address cannot be used: {error}")))?;
        if matches!(url.scheme(), "http" | "https") {
            return Ok(url);
        }
        Err(NotifyError::lasting("the address is neither http nor https"))
    }

    /// Posts JSON.
    pub(super) async fn post_json(&self, url: &Url, body: Vec<u8>) -> Result<Reply, NotifyError> {
        self.request(HttpMethod::Post, url, Vec::new(), body).await
    }

    /// Sends a request; JSON, unless the headers say otherwise.
    pub(super) async fn request(
        &self,
        method: HttpMethod,
        url: &Url,
        mut headers: Vec<(HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<Reply, NotifyError> {
        if method != HttpMethod::Get && headers.iter().all(|(name, _)| *name != CONTENT_TYPE) {
            headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        }
        let message = HttpMessage { method, url, headers: &headers, body, answer_limit: MOST_ANSWER_BYTES };
        let mut body = Vec::new();
        let head = self
            .client
            .send(message, &mut body)
            .await
            .map_err(|error| NotifyError::passing(error.to_string()))?;
        Ok(Reply {
            status: head.status,
            content_type: head.content_type,
            body,
            complete: head.complete,
            retry_after: head.retry_after.and_then(|text| retry_after(&text, self.now_ms)),
        })
    }

    /// Gives up on `work` after `timeout`, if there is one.
    pub(super) async fn within<T>(
        &self,
        timeout: Duration,
        work: impl Future<Output = Result<T, NotifyError>>,
    ) -> Result<T, NotifyError> {
        if timeout.is_zero() {
            return work.await;
        }
        let clock = &self.notifier.clock;
        let wait = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        tokio::select! {
            done = work => done,
            () = clock.sleep_until(clock.now_ms().saturating_add(wait)) => {
                Err(NotifyError::passing(format!("no answer within the timeout of {timeout:?}")))
            }
        }
    }
}

/// A header with a secret in it.
pub(super) fn secret_header(name: HeaderName, text: &str) -> Result<(HeaderName, HeaderValue), NotifyError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        NotifyError::lasting(format!("the value of the header {name} has forbidden characters"))
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// A `Retry-After`: seconds, or a date.
fn retry_after(text: &str, now_ms: i64) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = rfc2822::parse(text).ok()?.timestamp().as_millisecond();
            Duration::from_millis(u64::try_from(at.saturating_sub(now_ms)).unwrap_or(0))
        }
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_say_when_to_try_again() {
        let seconds = |text, now_s: i64| retry_after(text, now_s * 1000).map(|wait| wait.as_secs());
        assert_eq!(seconds("120", 0), Some(120));
        assert_eq!(seconds(" 0 ", 0), Some(0));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_470), Some(10));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_490), Some(0), "it is past");
        assert_eq!(seconds("99999999999", 0), Some(24 * 3600));
        for bad in ["", "soon", "-1", "1.5"] {
            assert_eq!(seconds(bad, 0), None, "{bad}");
        }
    }

    #[test]
    fn statuses_that_may_pass() {
        let check = |status, retriable: &[u16]| {
            let reply = Reply {
                status,
                content_type: String::new(),
                body: b"why".to_vec(),
                complete: true,
                retry_after: Some(Duration::from_secs(3)),
            };
            reply.check(retriable).map_err(|error| (error.retriable, error.retry_after, error.reason))
        };
        assert_eq!(check(204, &[]).unwrap().status, 204);
        let text = |status| format!("unexpected status code {status}: why");
        let wait = Some(Duration::from_secs(3));
        assert_eq!(check(503, &[]).unwrap_err(), (true, wait, text(503)));
        assert_eq!(check(429, &[429]).unwrap_err(), (true, wait, text(429)));
        assert_eq!(check(429, &[]).unwrap_err(), (false, None, text(429)));
        assert_eq!(check(302, &[]).unwrap_err(), (false, None, text(302)));
    }
}
