//! Sending: a request with a method, headers and a body, and what comes back of it.

use std::future::Future;
use std::pin::Pin;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use url::Url;

use super::{HttpClient, HttpError, transport};

/// How a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
}

impl From<HttpMethod> for reqwest::Method {
    fn from(method: HttpMethod) -> Self {
        match method {
            HttpMethod::Get => Self::GET,
            HttpMethod::Post => Self::POST,
            HttpMethod::Put => Self::PUT,
            HttpMethod::Patch => Self::PATCH,
        }
    }
}

/// A request with a body.
#[derive(Clone, Debug)]
pub struct HttpMessage<'a> {
    /// How.
    pub method: HttpMethod,
    /// Where to.
    pub url: &'a Url,
    /// Headers besides those of the client's options. An `Authorization` among them wins.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// What is sent. A redirect of status 307 or 308 carries it on, another one becomes a GET without it.
    pub body: Vec<u8>,
    /// Most bytes that are kept of the answer's body.
    pub answer_limit: usize,
}

/// The head of the answer to a message; its body is in the buffer given to
/// [`HttpFetch::send`](super::HttpFetch::send).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpReply {
    /// Status code.
    pub status: u16,
    /// The `Content-Type`, or "".
    pub content_type: String,
    /// The `Retry-After`: seconds or a date.
    pub retry_after: Option<String>,
    /// Whether the buffer holds the whole body: it was within the limit and did not break off.
    pub complete: bool,
}

/// The future of a reply.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<HttpReply, HttpError>> + Send + 'a>>;

impl HttpClient {
    pub(super) async fn exchange(
        &self,
        message: HttpMessage<'_>,
        answer: &mut Vec<u8>,
    ) -> Result<HttpReply, HttpError> {
        answer.clear();
        let (client, url, headers) = self.prepared(message.url, message.headers)?;
        let request = client.request(message.method.into(), url).headers(headers);
        let request = if message.body.is_empty() && message.method == HttpMethod::Get {
            request
        } else {
            request.body(message.body)
        };
        let mut reply = request.send().await.map_err(|error| transport(&error))?;
        let header = |name| reply.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let mut head = HttpReply {
            status: reply.status().as_u16(),
            content_type: header(CONTENT_TYPE).unwrap_or("").to_owned(),
            retry_after: header(RETRY_AFTER).map(str::to_owned),
            complete: false,
        };
        // The message is out: what becomes of the rest of the answer does not undo that.
        loop {
            match reply.chunk().await {
                Ok(Some(chunk)) => {
                    let room = message.answer_limit - answer.len();
                    answer.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        break;
                    }
                }
                Ok(None) => {
                    head.complete = true;
                    break;
                }
                Err(_) => break,
            }
        }
        Ok(head)
    }
}
