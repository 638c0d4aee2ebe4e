//! Colours, and which series gets which: a stable hash of the series' labels chooses the slot.

use std::collections::BTreeSet;

use plotters_backend::{BackendColor, BackendStyle};

use crate::Dash;
use crate::theme::PALETTE;

/// A colour with opacity: `0xRRGGBBAA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Color(pub u32);

impl Color {
    /// Nothing to be seen.
    pub const TRANSPARENT: Self = Self(0);

    /// An opaque colour from `0xRRGGBB`.
    #[must_use]
    pub const fn rgb(rgb: u32) -> Self {
        Self((rgb << 8) | 0xff)
    }

    /// Reads `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa`, with or without white space around.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.trim().strip_prefix('#')?;
        if hex.len() > 8 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let n = u32::from_str_radix(hex, 16).ok()?;
        let wide = |n: u32| (0..4).fold(0, |all, i| (all << 8) | (((n >> (12 - 4 * i)) & 0xf) * 0x11));
        match hex.len() {
            3 => Some(Self(wide(n << 4 | 0xf))),
            4 => Some(Self(wide(n))),
            6 => Some(Self::rgb(n)),
            8 => Some(Self(n)),
            _ => None,
        }
    }

    /// The colour with its opacity multiplied; 0 is invisible, 1 leaves it.
    #[must_use]
    pub fn alpha(self, factor: f64) -> Self {
        let alpha = f64::from(self.0 & 0xff) * factor.clamp(0.0, 1.0);
        Self(self.0 & !0xff | alpha.round() as u32)
    }

    /// Red, green, blue, opacity.
    #[must_use]
    pub const fn channels(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    /// As CSS writes it: `#rrggbb` or `#rrggbbaa`.
    #[must_use]
    pub fn css(self) -> String {
        let (value, digits) = if self.0 & 0xff == 0xff { (self.0 >> 8, 6) } else { (self.0, 8) };
        let mut text = String::with_capacity(9);
        text.push('#');
        for i in (0..digits).rev() {
            text.push(char::from(b"0123456789abcdef"[(value >> (4 * i) & 0xf) as usize]));
        }
        text
    }
}

impl BackendStyle for Color {
    fn color(&self) -> BackendColor {
        let [r, g, b, a] = self.channels();
        BackendColor { alpha: f64::from(a) / 255.0, rgb: (r, g, b) }
    }
}

impl From<BackendColor> for Color {
    fn from(color: BackendColor) -> Self {
        let (r, g, b) = color.rgb;
        let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
        Self(u32::from_be_bytes([r, g, b, alpha]))
    }
}

/// Look of a series: a slot of the palette and a dash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    /// Slot of the palette, below [`PALETTE`].
    pub slot: u8,
    /// How many times the palette was used up before: 0 solid, then dashed, dotted, dash-dot.
    pub round: u8,
}

impl Look {
    /// Dash of this look.
    #[must_use]
    pub fn dash(self) -> Dash {
        match self.round % 4 {
            0 => Dash::Solid,
            1 => Dash::Dashed,
            2 => Dash::Dotted,
            _ => Dash::DashDot,
        }
    }
}

/// Stable hash of labels (FNV-1a); the same in every panel, reload and version. The name of the metric does
/// not count, so that a model has one colour in all its panels.
#[must_use]
pub fn hash_labels<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    for (name, value) in labels {
        if name != "__name__" {
            add(name.as_bytes());
            add(&[0xfe]);
            add(value.as_bytes());
            add(&[0xff]);
        }
    }
    // The low bits of FNV-1a are weak; fold the high ones in.
    hash ^ (hash >> 32)
}

/// Looks of a panel's series, by their hashes.
///
/// Each series wants the slot of its hash. Where several want the same one, the smallest hash keeps it and
/// the others move on by a step that depends on their own hash; so a look depends on the set of series but
/// not on their order. When all slots are taken, the next round uses dashes.
#[must_use]
pub fn assign(hashes: &[u64]) -> Vec<Look> {
    let mut order: Vec<usize> = (0..hashes.len()).collect();
    order.sort_by_key(|&i| (hashes[i], i));
    // First everyone whose wish is free, so that one collision does not push others aside.
    let mut looks: Vec<Option<Look>> = vec![None; hashes.len()];
    let mut taken = BTreeSet::new();
    for &i in &order {
        let wish = Look { slot: (hashes[i] % PALETTE as u64) as u8, round: 0 };
        if taken.insert(wish) {
            looks[i] = Some(wish);
        }
    }
    let mut used = taken.len();
    for &i in &order {
        if looks[i].is_some() {
            continue;
        }
        let round = (used / PALETTE) as u8;
        // Steps coprime to 12 visit every slot.
        let step = [1, 5, 7, 11][(hashes[i] / PALETTE as u64 % 4) as usize];
        let mut slot = (hashes[i] % PALETTE as u64) as u8;
        let mut look = Look { slot, round };
        for _ in 0..PALETTE {
            look = Look { slot, round };
            if taken.insert(look) {
                break;
            }
            slot = (slot + step) % PALETTE as u8;
        }
        used += 1;
        looks[i] = Some(look);
    }
    looks.into_iter().map(|look| look.unwrap_or(Look { slot: 0, round: 0 })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_colours_are_read_in_all_lengths() {
        assert_eq!(Color::parse("#fff"), Some(Color(0xffff_ffff)));
        assert_eq!(Color::parse(" #1234 "), Some(Color(0x1122_3344)));
        assert_eq!(Color::parse("#0b0d11"), Some(Color(0x0b0d_11ff)));
        assert_eq!(Color::parse("#f07b3f24"), Some(Color(0xf07b_3f24)));
        for wrong in ["", "fff", "#ff", "#ggg", "#+12", "#123456789", "rgb(1,2,3)"] {
            assert_eq!(Color::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Color(0x0b0d_11ff).css(), "#0b0d11");
        assert_eq!(Color(0x0b0d_1180).css(), "#0b0d1180");
        assert_eq!(Color::rgb(0).alpha(0.5).css(), "#00000080");
    }

    #[test]
    fn twelve_series_get_twelve_slots_and_the_next_get_dashes() {
        let hashes: Vec<u64> = (0..30).map(|i| hash_labels([("gpu", format!("{i}").as_str())])).collect();
        let looks = assign(&hashes);
        let distinct: BTreeSet<Look> = looks.iter().copied().collect();
        assert_eq!(distinct.len(), 30);
        assert_eq!(assign(&hashes[..12]).iter().filter(|l| l.round > 0).count(), 0);
        assert_eq!(looks.iter().filter(|l| l.round == 0).count(), 12);
        assert_eq!(looks.iter().filter(|l| l.round == 1).count(), 12);
    }

    #[test]
    fn looks_do_not_depend_on_order_or_on_the_metric_name() {
        let mut hashes: Vec<u64> =
            (0..20).map(|i| hash_labels([("model", format!("m{i}").as_str())])).collect();
        let before = assign(&hashes);
        hashes.reverse();
        let mut after = assign(&hashes);
        after.reverse();
        assert_eq!(before, after);
        assert_eq!(
            hash_labels([("__name__", "a"), ("model", "x")]),
            hash_labels([("__name__", "b"), ("model", "x")])
        );
        assert_ne!(hash_labels([("a", "bc")]), hash_labels([("ab", "c")]));
    }

    #[test]
    fn more_series_than_looks_still_get_one() {
        assert_eq!(assign(&vec![7; 5_000]).len(), 5_000);
    }
}
