//! Labels as they come over the wire: pairs in place, checked and made into a label set.
//!
//! As in Prometheus, pairs may come in any order and empty values say that the label is absent, though the
//! specification wants senders to do neither.

use model::{Labels, METRIC_NAME};

use crate::wire::{Reader, WireError, bytes, put_bytes, put_message};

/// A series with more labels is refused.
const LABELS_MAX: usize = 512;
/// A series with a longer label name is refused; bytes.
const NAME_BYTES_MAX: usize = 4 << 10;
/// A series with a longer label value is refused; bytes.
const VALUE_BYTES_MAX: usize = 256 << 10;
/// Bytes of labels shown in an error.
const SHOWN_BYTES_MAX: usize = 300;

/// A label as the wire has it: maybe not even UTF-8.
pub(crate) type RawPair<'a> = (&'a [u8], &'a [u8]);

/// Reads a `Label` message.
pub(crate) fn read_pair<'a>(mut message: Reader<'a>) -> Result<RawPair<'a>, WireError> {
    const NAME: u32 = bytes(1);
    const VALUE: u32 = bytes(2);
    let (mut name, mut value): RawPair<'a> = (&[], &[]);
    while let Some(tag) = message.tag()? {
        match tag {
            NAME => name = message.message()?.rest(),
            VALUE => value = message.message()?.rest(),
            other => message.skip(other)?,
        }
    }
    Ok((name, value))
}

/// Writes `labels` as `Label` messages of `field`.
pub(crate) fn put_labels(out: &mut Vec<u8>, field: u32, labels: &Labels) {
    for (name, value) in labels {
        put_message(out, field, |out| {
            put_bytes(out, 1, name.as_bytes());
            put_bytes(out, 2, value.as_bytes());
        });
    }
}

/// The label set of a series.
///
/// # Errors
/// When it cannot be a series, in words that name the label.
pub(crate) fn of_series(pairs: &[RawPair<'_>]) -> Result<Labels, String> {
    let labels = checked(pairs)?;
    if labels.metric_name().is_empty() {
        return Err("the metric name is missing".to_owned());
    }
    Ok(labels)
}

/// A label set that need not be a series'.
///
/// # Errors
/// As for [`of_series`].
pub(crate) fn checked(pairs: &[RawPair<'_>]) -> Result<Labels, String> {
    if pairs.len() > LABELS_MAX {
        return Err(format!("there are {} labels; at most {LABELS_MAX} are taken", pairs.len()));
    }
    let mut texts = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        let Ok(name) = str::from_utf8(name) else {
            return Err(format!("label name {:?} is not UTF-8", shortened(&String::from_utf8_lossy(name))));
        };
        if name.is_empty() {
            return Err("a label has no name".to_owned());
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(format!("label name {:?} is longer than {NAME_BYTES_MAX} bytes", shortened(name)));
        }
        let Ok(value) = str::from_utf8(value) else {
            return Err(format!("the value of label {:?} is not UTF-8", shortened(name)));
        };
        if value.len() > VALUE_BYTES_MAX {
            let name = shortened(name);
            return Err(format!("the value of label {name:?} is longer than {VALUE_BYTES_MAX} bytes"));
        }
        texts.push((name, value));
    }
    if !texts.is_sorted_by(|a, b| a.0 < b.0) {
        texts.sort_by_key(|(name, _)| *name);
        if let Some(twice) = texts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("label name {:?} occurs twice", shortened(twice[0].0)));
        }
    }
    texts.retain(|(_, value)| !value.is_empty());
    Ok(Labels::from_sorted(&texts))
}

/// The pairs for an error message, as a series is written, cut when they are long.
pub(crate) fn shown(pairs: &[RawPair<'_>]) -> String {
    let texts =
        pairs.iter().map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
    let mut text = String::from("{");
    for (at, (name, value)) in texts.enumerate() {
        if name == METRIC_NAME && text.len() == 1 {
            text = format!("{value}{{");
            continue;
        }
        if at > 0 && !text.ends_with('{') {
            text.push_str(", ");
        }
        text.push_str(&format!("{name}={value:?}"));
        if text.len() > SHOWN_BYTES_MAX {
            break;
        }
    }
    text.push('}');
    shortened(&text)
}

fn shortened(text: &str) -> String {
    if text.len() <= SHOWN_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(pairs: &[(&'static str, &'static str)]) -> Result<String, String> {
        let raw: Vec<RawPair<'_>> = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        of_series(&raw).map(|labels| labels.to_string())
    }

    #[test]
    fn what_can_be_a_series() {
        assert_eq!(series(&[("__name__", "up"), ("a", "1")]).unwrap(), r#"up{a="1"}"#);
        assert_eq!(series(&[("b", "2"), ("a", ""), ("__name__", "up")]).unwrap(), r#"up{b="2"}"#);
        assert_eq!(series(&[("__name__", "ünï.x"), ("é", "1")]).unwrap(), r#"{"ünï.x", "é"="1"}"#);
    }

    #[test]
    fn what_cannot() {
        for (pairs, why) in [
            (&[][..], "the metric name is missing"),
            (&[("a", "1")], "the metric name is missing"),
            (&[("__name__", "")], "the metric name is missing"),
            (&[("__name__", "x"), ("", "1")], "a label has no name"),
            (&[("__name__", "x"), ("a", "1"), ("a", "1")], "label name \"a\" occurs twice"),
            (&[("a", "1"), ("__name__", "x"), ("a", "")], "label name \"a\" occurs twice"),
        ] {
            assert_eq!(series(pairs).unwrap_err(), why);
        }
        assert!(of_series(&[(b"a", b"\xff")]).unwrap_err().contains("\"a\" is not UTF-8"));
        assert!(of_series(&[(b"\xff", b"a")]).unwrap_err().contains("is not UTF-8"));
        let many = vec![(&b"a"[..], &b"b"[..]); LABELS_MAX + 1];
        assert!(of_series(&many).unwrap_err().contains("at most 512"));
        let long = vec![b'x'; VALUE_BYTES_MAX + 1];
        assert!(of_series(&[(b"a", &long)]).unwrap_err().contains("longer than"));
    }

    #[test]
    fn errors_show_the_series() {
        assert_eq!(
            shown(&[(b"__name__", b"up"), (b"a", b"\"1"), (b"b", b"\xff")]),
            "up{a=\"\\\"1\", b=\"\u{fffd}\"}"
        );
        assert_eq!(shown(&[(b"a", b"1")]), "{a=\"1\"}");
        let long = vec![b'x'; 1000];
        assert!(shown(&[(b"a", &long)]).len() < 310);
    }
}
