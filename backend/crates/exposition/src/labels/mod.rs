//! Label sets: the notations they come in, and the scratch they are decoded into. The text notations are
//! taken apart in `decode`; the packed one, which the protobuf parsers make, here.

mod decode;

use model::{Labels, METRIC_NAME, MetricType};

use decode::Decoder;

/// How a label set is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// Text 0.0.4: blanks between tokens are free, commas may be missing.
    Text,
    /// OpenMetrics: no blanks; a comma before the closing brace is let pass, as Prometheus does.
    OpenMetrics,
    /// OpenMetrics to the letter: no needless comma, no quoted names.
    Strict,
    /// The braces of an exemplar: labels only, no metric name.
    Exemplar {
        /// To the letter, as in [`Notation::Strict`].
        strict: bool,
    },
    /// Length-prefixed strings, see [`pack`].
    Packed,
}

impl Notation {
    fn free_blanks(self) -> bool {
        matches!(self, Self::Text)
    }

    fn is_strict(self) -> bool {
        matches!(self, Self::Strict | Self::Exemplar { strict: true })
    }
}

/// What is wrong, and how many bytes into the label set.
type Complaint = (usize, String);

/// Decoded labels, sorted by name. Keep one and reuse it: it keeps its buffers.
#[derive(Clone, Debug, Default)]
pub struct LabelScratch {
    text: String,
    pairs: Vec<Pair>,
}

/// Ends of name and value in the text; the name begins where the pair does.
#[derive(Clone, Copy, Debug)]
struct Pair {
    start: usize,
    middle: usize,
    end: usize,
}

impl LabelScratch {
    /// The pairs in order of name. A value may be empty, which means that the label is absent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|pair| self.pair(*pair))
    }

    /// The value of `name`, or "".
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v)
    }

    /// The metric name.
    #[must_use]
    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME)
    }

    /// The labels as a set of their own, without empty ones.
    #[must_use]
    pub fn to_labels(&self) -> Labels {
        let pairs: Vec<(&str, &str)> = self.iter().filter(|(_, value)| !value.is_empty()).collect();
        Labels::from_sorted(&pairs)
    }

    fn pair(&self, pair: Pair) -> (&str, &str) {
        (&self.text[pair.start..pair.middle], &self.text[pair.middle..pair.end])
    }

    pub(crate) fn decode(
        &mut self,
        raw: &[u8],
        notation: Notation,
        metric_type: MetricType,
    ) -> Result<(), Complaint> {
        self.text.clear();
        self.pairs.clear();
        if notation == Notation::Packed {
            self.unpack(raw)?;
        } else {
            Decoder::new(raw, notation, metric_type, self).label_set()?;
        }
        let Self { text, pairs } = self;
        let name = |pair: &Pair| &text[pair.start..pair.middle];
        pairs.sort_by(|a, b| name(a).cmp(name(b)));
        if let Some(twice) = pairs.windows(2).find(|w| name(&w[0]) == name(&w[1])) {
            return Err((0, format!("label name {:?} is not unique", name(&twice[0]))));
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.pairs.push(Pair { start, middle, end: self.text.len() });
    }

    fn unpack(&mut self, mut raw: &[u8]) -> Result<(), Complaint> {
        let mut next = || -> Option<&str> {
            let (length, rest) = raw.split_first_chunk::<4>()?;
            let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            raw = rest;
            std::str::from_utf8(text).ok()
        };
        while let Some(name) = next() {
            let value = next().ok_or((0, "broken series key".to_owned()))?;
            self.add(name, value);
        }
        Ok(())
    }
}

/// Appends a pair in packed notation.
pub(crate) fn pack(out: &mut Vec<u8>, name: &str, value: &str) {
    for text in [name, value] {
        // A protobuf body is shorter than 4 GiB: its lengths were checked against it.
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// Where the double quote lies that ends the string beginning at `start`.
pub(crate) fn end_of_string(raw: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr2(b'"', b'\\', raw.get(at..)?)?;
        if raw[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Appends `text` with `\\`, `\n` and, if `quotes`, `\"` replaced; other backslashes stay as they are.
pub(crate) fn unescape(out: &mut String, text: &str, quotes: bool) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let replaced = match rest.as_bytes().get(at + 1) {
            Some(b'\\') => Some('\\'),
            Some(b'n') => Some('\n'),
            Some(b'"') if quotes => Some('"'),
            _ => None,
        };
        match replaced {
            Some(c) => {
                out.push(c);
                rest = &rest[at + 2..];
            }
            None => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
}
