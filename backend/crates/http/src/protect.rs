//! Who may change things from a browser. There is no log-in yet, so whatever can send a request can save
//! a dashboard; but no web page of somebody else may do it through a user's browser: neither by sending a
//! form here (Origin and Sec-Fetch-Site tell), nor by giving its own name our address (the Host tells).

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::error::{ApiError, ErrorKind};

/// Lets reading pass, and changes by those who may.
pub(crate) async fn protect(State(app): State<App>, request: Request, next: Next) -> Response {
    let reading = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !reading && let Err(error) = check(request.headers(), &app.settings.hosts) {
        return error.into_response();
    }
    next.run(request).await
}

/// As [`protect`], but only for browsers: other programs may call the server by any name. A browser names the
/// site of a page with every request that is not for reading.
pub(crate) async fn protect_machines(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let browser = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if browser && let Err(error) = check(headers, &app.settings.hosts) {
        return error.into_response();
    }
    next.run(request).await
}

fn check(headers: &HeaderMap, hosts: &[String]) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let forbidden = |message: String| Err(ApiError::new(ErrorKind::Forbidden, message));
    let host = text(header::HOST).unwrap_or_default();
    if !is_known_host(host, hosts) {
        return forbidden(format!(
            "changes are refused for the host name {host:?}, because any site could point its name here; \
             use the address itself, localhost, or name it with --web.external-url"
        ));
    }
    let cross_site = text(header::HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| site != "same-origin" && site != "none");
    let foreign_origin = text(header::ORIGIN).is_some_and(|origin| {
        let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        !authority.eq_ignore_ascii_case(host)
    });
    if cross_site || foreign_origin {
        return forbidden("changes are refused when another site asks for them".to_owned());
    }
    Ok(())
}

/// Whether `host` (with or without a port) cannot be somebody else's name for us.
fn is_known_host(host: &str, hosts: &[String]) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let name =
        bracketed.map_or_else(|| host.rsplit_once(':').map_or(host, |(name, _)| name), |(name, _)| name);
    name.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        check(&headers, &["watch.example".to_owned()]).is_ok()
    }

    #[test]
    fn scripts_and_the_app_itself_may_change_things() {
        for host in
            ["127.0.0.1:9090", "[::1]:9090", "localhost:9090", "10.1.2.3", "Watch.Example:80", "a.localhost"]
        {
            assert!(allowed(&[("host", host)]), "{host}");
        }
        assert!(allowed(&[
            ("host", "localhost:1"),
            ("origin", "http://localhost:1"),
            ("sec-fetch-site", "same-origin")
        ]));
    }

    #[test]
    fn other_sites_may_not() {
        assert!(!allowed(&[("host", "evil.example:9090")]));
        assert!(!allowed(&[]));
        assert!(!allowed(&[("host", "localhost:1"), ("origin", "http://evil.example")]));
        assert!(!allowed(&[("host", "localhost:1"), ("origin", "http://localhost:2")]));
        assert!(!allowed(&[("host", "localhost:1"), ("origin", "null")]));
        assert!(!allowed(&[("host", "localhost:1"), ("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[("host", "localhost:1"), ("sec-fetch-site", "same-site")]));
    }
}
