//! The app's files, embedded and compressed when the server was built.
//!
//! Files below `assets/` carry a hash of their content in their name and are cached for ever; the page
//! itself is asked for anew each time and answered with 304 while it is the same. A page address that is no
//! file (`/dashboards/x`) gets the page: the app reads the address itself.

mod coding;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use coding::Coding;

/// Debug builds read the folder at run time, release builds carry it.
#[derive(RustEmbed)]
#[folder = "$WATCHFIRE_UI"]
struct Bundle;

/// No other origin, no inline script; WebAssembly may be compiled. Style attributes set by the app are
/// allowed, style elements are not.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
    worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Answers whatever no endpoint does.
pub(crate) async fn files(request: Request<Body>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "this address takes GET and HEAD only\n");
    }
    let path = request.uri().path().trim_start_matches('/');
    let headers = request.headers();
    // The bundle's own bookkeeping and the compressed twins have no addresses.
    let hidden = path.starts_with('.') || path.ends_with(".br") || path.ends_with(".gz");
    if !path.is_empty() && !hidden && Bundle::get(path).is_some() {
        return file(path, headers);
    }
    let wants_page = path.is_empty() || accepts_html(headers);
    let is_page = !path.starts_with("-/") && !path.starts_with("assets/");
    if wants_page && is_page {
        return file("index.html", headers);
    }
    text(StatusCode::NOT_FOUND, "404 page not found\n")
}

fn file(path: &str, headers: &HeaderMap) -> Response<Body> {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    let chosen = coding::choose(&accepted.join(","), |coding| {
        Bundle::iter().any(|name| name.strip_suffix(coding.suffix()) == Some(path))
    });
    let Some(file) = Bundle::get(&format!("{path}{}", chosen.suffix())) else {
        return text(StatusCode::NOT_FOUND, "404 page not found\n");
    };
    let etag = etag(&file, chosen);
    let unchanged =
        headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|tags| {
            tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*")
        });

    let mut response = if unchanged {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(file.data.into_owned()))
    };
    let is_page = path.ends_with(".html");
    let out = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let caching = if path.starts_with("assets/") { FOR_EVER } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    if let Some(name) = chosen.name() {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if is_page {
        out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}

/// A strong tag: other bytes, another coding, another tag.
fn etag(file: &EmbeddedFile, coding: Coding) -> String {
    let hash: String =
        file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hash}-{}\"", coding.name().unwrap_or("id"))
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

fn text(status: StatusCode, message: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(message));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
