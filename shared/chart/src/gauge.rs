//! A value on an arc, with the thresholds as a thin ring outside of it.

use std::f64::consts::PI;

use crate::stat::{big_number, label_font};
use crate::surface::{Anchor, Surface, VAnchor};
use crate::units::Text;
use crate::{Color, Rect, Size, Theme, thresholds};

/// Open at the bottom: from lower left, over the top, to lower right.
const START: f64 = 0.8 * PI;
const SWEEP: f64 = 1.4 * PI;

/// A gauge.
#[derive(Clone, Copy)]
pub struct Gauge<'a> {
    /// The value; nothing is filled for NaN.
    pub value: f64,
    /// Value at the arc's beginning.
    pub min: f64,
    /// Value at the arc's end.
    pub max: f64,
    /// Steps from [`thresholds::resolve`].
    pub steps: &'a [(f64, Color)],
    /// Colour of the filled part; none takes that of the value's threshold.
    pub color: Option<Color>,
    /// The number, when it is to be drawn (on the server).
    pub text: Option<&'a Text>,
    /// A name below the arc, when it is to be drawn.
    pub name: Option<&'a str>,
}

/// Draws a gauge; returns the rectangle (CSS pixels) inside of the arc, where the number belongs.
pub fn draw<S: Surface>(surface: &mut S, gauge: &Gauge<'_>, theme: &Theme, size: Size) -> Rect {
    let name_room = if gauge.name.is_some() { theme.font_size * 1.6 } else { 0.0 };
    let room = (size.height - name_room).max(0.0);
    // The arc is as wide as two radii and, open below, as high as 1.59 of them.
    let below = (START - PI / 2.0).cos();
    let outer = (size.width / 2.0).min(room / (1.0 + below)) - 2.0;
    if outer < 8.0 {
        return Rect::default();
    }
    let (cx, cy) = (size.width / 2.0, (room - outer * (1.0 + below)) / 2.0 + outer);
    let ring = (outer * 0.04).clamp(2.0, 5.0);
    let thick = (outer * 0.17).clamp(4.0, 40.0);
    let center = (size.px(cx), size.px(cy));
    let mut arc = |radius: f64, width: f64, from: f64, to: f64, color: Color| {
        if to > from {
            let (from, to) = (START + from * SWEEP, START + to * SWEEP);
            surface.arc(center, size.px(radius), size.stroke(width), from, to, color);
        }
    };
    let (low, high) =
        if gauge.min < gauge.max { (gauge.min, gauge.max) } else { (gauge.min, gauge.min + 1.0) };
    let share = |v: f64| ((v / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)).clamp(0.0, 1.0);
    if !gauge.steps.is_empty() {
        let radius = outer - ring / 2.0;
        arc(radius, ring, 0.0, share(gauge.steps[0].0), theme.good);
        for (i, (from, color)) in gauge.steps.iter().enumerate() {
            let to = gauge.steps.get(i + 1).map_or(1.0, |(to, _)| share(*to));
            arc(radius, ring, share(*from), to, *color);
        }
    }
    let radius = outer - ring - 2.0 - thick / 2.0;
    arc(radius, thick, 0.0, 1.0, theme.track);
    if !gauge.value.is_nan() {
        let color = gauge.color.unwrap_or_else(|| thresholds::color_of(gauge.value, gauge.steps, theme));
        // A value at the very beginning still shows that there is one.
        arc(radius, thick, 0.0, share(gauge.value).max(0.004), color);
    }
    let inner = radius - thick / 2.0;
    if let Some(text) = gauge.text {
        let (width, height) = (size.px(inner * 1.7), size.px(inner * 0.55));
        big_number(surface, text, theme.text, theme, center, width, height);
    }
    if let Some(name) = gauge.name {
        let at = (center.0, size.px(size.height - name_room / 2.0));
        surface.label(name, label_font(theme, size), theme.axis, at, (Anchor::Middle, VAnchor::Middle));
    }
    Rect { x: cx - inner, y: cy - inner, width: 2.0 * inner, height: inner * (1.0 + below) }
}
