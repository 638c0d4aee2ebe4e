//! Which format a body is in, and how to ask for one over HTTP.

use std::fmt;

use thiserror::Error;

/// A format of the metrics exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The Prometheus text format 0.0.4 (and its successor 1.0.0, which adds quoted UTF-8 names).
    Text,
    /// OpenMetrics text.
    OpenMetrics,
    /// Length-delimited `io.prometheus.client.MetricFamily` messages.
    Protobuf,
    /// One OpenMetrics `MetricSet` message.
    OpenMetricsProtobuf,
}

impl Format {
    /// The format that a `Content-Type` header announces.
    ///
    /// # Errors
    /// When the type is missing, malformed or none of the formats; the scraper then decides by its
    /// configured fallback.
    pub fn from_content_type(header: &str) -> Result<Self, ContentTypeError> {
        ContentType::parse(header).map(|content_type| content_type.format)
    }

    /// The `Content-Type` with which to serve a body that `write` made.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
            Self::OpenMetricsProtobuf => "application/openmetrics-protobuf; version=1.0.0",
        }
    }

    /// The better of the text formats for a client that sends this `Accept` header: OpenMetrics when it is
    /// wanted at least as much as text, else text 0.0.4.
    #[must_use]
    pub fn from_accept(header: &str) -> Self {
        let mut openmetrics = 0.0_f64;
        let mut text = 0.0_f64;
        for offer in header.split(',') {
            let Ok((media_type, parameters)) = split_media_type(offer) else { continue };
            let quality = parameters
                .iter()
                .find(|(name, _)| name == "q")
                .map_or(1.0, |(_, value)| value.parse().unwrap_or(0.0));
            match media_type.as_str() {
                "application/openmetrics-text" => openmetrics = openmetrics.max(quality),
                "text/plain" => text = text.max(quality),
                _ => {}
            }
        }
        if openmetrics > 0.0 && openmetrics >= text { Self::OpenMetrics } else { Self::Text }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::OpenMetrics => "openmetrics",
            Self::Protobuf => "protobuf",
            Self::OpenMetricsProtobuf => "openmetrics-protobuf",
        })
    }
}

/// How a producer wrote names that are not classic ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Escaping {
    /// As they are, in quotes.
    AllowUtf8,
    /// Other characters became underscores.
    Underscores,
    /// Dots became `_dot_`, underscores `__`.
    Dots,
    /// Other characters became their code point.
    Values,
}

/// A `Content-Type` header, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    /// Format.
    pub format: Format,
    /// The `version` parameter.
    pub version: Option<String>,
    /// The `escaping` parameter.
    pub escaping: Option<Escaping>,
}

/// A `Content-Type` that names no known format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ContentTypeError {
    /// The header is missing or empty.
    #[error("the response has no Content-Type")]
    Missing,
    /// The header is no media type.
    #[error("malformed Content-Type {0:?}")]
    Malformed(String),
    /// The media type is not one of an exposition.
    #[error("unsupported Content-Type {0:?}")]
    Unsupported(String),
}

impl ContentType {
    /// Takes a header apart.
    ///
    /// # Errors
    /// As for [`Format::from_content_type`].
    pub fn parse(header: &str) -> Result<Self, ContentTypeError> {
        if header.trim().is_empty() {
            return Err(ContentTypeError::Missing);
        }
        let (media_type, parameters) = split_media_type(header)?;
        let parameter = |wanted: &str| {
            parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        let unsupported = || ContentTypeError::Unsupported(header.to_owned());
        let format = match media_type.as_str() {
            "text/plain" => Format::Text,
            "application/openmetrics-text" => Format::OpenMetrics,
            "application/openmetrics-protobuf" => Format::OpenMetricsProtobuf,
            "application/vnd.google.protobuf" => {
                let right_message =
                    parameter("proto").is_none_or(|p| p == "io.prometheus.client.MetricFamily");
                let right_encoding = parameter("encoding").is_none_or(|e| e == "delimited");
                if !(right_message && right_encoding) {
                    return Err(unsupported());
                }
                Format::Protobuf
            }
            _ => return Err(unsupported()),
        };
        let escaping = match parameter("escaping") {
            Some("allow-utf-8") => Some(Escaping::AllowUtf8),
            Some("underscores") => Some(Escaping::Underscores),
            Some("dots") => Some(Escaping::Dots),
            Some("values") => Some(Escaping::Values),
            _ => None,
        };
        Ok(Self { format, version: parameter("version").map(str::to_owned), escaping })
    }
}

type Parameters = Vec<(String, String)>;

/// `type/subtype; name=value…`; type and names in lower case, values without quotes.
fn split_media_type(header: &str) -> Result<(String, Parameters), ContentTypeError> {
    let malformed = || ContentTypeError::Malformed(header.to_owned());
    let mut parts = header.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or("").to_ascii_lowercase();
    let well_formed = media_type.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    if !well_formed {
        return Err(malformed());
    }
    let mut parameters = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(malformed)?;
        let value = value.trim().trim_matches('"');
        parameters.push((name.trim().to_ascii_lowercase(), value.to_owned()));
    }
    Ok((media_type, parameters))
}

/// The `Accept` header of a scrape: OpenMetrics 1.0 before text, quoted UTF-8 names welcome; protobuf first
/// of all when native histograms are wanted.
#[must_use]
pub fn accept_header(protobuf: bool) -> &'static str {
    if protobuf {
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;\
         escaping=allow-utf-8;q=0.6,\
         application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
         application/openmetrics-text;version=0.0.1;q=0.4,\
         text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    } else {
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
         application/openmetrics-text;version=0.0.1;q=0.4,\
         text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised() {
        for (header, want) in [
            ("text/plain", Format::Text),
            ("text/plain; version=0.0.4; charset=utf-8", Format::Text),
            ("Application/OpenMetrics-Text; Version=1.0.0", Format::OpenMetrics),
            (Format::Protobuf.content_type(), Format::Protobuf),
            (Format::OpenMetricsProtobuf.content_type(), Format::OpenMetricsProtobuf),
        ] {
            assert_eq!(Format::from_content_type(header), Ok(want), "{header}");
        }
        let parsed = ContentType::parse("text/plain; version=1.0.0; escaping=allow-utf-8").unwrap();
        assert_eq!(parsed.version.as_deref(), Some("1.0.0"));
        assert_eq!(parsed.escaping, Some(Escaping::AllowUtf8));
    }

    #[test]
    fn others_are_refused() {
        assert_eq!(Format::from_content_type(" "), Err(ContentTypeError::Missing));
        for header in ["text", "text/", "text/plain; x"] {
            assert!(
                matches!(Format::from_content_type(header), Err(ContentTypeError::Malformed(_))),
                "{header}"
            );
        }
        let text_proto =
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text";
        for header in ["text/html", "application/json", text_proto] {
            assert!(
                matches!(Format::from_content_type(header), Err(ContentTypeError::Unsupported(_))),
                "{header}"
            );
        }
    }

    #[test]
    fn own_accept_header_asks_for_openmetrics() {
        assert_eq!(Format::from_accept(accept_header(false)), Format::OpenMetrics);
        assert_eq!(Format::from_accept("text/plain;version=0.0.4"), Format::Text);
        assert_eq!(Format::from_accept("*/*"), Format::Text);
        assert_eq!(Format::from_accept("application/openmetrics-text;q=0.1, text/plain;q=0.9"), Format::Text);
    }
}
