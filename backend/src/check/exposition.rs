//! `check exposition`: what a body holds, or where it is wrong.

use std::path::Path;

use exposition::Format;

use super::Verdict;
use crate::cli::ExpositionFormat;

pub(super) fn check(path: &Path, bytes: &[u8], format: Option<ExpositionFormat>, strict: bool) -> Verdict {
    let format = match format {
        Some(ExpositionFormat::Text) => Format::Text,
        Some(ExpositionFormat::Openmetrics) => Format::OpenMetrics,
        Some(ExpositionFormat::Protobuf) => Format::Protobuf,
        Some(ExpositionFormat::OpenmetricsProtobuf) => Format::OpenMetricsProtobuf,
        None => guess(path, bytes),
    };
    let summary = if strict && format == Format::OpenMetrics {
        exposition::summary_strict(bytes)
    } else {
        exposition::summary(bytes, format)
    };
    match summary {
        Ok(summary) => Verdict::good(format!("{format}: {summary}")),
        Err(error) => Verdict::bad(format!("{format}: {error}")),
    }
}

/// The format by the name's end, else by what the content looks like.
fn guess(path: &Path, bytes: &[u8]) -> Format {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    for (suffix, format) in [
        (".om.pb", Format::OpenMetricsProtobuf),
        (".pb", Format::Protobuf),
        (".om", Format::OpenMetrics),
        (".openmetrics", Format::OpenMetrics),
        (".prom", Format::Text),
    ] {
        if name.ends_with(suffix) {
            return format;
        }
    }
    if bytes.ends_with(b"# EOF\n") || bytes.ends_with(b"# EOF") {
        Format::OpenMetrics
    } else if std::str::from_utf8(bytes).is_err() || bytes.contains(&0) {
        Format::Protobuf
    } else {
        Format::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(name: &str, text: &str) -> (bool, String) {
        let verdict = check(Path::new(name), text.as_bytes(), None, false);
        (verdict.ok, verdict.text)
    }

    #[test]
    fn counts_or_the_place_of_the_mistake() {
        let (ok, text) = verdict("a.prom", "# TYPE a counter\na_total 1\nb 2\n");
        assert_eq!((ok, text.as_str()), (true, "text: 2 samples, 1 family (1 counter), 0 exemplars"));
        let (ok, text) = verdict("a", "# TYPE a counter\na_total 1 # {t=\"x\"} 1\n# EOF\n");
        assert_eq!((ok, text.as_str()), (true, "openmetrics: 1 sample, 1 family (1 counter), 1 exemplar"));
        let (ok, text) = verdict("a.prom", "a 1\nb{ 2\n");
        assert!(!ok && text.starts_with("text: line 2, column "), "{text}");
    }
}
