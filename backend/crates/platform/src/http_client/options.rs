//! What a client is made of: who it says it is, whom it trusts, which way it goes.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::HttpError;
use crate::files;

/// Most bytes of a password, token, certificate or key file.
const MOST_SECRET_BYTES: u64 = 1 << 20;

/// Text given in the configuration or in a file. Never shown, because mostly a secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum TextSource {
    /// The text itself.
    Inline(String),
    /// A file that is read when it is needed.
    File(PathBuf),
}

impl TextSource {
    /// The text as it is now.
    ///
    /// # Errors
    /// [`HttpError::Options`] when the file cannot be read.
    pub fn read(&self) -> Result<String, HttpError> {
        match self {
            Self::Inline(text) => Ok(text.clone()),
            Self::File(path) => files::read_text(path, MOST_SECRET_BYTES)
                .map_err(|error| HttpError::Options(format!("cannot read {}: {error}", path.display()))),
        }
    }
}

impl fmt::Debug for TextSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("<secret>"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

/// User name and password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BasicAuth {
    /// User name.
    pub username: Option<TextSource>,
    /// Password.
    pub password: Option<TextSource>,
}

/// An `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authorization {
    /// Scheme, mostly "Bearer".
    pub scheme: String,
    /// What follows the scheme.
    pub credentials: Option<TextSource>,
}

/// A header of every request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExtraHeader {
    /// Name.
    pub name: String,
    /// Values, in order.
    pub values: Vec<TextSource>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.2
    V1_2,
    /// 1.3
    V1_3,
}

/// Whom to trust and what to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsOptions {
    /// Certificates of the authorities to trust (PEM), in place of the machine's.
    pub ca: Option<TextSource>,
    /// Own certificate chain (PEM).
    pub cert: Option<TextSource>,
    /// Own private key (PEM).
    pub key: Option<TextSource>,
    /// The name to ask for and to find in the server's certificate, if not the host of the URL.
    pub server_name: Option<String>,
    /// Takes any certificate.
    pub insecure_skip_verify: bool,
    /// Oldest version to speak; 1.2 if not said.
    pub min_version: Option<TlsVersion>,
    /// Newest version to speak.
    pub max_version: Option<TlsVersion>,
}

/// The way through a proxy.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ProxyOptions {
    /// As the environment says (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`).
    FromEnvironment,
    /// A proxy, and the hosts that are reached without it, separated by commas.
    Url {
        /// Address: http, https, socks5 or socks5h. May hold a user and a password.
        url: Url,
        /// Hosts, domains and networks reached directly.
        no_proxy: String,
        /// Headers for the proxy itself.
        connect_headers: Vec<ExtraHeader>,
    },
}

impl fmt::Debug for ProxyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromEnvironment => f.write_str("FromEnvironment"),
            Self::Url { url, no_proxy, .. } => {
                write!(f, "Url({}, no_proxy {no_proxy:?})", url.host_str().unwrap_or(""))
            }
        }
    }
}

impl ProxyOptions {
    pub(super) fn build(&self) -> Result<reqwest::Proxy, HttpError> {
        let refused =
            |error: reqwest::Error| HttpError::Options(format!("the proxy cannot be used: {error}"));
        match self {
            Self::FromEnvironment => {
                let from = |names: [&str; 2]| {
                    names
                        .iter()
                        .find_map(|name| std::env::var(name).ok())
                        .and_then(|text| Url::parse(&text).ok())
                };
                let plain = from(["HTTP_PROXY", "http_proxy"]);
                let secure = from(["HTTPS_PROXY", "https_proxy"]);
                let pick = move |url: &Url| {
                    if url.scheme() == "https" { secure.clone() } else { plain.clone() }
                };
                Ok(reqwest::Proxy::custom(pick).no_proxy(reqwest::NoProxy::from_env()))
            }
            Self::Url { url, no_proxy, connect_headers } => {
                let mut headers = reqwest::header::HeaderMap::new();
                for extra in connect_headers {
                    let name = reqwest::header::HeaderName::try_from(extra.name.as_str())
                        .map_err(|_| HttpError::Options(format!("{:?} is not a header name", extra.name)))?;
                    for source in &extra.values {
                        headers
                            .append(name.clone(), super::secret_value(source.read()?.trim(), &extra.name)?);
                    }
                }
                Ok(reqwest::Proxy::all(url.clone())
                    .map_err(refused)?
                    .headers(headers)
                    .no_proxy(reqwest::NoProxy::from_string(no_proxy)))
            }
        }
    }
}

/// What a client is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpClientOptions {
    /// The `User-Agent`.
    pub user_agent: String,
    /// User and password for the server.
    pub basic_auth: Option<BasicAuth>,
    /// Another `Authorization` header; wins over `basic_auth`.
    pub authorization: Option<Authorization>,
    /// TLS.
    pub tls: TlsOptions,
    /// Whether to go where a redirect points. Credentials do not go along to another host.
    pub follow_redirects: bool,
    /// Whether to offer HTTP/2 in the TLS handshake.
    pub http2: bool,
    /// Proxy; none by default, not even the environment's.
    pub proxy: Option<ProxyOptions>,
    /// Headers of every request.
    pub headers: Vec<ExtraHeader>,
}

impl Default for HttpClientOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("Watchfire/", env!("CARGO_PKG_VERSION")).to_owned(),
            basic_auth: None,
            authorization: None,
            tls: TlsOptions::default(),
            follow_redirects: true,
            http2: true,
            proxy: None,
            headers: Vec::new(),
        }
    }
}

/// Standard base64 with padding, for `Basic` credentials.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let part = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = part(0) << 16 | part(1) << 8 | part(2);
        for at in 0..4 {
            if at <= group.len() {
                out.push(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_all_remainders() {
        assert_eq!(base64(b""), "");
        assert_eq!(base64(b"f"), "Zg==");
        assert_eq!(base64(b"fo"), "Zm8=");
        assert_eq!(base64(b"foo"), "Zm9v");
        assert_eq!(base64(b"Aladdin:open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn secrets_are_not_shown() {
        let options = HttpClientOptions {
            basic_auth: Some(BasicAuth {
                username: Some(TextSource::Inline("scott".into())),
                password: Some(TextSource::Inline("tiger".into())),
            }),
            proxy: Some(ProxyOptions::Url {
                url: Url::parse("http://u:hunter2@proxy:3128").unwrap(),
                no_proxy: String::new(),
                connect_headers: Vec::new(),
            }),
            ..HttpClientOptions::default()
        };
        let shown = format!("{options:?}");
        assert!(!shown.contains("tiger") && !shown.contains("hunter2"), "{shown}");
    }
}
