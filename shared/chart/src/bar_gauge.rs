//! Values as horizontal bars below each other.

use crate::pen;
use crate::stat::label_font;
use crate::surface::{Anchor, Surface, VAnchor};
use crate::{Color, PixelRect, Rect, Size, Theme};

/// A bar.
#[derive(Clone, Copy)]
pub struct Bar<'a> {
    /// Its value; nothing is filled for NaN.
    pub value: f64,
    /// Its colour.
    pub color: Color,
    /// Name on the left, when it is to be drawn (on the server).
    pub name: Option<&'a str>,
    /// Number on the right, when it is to be drawn.
    pub text: Option<&'a str>,
}

/// Bars with their axis.
#[derive(Clone, Copy)]
pub struct BarGauge<'a> {
    /// The bars, from above.
    pub bars: &'a [Bar<'a>],
    /// Value of an empty bar.
    pub min: f64,
    /// Value of a full bar.
    pub max: f64,
}

/// Draws bars; returns their rectangles in CSS pixels, for names and numbers in HTML. Bars for which there
/// is no room are left out.
pub fn draw<S: Surface>(surface: &mut S, gauge: &BarGauge<'_>, theme: &Theme, size: Size) -> Vec<Rect> {
    let (width, height) = (size.px(size.width), size.px(size.height));
    let font = label_font(theme, size);
    let least =
        size.px(6.0).max(if gauge.bars.iter().any(|b| b.name.is_some()) { font.size as i32 } else { 1 });
    let shown = gauge.bars.len().min((height / (least + size.px(4.0)).max(1)).max(0) as usize);
    if shown == 0 || width <= 0 {
        return Vec::new();
    }
    let bars = &gauge.bars[..shown];
    let pitch = height / shown as i32;
    let thick = (pitch * 7 / 10).clamp(1, size.px(28.0).max(1));
    let room = |texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|t| surface.text_width(t, font)).max().map_or(0, |w| w + size.px(8.0)).min(width * 2 / 5)
    };
    let left = room(&mut bars.iter().filter_map(|b| b.name));
    let right = room(&mut bars.iter().filter_map(|b| b.text));
    let (low, high) =
        if gauge.min < gauge.max { (gauge.min, gauge.max) } else { (gauge.min, gauge.min + 1.0) };
    let mut rects = Vec::with_capacity(shown);
    for (i, bar) in bars.iter().enumerate() {
        let middle = pitch * i as i32 + pitch / 2;
        let track = PixelRect {
            left,
            top: middle - thick / 2,
            right: width - right,
            bottom: middle - thick / 2 + thick,
        };
        pen::fill(surface, track, theme.track);
        let share = ((bar.value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)).clamp(0.0, 1.0);
        if !share.is_nan() {
            // At least a sliver: zero is a value too.
            let filled = (f64::from(track.width()) * share).round().max(f64::from(size.stroke(2.0))) as i32;
            pen::fill(surface, PixelRect { right: (left + filled).min(track.right), ..track }, bar.color);
        }
        if let Some(name) = bar.name {
            surface.label(name, font, theme.axis, (0, middle), (Anchor::Start, VAnchor::Middle));
        }
        if let Some(text) = bar.text {
            surface.label(text, font, theme.text, (width, middle), (Anchor::End, VAnchor::Middle));
        }
        rects.push(track.to_css(size.dpr));
    }
    rects
}
