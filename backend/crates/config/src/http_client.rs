//! The settings of an HTTP client as Prometheus' files have them. They stand between other keys of a section
//! (a scrape job, an HTTP discovery), so that they are read from a [`Section`] that somebody else finishes.

use std::path::Path;

use platform::http_client::{
    Authorization, BasicAuth, ExtraHeader, HttpClientOptions, ProxyOptions, TextSource, TlsOptions,
    TlsVersion,
};
use url::Url;

use crate::error::Problem;
use crate::node::Node;
use crate::read::Read;
use crate::secret::Secret;
use crate::section::Section;

/// Headers that the client itself sets.
const RESERVED_HEADERS: [&str; 20] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "www-authenticate",
    "x-prometheus-remote-read-version",
    "x-prometheus-remote-write-version",
    "x-prometheus-scrape-timeout-seconds",
    "accept",
];

/// Reads `basic_auth`, `authorization`, `bearer_token`, `bearer_token_file`, `tls_config`, `follow_redirects`,
/// `enable_http2`, the proxy keys and `http_headers`. Relative paths are taken from `folder`.
///
/// # Errors
/// The first thing that is wrong.
pub fn read_http_client(section: &mut Section<'_>, folder: &Path) -> Result<HttpClientOptions, Problem> {
    if section.node("oauth2").is_some() {
        return Err(section.problem("oauth2", "not supported yet; use authorization with a credentials_file"));
    }
    let bearer_token: Option<Secret> =
        section.get("bearer_token")?.filter(|s: &Secret| !s.expose().is_empty());
    let bearer_token_file = section.path("bearer_token_file", folder)?;
    let basic_auth = section.node("basic_auth").map(|node| basic_auth(node, folder)).transpose()?;
    let mut authorization =
        section.node("authorization").map(|node| read_authorization(node, folder)).transpose()?;
    let ways = [
        ("basic_auth", basic_auth.is_some()),
        ("authorization", authorization.is_some()),
        ("bearer_token", bearer_token.is_some()),
        ("bearer_token_file", bearer_token_file.is_some()),
    ];
    let mut used = ways.iter().filter(|(_, used)| *used).map(|(key, _)| *key);
    if let (Some(first), Some(second)) = (used.next(), used.next()) {
        return Err(section.problem(second, format!("cannot be used together with {first}")));
    }
    let token = bearer_token.map(TextSource::from).or(bearer_token_file.map(TextSource::File));
    if token.is_some() {
        authorization = Some(Authorization { scheme: "Bearer".to_owned(), credentials: token });
    }
    Ok(HttpClientOptions {
        basic_auth,
        authorization,
        tls: section.node("tls_config").map(|node| tls(node, folder)).transpose()?.unwrap_or_default(),
        follow_redirects: section.get_or("follow_redirects", true)?,
        http2: section.get_or("enable_http2", true)?,
        proxy: proxy(section)?,
        headers: match section.node("http_headers") {
            Some(node) => headers(node, folder)?,
            None => Vec::new(),
        },
        ..HttpClientOptions::default()
    })
}

/// A value that is given as text or in a file, but not both.
fn text_or_file(
    section: &mut Section<'_>,
    text_key: &'static str,
    file_key: &'static str,
    ref_key: &'static str,
    folder: &Path,
) -> Result<Option<TextSource>, Problem> {
    if section.node(ref_key).is_some() {
        return Err(section.problem(ref_key, format!("secret managers are not supported; use {file_key}")));
    }
    let text: Option<Secret> = section.get(text_key)?.filter(|s: &Secret| !s.expose().is_empty());
    match (text, section.path(file_key, folder)?) {
        (Some(_), Some(_)) => {
            Err(section.problem(file_key, format!("cannot be used together with {text_key}")))
        }
        (text, file) => Ok(text.map(TextSource::from).or(file.map(TextSource::File))),
    }
}

fn basic_auth(node: &Node, folder: &Path) -> Result<BasicAuth, Problem> {
    let mut section = Section::of(node, "basic_auth")?;
    let auth = BasicAuth {
        username: text_or_file(&mut section, "username", "username_file", "username_ref", folder)?,
        password: text_or_file(&mut section, "password", "password_file", "password_ref", folder)?,
    };
    section.finish()?;
    Ok(auth)
}

fn read_authorization(node: &Node, folder: &Path) -> Result<Authorization, Problem> {
    let mut section = Section::of(node, "authorization")?;
    let scheme: String = section.get_or("type", String::new())?;
    let scheme = scheme.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        return Err(section.problem("type", "for basic authentication use basic_auth"));
    }
    let auth = Authorization {
        scheme: if scheme.is_empty() { "Bearer".to_owned() } else { scheme.to_owned() },
        credentials: text_or_file(
            &mut section,
            "credentials",
            "credentials_file",
            "credentials_ref",
            folder,
        )?,
    };
    section.finish()?;
    Ok(auth)
}

fn tls(node: &Node, folder: &Path) -> Result<TlsOptions, Problem> {
    let mut section = Section::of(node, "tls_config")?;
    let options = TlsOptions {
        ca: text_or_file(&mut section, "ca", "ca_file", "ca_ref", folder)?,
        cert: text_or_file(&mut section, "cert", "cert_file", "cert_ref", folder)?,
        key: text_or_file(&mut section, "key", "key_file", "key_ref", folder)?,
        server_name: section.get("server_name")?.filter(|name: &String| !name.is_empty()),
        insecure_skip_verify: section.get_or("insecure_skip_verify", false)?,
        min_version: tls_version(&mut section, "min_version")?,
        max_version: tls_version(&mut section, "max_version")?,
    };
    if options.cert.is_some() != options.key.is_some() {
        let (there, missing) = if options.cert.is_some() { ("cert", "key") } else { ("key", "cert") };
        let message = format!(
            "tls_config: a client {there} is given without its {missing} ({missing} or {missing}_file)"
        );
        return Err(Problem::new(section.place(), message));
    }
    if options.min_version.zip(options.max_version).is_some_and(|(min, max)| min > max) {
        return Err(section.problem("max_version", "is older than min_version"));
    }
    section.finish()?;
    Ok(options)
}

/// Versions before 1.2 are taken as "no lower bound": they are not spoken any more.
fn tls_version(section: &mut Section<'_>, key: &'static str) -> Result<Option<TlsVersion>, Problem> {
    let text: Option<String> = section.get(key)?;
    match text.as_deref() {
        None | Some("") => Ok(None),
        Some("TLS12") => Ok(Some(TlsVersion::V1_2)),
        Some("TLS13") => Ok(Some(TlsVersion::V1_3)),
        Some("TLS10" | "TLS11") if key == "min_version" => Ok(None),
        Some("TLS10" | "TLS11") => {
            Err(section.problem(key, "TLS 1.0 and 1.1 are not spoken; use TLS12 or TLS13"))
        }
        Some(other) => Err(section.problem(key, format!("expected TLS12 or TLS13, found {other:?}"))),
    }
}

fn proxy(section: &mut Section<'_>) -> Result<Option<ProxyOptions>, Problem> {
    let url: Option<Url> = match section.get::<String>("proxy_url")? {
        Some(text) if !text.is_empty() => section.get("proxy_url")?,
        _ => None,
    };
    let no_proxy: String = section.get_or("no_proxy", String::new())?;
    let from_environment: bool = section.get_or("proxy_from_environment", false)?;
    let connect_headers = match section.node("proxy_connect_header") {
        None => Vec::new(),
        Some(node) => {
            let mut free = Section::of(node, "proxy_connect_header")?;
            let entries = free.free_entries().iter();
            let header = |entry: &crate::node::Entry| {
                let values = Vec::<Secret>::read(&entry.value, &entry.key)?;
                Ok(ExtraHeader {
                    name: entry.key.clone(),
                    values: values.into_iter().map(TextSource::from).collect(),
                })
            };
            entries.map(header).collect::<Result<_, Problem>>()?
        }
    };
    if from_environment {
        if url.is_some() || !no_proxy.is_empty() {
            let why = "cannot be used together with proxy_url or no_proxy";
            return Err(section.problem("proxy_from_environment", why));
        }
        return Ok(Some(ProxyOptions::FromEnvironment));
    }
    match url {
        None if !no_proxy.is_empty() => Err(section.problem("no_proxy", "needs proxy_url")),
        None if !connect_headers.is_empty() => {
            Err(section.problem("proxy_connect_header", "needs proxy_url"))
        }
        None => Ok(None),
        Some(url) if !["http", "https", "socks5", "socks5h"].contains(&url.scheme()) => Err(section.problem(
            "proxy_url",
            format!("{}: is no scheme of a proxy; use http, https or socks5", url.scheme()),
        )),
        Some(url) => Ok(Some(ProxyOptions::Url { url, no_proxy, connect_headers })),
    }
}

fn headers(node: &Node, folder: &Path) -> Result<Vec<ExtraHeader>, Problem> {
    let mut all = Section::of(node, "http_headers")?;
    let mut headers = Vec::new();
    for entry in all.free_entries() {
        if RESERVED_HEADERS.contains(&entry.key.to_ascii_lowercase().as_str()) {
            let message = format!("http_headers: {:?} is set by the client itself", entry.key);
            return Err(Problem::new(entry.place, message));
        }
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if entry.key.is_empty() || !entry.key.bytes().all(is_token) {
            return Err(Problem::new(
                entry.place,
                format!("http_headers: {:?} is not a header name", entry.key),
            ));
        }
        let mut section = Section::of(&entry.value, &entry.key)?;
        let mut values: Vec<TextSource> =
            section.get_or("values", Vec::<String>::new())?.into_iter().map(TextSource::Inline).collect();
        values.extend(section.get_or("secrets", Vec::<Secret>::new())?.into_iter().map(TextSource::from));
        let files: Vec<String> = section.get_or("files", Vec::new())?;
        values.extend(files.into_iter().map(|file| TextSource::File(folder.join(file))));
        section.finish()?;
        headers.push(ExtraHeader { name: entry.key.clone(), values });
    }
    Ok(headers)
}
