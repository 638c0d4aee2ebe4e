//! Fingerprints of label sets: how an alert is known across the API, silences and the notification log.

use std::fmt;

use model::Labels;

/// The hash by which alerts are known: 64-bit FNV-1a over names and values, each followed by a byte 0xff, as
/// Prometheus' clients compute it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

const OFFSET: u64 = 14_695_981_039_346_656_037;
const PRIME: u64 = 1_099_511_628_211;

impl Fingerprint {
    /// The fingerprint of a label set.
    #[must_use]
    pub fn of(labels: &Labels) -> Self {
        let mut hash = OFFSET;
        let mut add = |bytes: &[u8]| {
            for byte in bytes.iter().chain(&[0xff]) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        };
        for (name, value) in labels {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        Self(hash)
    }

    /// The fingerprint with the given hexadecimal text of 16 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        hexadecimal.then(|| u64::from_str_radix(text, 16).ok().map(Self))?
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_prometheus_clients_compute_it() {
        assert_eq!(Fingerprint::of(&Labels::empty()).to_string(), "cbf29ce484222325");
        let labels = Labels::from_pairs([("alertname", "a"), ("b", "c")]);
        let mut hash = OFFSET;
        for byte in b"alertname\xffa\xffb\xffc\xff" {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        let fingerprint = Fingerprint::of(&labels);
        assert_eq!(fingerprint, Fingerprint(hash));
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint));
        for bad in ["", "1", "+000000000000001", "cbf29ce48422232g"] {
            assert_eq!(Fingerprint::parse(bad), None, "{bad}");
        }
    }
}
