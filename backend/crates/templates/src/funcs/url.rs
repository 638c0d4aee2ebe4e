//! Texts in addresses, and the parts of a host and port.

use std::net::IpAddr;

/// A text as it may stand in a query: a space as `+`, all but letters, digits and `-_.~` as `%XX`.
pub(crate) fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The text that stands in a query.
///
/// # Errors
/// When a `%` is not followed by two digits.
pub(crate) fn query_unescape(text: &str) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |at: usize| {
                    after.get(at).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok())
                };
                let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                    let shown = String::from_utf8_lossy(&after[..after.len().min(2)]);
                    return Err(format!("invalid URL escape {}", crate::syntax::quote(&format!("%{shown}"))));
                };
                out.push(high * 16 + low);
                rest = &after[2..];
            }
            byte => out.push(*byte),
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Host and port of `host:port` or `[host]:port`, if it is that.
fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let colon = text.rfind(':')?;
    let port = &text[colon + 1..];
    let host = match text.strip_prefix('[') {
        Some(inner) => {
            let end = inner.find(']')?;
            // The bracket has to end right before the last colon.
            if end + 2 != colon {
                return None;
            }
            &inner[..end]
        }
        None => &text[..colon],
    };
    let stray = if text.starts_with('[') { host.contains('[') } else { host.contains([':', '[', ']']) };
    (!stray && !port.contains(['[', ']'])).then_some((host, port))
}

/// The host without its port.
pub(crate) fn strip_port(text: &str) -> &str {
    split_host_port(text).map_or(text, |(host, _)| host)
}

/// The first part of a host's name, with its port; addresses stay as they are.
pub(crate) fn strip_domain(text: &str) -> String {
    let (host, port) = split_host_port(text).unwrap_or((text, ""));
    let plain = host.split('%').next().unwrap_or(host);
    if plain.parse::<IpAddr>().is_ok() {
        return text.to_owned();
    }
    let name = host.split('.').next().unwrap_or(host);
    match port {
        "" => name.to_owned(),
        port if name.contains(':') => format!("[{name}]:{port}"),
        port => format!("{name}:{port}"),
    }
}

/// The path of an address.
pub(crate) fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let start = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let path = &rest[start..];
    &path[..path.find(['?', '#']).unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_escaped_and_read() {
        assert_eq!(query_escape("a b&c/é~*"), "a+b%26c%2F%C3%A9~%2A");
        assert_eq!(query_unescape("a%20b+c%2F%C3%A9").as_deref(), Ok("a b c/é"));
        assert_eq!(query_unescape("x%zz").unwrap_err(), "invalid URL escape \"%zz\"");
        assert_eq!(query_unescape("%4").unwrap_err(), "invalid URL escape \"%4\"");
    }

    #[test]
    fn hosts_lose_ports_and_domains() {
        for (text, host, name) in [
            ("a.b.c:80", "a.b.c", "a:80"),
            ("a.b.c", "a.b.c", "a"),
            ("1.2.3.4:80", "1.2.3.4", "1.2.3.4:80"),
            ("[::1]:80", "::1", "[::1]:80"),
            ("::1", "::1", "::1"),
            ("a:b:c", "a:b:c", "a:b:c"),
            ("", "", ""),
        ] {
            assert_eq!(strip_port(text), host, "{text}");
            assert_eq!(strip_domain(text), name, "{text}");
        }
    }

    #[test]
    fn paths_are_found() {
        assert_eq!(path("http://a:1/x/y?z#w"), "/x/y");
        assert_eq!(path("http://a"), "");
    }
}
