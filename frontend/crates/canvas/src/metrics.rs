//! Widths of text: each font's characters are measured once, texts are sums of them. Kerning is not
//! regarded; figures have none.

use std::cell::RefCell;

use chart::Font;

use crate::shim;

struct Widths {
    family: String,
    weight: u32,
    /// Of the printable ASCII characters, in thousandths of an em.
    ascii: Vec<f64>,
    /// Of others, as they were met.
    others: Vec<(char, f64)>,
}

/// More characters than this of one font are measured again and again rather than remembered.
const MOST_OTHERS: usize = 512;

thread_local! {
    static KNOWN: RefCell<Vec<Widths>> = const { RefCell::new(Vec::new()) };
}

/// Forgets all widths; to be called when a web font has arrived (`document.fonts.ready`) or been changed.
pub fn reset() {
    KNOWN.with_borrow_mut(Vec::clear);
}

/// Width of a text in device pixels, rounded up.
pub(crate) fn width(family: &str, font: Font, text: &str) -> i32 {
    KNOWN.with_borrow_mut(|known| {
        let at =
            known.iter().position(|w| w.weight == font.weight && w.family == family).unwrap_or_else(|| {
                let ascii = shim::advances(family, font.weight);
                known.push(Widths {
                    family: family.to_owned(),
                    weight: font.weight,
                    ascii,
                    others: Vec::new(),
                });
                known.len() - 1
            });
        let widths = &mut known[at];
        let thousandths: f64 = text.chars().map(|c| widths.of(c)).sum();
        (thousandths * f64::from(font.size) / 1000.0).ceil() as i32
    })
}

impl Widths {
    fn of(&mut self, c: char) -> f64 {
        // The space that does not break is as wide as the other.
        let code = if c == '\u{a0}' { 32 } else { c as usize };
        if let Some(width) = code.checked_sub(32).and_then(|i| self.ascii.get(i)) {
            return *width;
        }
        if let Some((_, width)) = self.others.iter().find(|(known, _)| *known == c) {
            return *width;
        }
        let width = shim::width(&self.family, self.weight, c.encode_utf8(&mut [0; 4]));
        if self.others.len() < MOST_OTHERS {
            self.others.push((c, width));
        }
        width
    }
}
