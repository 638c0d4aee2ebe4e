//! Fetching over HTTP: what scraping, HTTP discovery and notifying need of a client.
//!
//! [`HttpFetch`] is the trait the engines use, [`HttpClient`] the real one on reqwest and rustls. Bodies are
//! read into the caller's buffer, unpacked here, and never grow beyond the caller's limit. Fetching is `get`,
//! sending (with a method, headers and a body) is `send`. What the options
//! mean is told in [`HttpClientOptions`]; how they are written in a file is the duty of the config crate.

mod body;
mod options;
mod send;
mod tls;

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
};
use thiserror::Error;
use url::Url;

use body::BodyReader;
pub use options::{
    Authorization, BasicAuth, ExtraHeader, HttpClientOptions, ProxyOptions, TextSource, TlsOptions,
    TlsVersion,
};
pub use reqwest::header;
pub use send::{HttpMessage, HttpMethod, HttpReply, Sending};
use tls::FilesSeen;
pub(crate) use tls::client_config as tls_client_config;

/// How many connections to a host are kept while idle.
const IDLE_PER_HOST: usize = 4;
/// How long an idle connection is kept; longer than the usual scrape intervals.
const IDLE_FOR: Duration = Duration::from_secs(5 * 60);
/// Hosts that have a client of their own at a time, where hosts need one.
const MOST_HOSTS: usize = 1000;
/// Hops after which following redirects is given up, as Go's client does.
const MOST_REDIRECTS: usize = 10;

/// A GET request.
#[derive(Clone, Debug)]
pub struct HttpRequest<'a> {
    /// Where to.
    pub url: &'a Url,
    /// Headers besides those of the client's options. An `Accept-Encoding: gzip` is honoured on the answer.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// Most bytes that the body may have, unpacked.
    pub body_limit: usize,
}

/// The head of an answer; its body is in the buffer given to [`HttpFetch::get`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// The `Content-Type`, or "".
    pub content_type: String,
    /// Bytes of the body on the wire, before unpacking.
    pub wire_bytes: usize,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HttpError {
    /// The body is larger than allowed.
    #[error("body size limit of {limit} bytes exceeded")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body could not be unpacked.
    #[error("cannot unpack the {encoding} body: {reason}")]
    Encoding {
        /// The `Content-Encoding`.
        encoding: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of the options (password, certificate …) cannot be used.
    #[error("{0}")]
    Options(String),
    /// No connection, no answer, or an answer that broke off.
    #[error("{0}")]
    Transport(String),
}

/// The future of an answer.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// Something that fetches. There is no timeout: drop the future when the time is over.
pub trait HttpFetch: Send + Sync {
    /// Sends the request and reads the body into `body`, which is cleared first.
    fn get<'a>(&'a self, request: HttpRequest<'a>, body: &'a mut Vec<u8>) -> Fetching<'a>;

    /// Sends a message and reads the beginning of the answer's body into `answer`, which is cleared first.
    /// Something that can only fetch refuses.
    fn send<'a>(&'a self, _message: HttpMessage<'a>, _answer: &'a mut Vec<u8>) -> Sending<'a> {
        Box::pin(std::future::ready(Err(HttpError::Options("this client can only fetch".to_owned()))))
    }
}

/// Makes clients: the network as an input.
pub trait HttpNet: Send + Sync {
    /// A client with these options.
    ///
    /// # Errors
    /// [`HttpError::Options`] when they cannot be used.
    fn client(&self, options: &HttpClientOptions) -> Result<Arc<dyn HttpFetch>, HttpError>;
}

/// The machine's network.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealNet;

impl HttpNet for RealNet {
    fn client(&self, options: &HttpClientOptions) -> Result<Arc<dyn HttpFetch>, HttpError> {
        Ok(Arc::new(HttpClient::new(options.clone())?))
    }
}

/// A client on the machine's network. Keeps connections open between requests to the same host.
///
/// Password and token files are read for each request, so that a rotated secret is used at once; TLS files
/// are looked at for each request and read again when they changed.
pub struct HttpClient {
    options: HttpClientOptions,
    built: Mutex<Built>,
}

/// Clients made of one state of the TLS files. There is one per host if the name to verify is given,
/// because that name then stands in the place of the host.
struct Built {
    files: FilesSeen,
    clients: Vec<(String, reqwest::Client)>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("options", &self.options).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client with these options.
    ///
    /// # Errors
    /// [`HttpError::Options`] when a certificate or key cannot be read or the options contradict each other.
    pub fn new(options: HttpClientOptions) -> Result<Self, HttpError> {
        let files = FilesSeen::of(&options.tls);
        let first = build(&options, "")?;
        let clients =
            if options.tls.server_name.is_some() { Vec::new() } else { vec![(String::new(), first)] };
        Ok(Self { options, built: Mutex::new(Built { files, clients }) })
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> &HttpClientOptions {
        &self.options
    }

    /// The client for `host` as the TLS files are now.
    fn client_for(&self, host: &str) -> Result<reqwest::Client, HttpError> {
        let host = if self.options.tls.server_name.is_some() { host } else { "" };
        let files = FilesSeen::of(&self.options.tls);
        let mut built = self.built.lock();
        if built.files != files {
            built.clients.clear();
            built.files = files;
        }
        if let Some((_, client)) = built.clients.iter().find(|(h, _)| h == host) {
            return Ok(client.clone());
        }
        let client = build(&self.options, host)?;
        if built.clients.len() >= MOST_HOSTS {
            built.clients.clear();
        }
        built.clients.push((host.to_owned(), client.clone()));
        Ok(client)
    }

    /// Headers that the options ask for. An `Authorization` that is there already stays.
    fn own_headers(&self, headers: &mut HeaderMap) -> Result<(), HttpError> {
        for extra in &self.options.headers {
            let name = HeaderName::try_from(extra.name.as_str())
                .map_err(|_| HttpError::Options(format!("{:?} is not a header name", extra.name)))?;
            for source in &extra.values {
                headers.append(name.clone(), secret_value(source.read()?.trim(), &extra.name)?);
            }
        }
        if headers.contains_key(AUTHORIZATION) {
            return Ok(());
        }
        if let Some(basic) = &self.options.basic_auth {
            let user = basic.username.as_ref().map(TextSource::read).transpose()?.unwrap_or_default();
            let password = basic.password.as_ref().map(TextSource::read).transpose()?.unwrap_or_default();
            let token = options::base64(format!("{}:{}", user.trim(), password.trim()).as_bytes());
            headers.insert(AUTHORIZATION, secret_value(&format!("Basic {token}"), "Authorization")?);
        }
        if let Some(auth) = &self.options.authorization {
            let text = match &auth.credentials {
                Some(source) => format!("{} {}", auth.scheme, source.read()?.trim()),
                None => auth.scheme.clone(),
            };
            headers.insert(AUTHORIZATION, secret_value(&text, "Authorization")?);
        }
        Ok(())
    }

    /// The client, the address and the headers of a request to `url`. They differ from what was asked for where
    /// the name to verify stands in the place of the host.
    fn prepared(
        &self,
        url: &Url,
        own: &[(HeaderName, HeaderValue)],
    ) -> Result<(reqwest::Client, Url, HeaderMap), HttpError> {
        let host = url.host_str().unwrap_or("");
        let client = self.client_for(host)?;
        let mut headers = HeaderMap::with_capacity(own.len() + 2);
        for (name, value) in own {
            headers.append(name.clone(), value.clone());
        }
        self.own_headers(&mut headers)?;
        let mut target = url.clone();
        if let Some(name) = &self.options.tls.server_name
            && url.scheme() == "https"
            && target.set_host(Some(name)).is_ok()
        {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            headers.insert(HOST, secret_value(&format!("{host}{port}"), "Host")?);
        }
        Ok((client, target, headers))
    }

    async fn fetch(&self, request: HttpRequest<'_>, body: &mut Vec<u8>) -> Result<HttpResponse, HttpError> {
        body.clear();
        let (client, url, headers) = self.prepared(request.url, request.headers)?;
        let mut answer = client.get(url).headers(headers).send().await.map_err(|e| transport(&e))?;
        let header =
            |name| answer.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or("");
        let mut response = HttpResponse {
            status: answer.status().as_u16(),
            content_type: header(CONTENT_TYPE).to_owned(),
            wire_bytes: 0,
        };
        let mut reader = BodyReader::new(header(CONTENT_ENCODING), request.body_limit, body)?;
        while let Some(chunk) = answer.chunk().await.map_err(|e| transport(&e))? {
            response.wire_bytes += chunk.len();
            reader.push(&chunk)?;
        }
        reader.finish()?;
        Ok(response)
    }
}

impl HttpFetch for HttpClient {
    fn get<'a>(&'a self, request: HttpRequest<'a>, body: &'a mut Vec<u8>) -> Fetching<'a> {
        Box::pin(self.fetch(request, body))
    }

    fn send<'a>(&'a self, message: HttpMessage<'a>, answer: &'a mut Vec<u8>) -> Sending<'a> {
        Box::pin(self.exchange(message, answer))
    }
}

/// Options whose secrets are read from files may change at any time; a value that is no header value is
/// refused without being shown.
fn secret_value(text: &str, header: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        HttpError::Options(format!("the value of the header {header} has forbidden characters"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn build(options: &HttpClientOptions, host: &str) -> Result<reqwest::Client, HttpError> {
    let redirect = if options.follow_redirects {
        reqwest::redirect::Policy::limited(MOST_REDIRECTS)
    } else {
        reqwest::redirect::Policy::none()
    };
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client_config(&options.tls, options.http2)?)
        .redirect(redirect)
        .referer(false)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_FOR)
        .user_agent(options.user_agent.as_str());
    if !options.http2 || options.tls.server_name.is_some() {
        builder = builder.http1_only();
    }
    builder = match &options.proxy {
        None => builder.no_proxy(),
        Some(proxy) => builder.proxy(proxy.build()?),
    };
    if let Some(name) = &options.tls.server_name
        && !host.is_empty()
    {
        builder = builder.dns_resolver(tls::StandIn::new(name, host));
    }
    builder.build().map_err(|error| HttpError::Options(chain(&error)))
}

/// A reqwest error in one line: what failed last is what the reader wants, the address he knows.
fn transport(error: &reqwest::Error) -> HttpError {
    HttpError::Transport(chain(error))
}

fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = cause.source();
    }
    // hyper's "client error (Connect)" says less than what follows it.
    if parts.len() > 1 && parts[0].starts_with("client error (") {
        parts.remove(0);
    }
    match parts.len() {
        0 => error.to_string(),
        _ => parts.join(": "),
    }
}

/// Whether `path` can be read as a PEM file with at least one certificate; for checks of configuration.
///
/// # Errors
/// What is wrong with it.
pub fn check_certificates(path: &Path) -> Result<(), HttpError> {
    tls::certificates(&TextSource::File(path.to_owned())).map(|_| ())
}
