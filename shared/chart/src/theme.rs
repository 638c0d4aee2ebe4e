//! Colours and fonts of a drawing. The app fills a theme from the CSS custom properties once per change of
//! theme; the server takes [`Theme::dark`] or [`Theme::light`].

use crate::Color;

/// Number of series colours.
pub const PALETTE: usize = 12;

/// Colours and fonts of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// The panel's ground.
    pub ground: Color,
    /// Grid lines.
    pub grid: Color,
    /// Text of the axes, and other quiet text.
    pub axis: Color,
    /// Numbers and other text to be read first.
    pub text: Color,
    /// Unfilled part of gauges.
    pub track: Color,
    /// State "good".
    pub good: Color,
    /// State "warning".
    pub warning: Color,
    /// State "critical".
    pub critical: Color,
    /// A value without a judgement.
    pub neutral: Color,
    /// Series colours, distinguishable with the common colour blindnesses and of about equal lightness.
    pub series: [Color; PALETTE],
    /// Font family of all text, as CSS writes it.
    pub family: String,
    /// Size of axis text in CSS pixels.
    pub font_size: f64,
}

impl Theme {
    /// The dark theme.
    #[must_use]
    pub fn dark() -> Self {
        Self {
            ground: Color::rgb(0x12151a),
            grid: Color::rgb(0x22272f),
            axis: Color::rgb(0x98a4b3),
            text: Color::rgb(0xf4f7fa),
            track: Color::rgb(0x22272f),
            good: Color::rgb(0x43b581),
            warning: Color::rgb(0xe3ab35),
            critical: Color::rgb(0xf2666c),
            neutral: Color::rgb(0x6ea3e0),
            series: [
                0x5b9cf0, 0xf09a4a, 0x3fb8a6, 0xd983c4, 0xd6b93a, 0x8f8ff2, 0x7fbf4d, 0xee7f7a, 0x45b4dd,
                0xc9956b, 0xb58bea, 0x9fb0bf,
            ]
            .map(Color::rgb),
            family: FAMILY.to_owned(),
            font_size: 12.0,
        }
    }

    /// The light theme.
    #[must_use]
    pub fn light() -> Self {
        Self {
            ground: Color::rgb(0xffffff),
            grid: Color::rgb(0xe6eaef),
            axis: Color::rgb(0x56616e),
            text: Color::rgb(0x0d1217),
            track: Color::rgb(0xe6eaef),
            good: Color::rgb(0x17804c),
            warning: Color::rgb(0x946200),
            critical: Color::rgb(0xc3262f),
            neutral: Color::rgb(0x2b67ad),
            series: [
                0x2a6fcb, 0xbd6410, 0x0f8576, 0xb14698, 0x8d7400, 0x6059d0, 0x4a8416, 0xc84a45, 0x0f7fab,
                0x94623a, 0x8650c9, 0x5b6b7a,
            ]
            .map(Color::rgb),
            family: FAMILY.to_owned(),
            font_size: 12.0,
        }
    }

    /// A state or a CSS hex colour as thresholds name it; something else is neutral.
    #[must_use]
    pub fn named(&self, name: &str) -> Color {
        match name {
            "good" => self.good,
            "warning" => self.warning,
            "critical" => self.critical,
            "neutral" => self.neutral,
            hex => Color::parse(hex).unwrap_or(self.neutral),
        }
    }

    /// Colour of a palette slot.
    #[must_use]
    pub fn slot(&self, slot: u8) -> Color {
        self.series[usize::from(slot) % PALETTE]
    }
}

const FAMILY: &str = "\"Inter Variable\", Inter, system-ui, sans-serif";
