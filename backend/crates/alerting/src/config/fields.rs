//! Reading the kinds of fields that many sections share: texts that may be templates, secrets that may lie in
//! a file, addresses, durations in Go's way.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration as StdDuration;

use config::{Node, Problem, Read, Scalar, ScalarKind, Secret, Section};
use platform::http_client::TextSource;
use url::Url;

/// The text under `key`, or `default`. A key with an empty text overrides the default.
pub(super) fn text(section: &mut Section<'_>, key: &'static str, default: &str) -> Result<String, Problem> {
    Ok(section.get(key)?.unwrap_or_else(|| default.to_owned()))
}

/// The text under `key`, or a call of the template `name`.
pub(super) fn template(section: &mut Section<'_>, key: &'static str, name: &str) -> Result<String, Problem> {
    Ok(section.get(key)?.unwrap_or_else(|| format!("{{{{ template \"{name}\" . }}}}")))
}

/// Free keys with texts.
pub(super) fn texts(
    section: &mut Section<'_>,
    key: &'static str,
) -> Result<BTreeMap<String, String>, Problem> {
    Ok(section.get(key)?.unwrap_or_default())
}

/// A secret under `key`; an empty one counts as absent.
pub(super) fn secret(section: &mut Section<'_>, key: &'static str) -> Result<Option<TextSource>, Problem> {
    let secret: Option<Secret> = section.get(key)?;
    Ok(secret.filter(|secret| !secret.expose().is_empty()).map(TextSource::from))
}

/// The path of a file that holds a secret. Alertmanager takes it as it is written, not from the folder of the
/// configuration, and so do we.
pub(super) fn file(section: &mut Section<'_>, key: &'static str) -> Result<Option<TextSource>, Problem> {
    let path: Option<String> = section.get(key)?;
    Ok(path.filter(|path| !path.is_empty()).map(|path| TextSource::File(PathBuf::from(path))))
}

/// Of two ways to say the same thing the one that is used.
pub(super) fn either<T>(
    section: &Section<'_>,
    first: (&str, Option<T>),
    second: (&str, Option<T>),
) -> Result<Option<T>, Problem> {
    match (first.1, second.1) {
        (Some(_), Some(_)) => {
            Err(section.problem(second.0, format!("cannot be used together with {}", first.0)))
        }
        (a, b) => Ok(a.or(b)),
    }
}

/// A secret that is given as text or in a file, but not both.
pub(super) fn secret_or_file(
    section: &mut Section<'_>,
    key: &'static str,
    file_key: &'static str,
) -> Result<Option<TextSource>, Problem> {
    let inline = secret(section, key)?;
    let from_file = file(section, file_key)?;
    either(section, (key, inline), (file_key, from_file))
}

/// An address that is itself a secret, given as text or in a file, but not both.
pub(super) fn secret_url_or_file(
    section: &mut Section<'_>,
    key: &'static str,
    file_key: &'static str,
) -> Result<Option<TextSource>, Problem> {
    let inline: Option<Secret> = section.get(key)?;
    if let Some(address) = &inline {
        check_url(section, key, address.expose())?;
    }
    let inline = inline.map(TextSource::from);
    let from_file = file(section, file_key)?;
    either(section, (key, inline), (file_key, from_file))
}

/// An address of a service: http or https, with a host.
pub(super) fn http_url(section: &mut Section<'_>, key: &'static str) -> Result<Option<Url>, Problem> {
    match section.get::<String>(key)? {
        Some(address) => check_url(section, key, &address).map(Some),
        None => Ok(None),
    }
}

/// An address with a default.
pub(super) fn http_url_or(
    section: &mut Section<'_>,
    key: &'static str,
    default: &'static str,
) -> Result<Url, Problem> {
    match http_url(section, key)? {
        Some(url) => Ok(url),
        None => check_url(section, key, default),
    }
}

fn check_url(section: &Section<'_>, key: &str, address: &str) -> Result<Url, Problem> {
    // The address may be a secret, so that it is not shown.
    let url = Url::parse(address)
        .map_err(|error| section.problem(key, format!("not a URL: {error}; write http://… or https://…")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(section.problem(key, "must be an http or https URL with a host"));
    }
    Ok(url)
}

/// An address whose path ends with a slash, so that more can be joined to it.
pub(super) fn with_slash(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

/// The value under `key`, which has to be there and not be empty.
pub(super) fn needed(section: &mut Section<'_>, key: &'static str) -> Result<String, Problem> {
    let value: String = section.require(key)?;
    if value.is_empty() { Err(section.problem(key, "must not be empty")) } else { Ok(value) }
}

/// A whole number that may be negative.
pub(super) fn integer(section: &mut Section<'_>, key: &'static str) -> Result<Option<i64>, Problem> {
    let Some(text) = section.get::<String>(key)? else { return Ok(None) };
    let number = text.parse().map_err(|_| section.problem(key, "expected a whole number"))?;
    Ok(Some(number))
}

/// One of a few words.
pub(super) fn one_of(section: &Section<'_>, key: &str, value: &str, allowed: &[&str]) -> Result<(), Problem> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(section.problem(key, format!("{value:?} is not one of {}", allowed.join(", "))))
}

/// A list of mappings, each read and finished.
pub(super) fn sections<T>(
    section: &mut Section<'_>,
    key: &'static str,
    read: impl Fn(&mut Section<'_>) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    section.list(key, |node| sub_section(node, key, &read))
}

/// A mapping, read and finished.
pub(super) fn sub_section<T>(
    node: &Node,
    name: &str,
    read: impl Fn(&mut Section<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let mut section = Section::of(node, name)?;
    let value = read(&mut section)?;
    section.finish()?;
    Ok(value)
}

/// A duration as Go writes it: `1m30s`, `1.5s`, `300ms`; a bare number is nanoseconds. Zero or absent mostly means no limit.
pub(super) fn go_duration(
    section: &mut Section<'_>,
    key: &'static str,
    default: StdDuration,
) -> Result<StdDuration, Problem> {
    let Some(text) = section.get::<String>(key)? else { return Ok(default) };
    if let Some(Node::Scalar(Scalar { kind: ScalarKind::Number, .. })) = section.node(key)
        && let Ok(nanoseconds) = text.parse()
    {
        return Ok(StdDuration::from_nanos(nanoseconds));
    }
    parse_go_duration(&text).ok_or_else(|| {
        section.problem(key, format!("{text:?} is no duration; write one such as 10s, 1m30s or 500ms"))
    })
}

fn parse_go_duration(text: &str) -> Option<StdDuration> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(StdDuration::ZERO);
    }
    let units = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("\u{b5}s", 1e-6),
        ("\u{3bc}s", 1e-6),
        ("ms", 1e-3),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
    ];
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let (unit, factor) = units.iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        seconds += number * factor;
        rest = &rest[digits + unit.len()..];
    }
    (!text.is_empty()).then(|| StdDuration::try_from_secs_f64(seconds).ok())?
}

/// A host and a port, such as `mail.example.org:587`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// Name or address, without brackets.
    pub host: String,
    /// Port, by number or name.
    pub port: String,
}

impl Read for HostPort {
    fn read(node: &Node, name: &str) -> Result<Self, Problem> {
        let text = String::read(node, name)?;
        let parts = match text.strip_prefix('[') {
            Some(inner) => inner.split_once("]:"),
            None => text.split_once(':').filter(|(_, port)| !port.contains(':')),
        };
        match parts {
            Some((host, port)) if !port.is_empty() => {
                Ok(Self { host: host.to_owned(), port: port.to_owned() })
            }
            _ => {
                let why = format!("{name}: {text:?} is not host:port, such as mail.example.org:587");
                Err(Problem::new(node.place(), why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go() {
        let ms = |text| parse_go_duration(text).map(|d| d.as_millis());
        assert_eq!(ms("1h1m1.5s"), Some(3_661_500));
        assert_eq!(ms("300ms"), Some(300));
        assert_eq!(ms("0"), Some(0));
        for bad in ["", "1", "1d", "s", "1.2.3s", "-1s", "1e3s"] {
            assert_eq!(ms(bad), None, "{bad}");
        }
    }
}
