//! Writing values: unit ids as dashboards use them, one consistent scale per axis, number and unit apart so
//! that the unit can be drawn in a quieter tone.

mod number;
mod span;
mod table;
#[cfg(test)]
mod tests;

use table::Kind;
pub(crate) use table::Steps;

pub use number::{fixed, grouped};
pub(crate) use number::{push_integer, push_two};

/// A written value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text {
    /// What stands before the number: a currency, mostly nothing.
    pub prefix: String,
    /// The number.
    pub number: String,
    /// Unit with its multiple: `KiB/s`, `ms`, `%` or nothing.
    pub unit: String,
}

impl Text {
    fn plain(number: String) -> Self {
        Self { prefix: String::new(), number, unit: String::new() }
    }

    /// Whether a space belongs between number and unit.
    #[must_use]
    pub fn spaced(&self) -> bool {
        !self.unit.is_empty() && !self.unit.starts_with(['%', '°'])
    }

    /// The whole as one line.
    #[must_use]
    pub fn join(&self) -> String {
        let mut out = String::with_capacity(self.prefix.len() + self.number.len() + self.unit.len() + 2);
        // The sign stands before a currency: -$5.
        match (self.prefix.as_str(), self.number.strip_prefix('-')) {
            ("", _) => out.push_str(&self.number),
            (prefix, Some(rest)) => {
                out.push('-');
                out.push_str(prefix);
                out.push_str(rest);
            }
            (prefix, None) => {
                out.push_str(prefix);
                out.push_str(&self.number);
            }
        }
        if self.spaced() {
            out.push('\u{a0}');
        }
        out.push_str(&self.unit);
        out
    }
}

/// A unit: how values are scaled and what is written behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    kind: Kind,
}

impl Unit {
    /// Reads an id of the unit table; something else becomes a suffix as it stands. `suffix:x`, `prefix:x`,
    /// `si:x`, `currency:x`, `count:x` and `none` choose explicitly.
    #[must_use]
    pub fn parse(id: &str) -> Self {
        Self { kind: table::find(id.trim()) }
    }

    /// Writes one value with a scale of its own. `decimals` absent: three significant digits.
    #[must_use]
    pub fn format(&self, value: f64, decimals: Option<u8>) -> Text {
        if let Some(text) = not_a_number(value) {
            return Text::plain(text.to_owned());
        }
        match &self.kind {
            Kind::Span { seconds } => {
                Text::plain(span::words(value * seconds, decimals.map_or(2, |d| usize::from(d) + 1)))
            }
            Kind::Clock { seconds } => Text::plain(span::clock(value * seconds)),
            Kind::Date { ms } => Text::plain(span::iso(value * ms)),
            Kind::Grouped => Text::plain(grouped(value, decimals)),
            Kind::Bool { yes, no } => Text::plain(if value == 0.0 { *no } else { *yes }.to_owned()),
            Kind::Scaled(_) => self.axis_scale(value, 0.0).format(value, decimals),
        }
    }

    /// Chooses one scale for a whole axis.
    ///
    /// `magnitude` is the greatest absolute value on it, `step` the distance of its ticks (0 if unknown).
    #[must_use]
    pub fn axis(&self, magnitude: f64, step: f64, decimals: Option<u8>) -> AxisFormat {
        let scale = match &self.kind {
            Kind::Scaled(_) => self.axis_scale(magnitude, step),
            _ => Scale { divisor: 1.0, prefix: String::new(), unit: String::new(), digits: None },
        };
        AxisFormat { unit: self.clone(), decimals: decimals.or(scale.digits), scale }
    }

    /// Distances that ticks of this unit like: decimal, binary or those of clocks.
    pub(crate) fn steps(&self) -> Steps {
        match &self.kind {
            Kind::Scaled(s) => s.steps,
            Kind::Span { seconds } | Kind::Clock { seconds } => Steps::Seconds(1.0 / seconds),
            _ => Steps::Decimal,
        }
    }

    /// Whether values count or measure something from zero up, so that an axis should begin there.
    #[must_use]
    pub fn from_zero(&self) -> bool {
        match &self.kind {
            Kind::Scaled(s) => s.from_zero,
            Kind::Date { .. } => false,
            _ => true,
        }
    }

    fn axis_scale(&self, magnitude: f64, step: f64) -> Scale {
        let Kind::Scaled(scaled) = &self.kind else {
            return Scale { divisor: 1.0, prefix: String::new(), unit: String::new(), digits: None };
        };
        let (divisor, multiple) = scaled.pick(magnitude.abs());
        let mut unit = String::with_capacity(multiple.len() + scaled.suffix.len() + 1);
        unit.push_str(multiple);
        if !multiple.is_empty() && scaled.apart && !scaled.suffix.is_empty() {
            unit.push('\u{a0}');
        }
        unit.push_str(&scaled.suffix);
        // Enough digits that neighbouring ticks differ.
        let digits = (step > 0.0).then(|| number::digits_for_step(step / divisor));
        Scale { divisor, prefix: scaled.prefix.clone(), unit, digits }
    }
}

struct Scale {
    divisor: f64,
    prefix: String,
    unit: String,
    digits: Option<u8>,
}

impl Scale {
    fn format(&self, value: f64, decimals: Option<u8>) -> Text {
        let scaled = value / self.divisor;
        let number = match decimals {
            Some(digits) => fixed(scaled, digits),
            // 99.95 % is not 100 %.
            None if self.unit == "%" && (99.0..100.0).contains(&scaled.abs()) => {
                number::below_hundred(scaled)
            }
            None => number::significant(scaled),
        };
        Text { prefix: self.prefix.clone(), number, unit: self.unit.clone() }
    }
}

/// Writes the values of one axis.
pub struct AxisFormat {
    unit: Unit,
    scale: Scale,
    decimals: Option<u8>,
}

impl AxisFormat {
    /// Writes a value with the axis' scale.
    #[must_use]
    pub fn format(&self, value: f64) -> Text {
        if let Some(text) = not_a_number(value) {
            return Text::plain(text.to_owned());
        }
        match &self.unit.kind {
            // Zero needs no multiple: "0", not "0 KiB"; but percent and degrees stay.
            Kind::Scaled(s) if value == 0.0 && s.has_multiples() && self.scale.prefix.is_empty() => {
                Text::plain("0".to_owned())
            }
            Kind::Scaled(_) => self.scale.format(value, self.decimals),
            _ => self.unit.format(value, self.decimals),
        }
    }
}

fn not_a_number(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("∞")
    } else if value == f64::NEG_INFINITY {
        Some("-∞")
    } else {
        None
    }
}
