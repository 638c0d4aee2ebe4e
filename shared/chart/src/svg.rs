//! Drawing as SVG: pictures for notifications and share previews, and what tests look at.
//!
//! Text is not measured here but estimated from average widths, so that the server needs no fonts.

use std::convert::Infallible;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, text_anchor,
};

use crate::surface::{Anchor, Dash, Font, Surface, VAnchor};
use crate::{Color, PixelRect, Size, Theme};

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Collects a drawing as SVG elements.
pub struct SvgSurface {
    body: String,
    size: (u32, u32),
    family: String,
    ground: Color,
    dash: String,
    ids: u32,
    clipped: bool,
}

impl SvgSurface {
    /// An empty picture on the theme's ground.
    #[must_use]
    pub fn new(size: Size, theme: &Theme) -> Self {
        Self {
            body: String::new(),
            size: size.device(),
            family: theme.family.clone(),
            ground: theme.ground,
            dash: String::new(),
            ids: 0,
            clipped: false,
        }
    }

    /// The finished document. `title` is its accessible name.
    #[must_use]
    pub fn finish(mut self, title: &str) -> String {
        self.unclip();
        let (width, height) = self.size;
        let mut out = String::with_capacity(self.body.len() + 512);
        out.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
        for (name, value) in [("width", width), ("height", height)] {
            attribute(&mut out, name, &value.to_string());
        }
        attribute(&mut out, "viewBox", &format!("0 0 {width} {height}"));
        attribute(&mut out, "font-family", &self.family);
        out.push_str("><title>");
        escape(&mut out, title);
        out.push_str("</title>\n");
        if self.ground != Color::TRANSPARENT {
            out.push_str("<rect width=\"100%\" height=\"100%\"");
            paint(&mut out, "fill", self.ground);
            out.push_str("/>\n");
        }
        out.push_str(&self.body);
        out.push_str("</svg>\n");
        out
    }

    fn open(&mut self, tag: &str, numbers: &[(&str, f64)]) {
        self.body.push('<');
        self.body.push_str(tag);
        for (name, value) in numbers {
            attribute(&mut self.body, name, &decimal(*value));
        }
    }

    fn stroke(&mut self, style: &impl BackendStyle) {
        paint(&mut self.body, "stroke", style.color().into());
        attribute(&mut self.body, "stroke-width", &style.stroke_width().to_string());
        self.body.push_str(" fill=\"none\"");
        self.body.push_str(&self.dash);
    }

    fn points(&mut self, points: impl IntoIterator<Item = BackendCoord>) {
        self.body.push_str(" points=\"");
        for (i, (x, y)) in points.into_iter().enumerate() {
            if i > 0 {
                self.body.push(' ');
            }
            self.body.push_str(&x.to_string());
            self.body.push(',');
            self.body.push_str(&y.to_string());
        }
        self.body.push('"');
    }

    fn close(&mut self) {
        self.body.push_str("/>\n");
    }
}

impl DrawingBackend for SvgSurface {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        if style.color().alpha > 0.0 {
            // Odd widths of straight lines stand on the middle of pixels.
            let half = f64::from(style.stroke_width() % 2) / 2.0;
            let (dx, dy) = (if from.0 == to.0 { half } else { 0.0 }, if from.1 == to.1 { half } else { 0.0 });
            let ends = [
                ("x1", f64::from(from.0) + dx),
                ("y1", f64::from(from.1) + dy),
                ("x2", f64::from(to.0) + dx),
                ("y2", f64::from(to.1) + dy),
            ];
            self.open("line", &ends);
            self.stroke(style);
            self.close();
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        a: BackendCoord,
        b: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let sides = [("x", a.0), ("y", a.1), ("width", b.0 - a.0), ("height", b.1 - a.1)];
            self.open("rect", &sides.map(|(name, v)| (name, f64::from(v))));
            if fill {
                paint(&mut self.body, "fill", style.color().into());
            } else {
                self.stroke(style);
            }
            self.close();
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            self.open("polyline", &[]);
            self.points(path);
            self.stroke(style);
            self.body.push_str(" stroke-linejoin=\"round\"");
            self.close();
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            self.open(
                "circle",
                &[("cx", f64::from(center.0)), ("cy", f64::from(center.1)), ("r", f64::from(radius))],
            );
            if fill {
                paint(&mut self.body, "fill", style.color().into());
            } else {
                self.stroke(style);
            }
            self.close();
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            self.open("polygon", &[]);
            self.points(points);
            paint(&mut self.body, "fill", style.color().into());
            self.close();
        }
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        let anchor = match style.anchor().h_pos {
            text_anchor::HPos::Left => Anchor::Start,
            text_anchor::HPos::Center => Anchor::Middle,
            text_anchor::HPos::Right => Anchor::End,
        };
        let vertical = match style.anchor().v_pos {
            text_anchor::VPos::Top => VAnchor::Top,
            text_anchor::VPos::Center => VAnchor::Middle,
            text_anchor::VPos::Bottom => VAnchor::Bottom,
        };
        let font = Font { size: style.size() as u32, weight: 400 };
        self.label(text, font, style.color().into(), at, (anchor, vertical));
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let font = Font { size: style.size() as u32, weight: 400 };
        Ok((self.text_width(text, font).max(0) as u32, font.size))
    }
}

impl Surface for SvgSurface {
    fn clip(&mut self, rect: PixelRect) {
        self.unclip();
        self.ids += 1;
        let id = format!("c{}", self.ids);
        self.body.push_str("<clipPath");
        attribute(&mut self.body, "id", &id);
        self.body.push('>');
        let sides = [("x", rect.left), ("y", rect.top), ("width", rect.width()), ("height", rect.height())];
        self.open("rect", &sides.map(|(name, v)| (name, f64::from(v))));
        self.body.push_str("/></clipPath>\n<g");
        attribute(&mut self.body, "clip-path", &format!("url(#{id})"));
        self.body.push_str(">\n");
        self.clipped = true;
    }

    fn unclip(&mut self) {
        if self.clipped {
            self.body.push_str("</g>\n");
            self.clipped = false;
        }
    }

    fn dash(&mut self, dash: Dash, stroke_width: u32) {
        self.dash.clear();
        let pattern = dash.pattern(stroke_width);
        if !pattern.is_empty() {
            let lengths: Vec<String> = pattern.iter().map(ToString::to_string).collect();
            attribute(&mut self.dash, "stroke-dasharray", &lengths.join(" "));
        }
    }

    fn fill_gradient(&mut self, polygon: &[BackendCoord], top: (i32, Color), bottom: (i32, Color)) {
        self.ids += 1;
        let id = format!("g{}", self.ids);
        self.body.push_str("<linearGradient gradientUnits=\"userSpaceOnUse\" x1=\"0\" x2=\"0\"");
        attribute(&mut self.body, "id", &id);
        attribute(&mut self.body, "y1", &top.0.to_string());
        attribute(&mut self.body, "y2", &bottom.0.to_string());
        self.body.push('>');
        for (offset, color) in [("0", top.1), ("1", bottom.1)] {
            self.body.push_str("<stop");
            attribute(&mut self.body, "offset", offset);
            let opaque = Color(color.0 | 0xff);
            attribute(&mut self.body, "stop-color", &opaque.css());
            attribute(&mut self.body, "stop-opacity", &decimal(f64::from(color.0 & 0xff) / 255.0));
            self.body.push_str("/>");
        }
        self.body.push_str("</linearGradient>\n");
        self.open("polygon", &[]);
        self.points(polygon.iter().copied());
        attribute(&mut self.body, "fill", &format!("url(#{id})"));
        self.close();
    }

    fn arc(
        &mut self,
        center: BackendCoord,
        radius: i32,
        stroke_width: u32,
        from: f64,
        to: f64,
        color: Color,
    ) {
        let at = |angle: f64| {
            let (x, y) = (f64::from(center.0), f64::from(center.1));
            let r = f64::from(radius);
            format!("{} {}", decimal(x + r * angle.cos()), decimal(y + r * angle.sin()))
        };
        let large = u8::from(to - from > std::f64::consts::PI);
        let path = format!("M{} A{radius} {radius} 0 {large} 1 {}", at(from), at(to));
        self.body.push_str("<path fill=\"none\"");
        attribute(&mut self.body, "d", &path);
        paint(&mut self.body, "stroke", color);
        attribute(&mut self.body, "stroke-width", &stroke_width.to_string());
        self.close();
    }

    fn label(&mut self, text: &str, font: Font, color: Color, at: BackendCoord, anchor: (Anchor, VAnchor)) {
        // Base lines: SVG renderers disagree on `dominant-baseline`, none on y.
        let up = match anchor.1 {
            VAnchor::Top => 0.95,
            VAnchor::Middle => 0.36,
            VAnchor::Bottom => -0.21,
        };
        let y = f64::from(at.1) + up * f64::from(font.size);
        self.open("text", &[("x", f64::from(at.0)), ("y", y), ("font-size", f64::from(font.size))]);
        if font.weight != 400 {
            attribute(&mut self.body, "font-weight", &font.weight.to_string());
        }
        match anchor.0 {
            Anchor::Start => {}
            Anchor::Middle => self.body.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.body.push_str(" text-anchor=\"end\""),
        }
        paint(&mut self.body, "fill", color);
        self.body.push('>');
        escape(&mut self.body, text);
        self.body.push_str("</text>\n");
    }

    fn text_width(&self, text: &str, font: Font) -> i32 {
        let em: f64 = text.chars().map(advance).sum();
        let bold = if font.weight >= 600 { 1.05 } else { 1.0 };
        (em * f64::from(font.size) * bold).ceil() as i32
    }
}

/// About the width of a character of a grotesque, in ems.
fn advance(c: char) -> f64 {
    match c {
        '1' | 'r' | 't' | 'f' | '(' | ')' | '-' | '/' => 0.40,
        '.' | ',' | ':' | ';' | '\'' | 'i' | 'l' | 'j' | 'I' | ' ' | '\u{a0}' | '|' => 0.29,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.90,
        'A'..='Z' => 0.70,
        c if (c as u32) > 0x2e80 => 1.0,
        _ => 0.62,
    }
}

fn decimal(value: f64) -> String {
    let mut text = crate::units::fixed(value, 2);
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

/// Colour and opacity apart: not every SVG renderer reads `#rrggbbaa`.
fn paint(out: &mut String, name: &str, color: Color) {
    attribute(out, name, &Color(color.0 | 0xff).css());
    if color.0 & 0xff != 0xff {
        out.push(' ');
        out.push_str(name);
        out.push_str("-opacity=\"");
        out.push_str(&decimal(f64::from(color.0 & 0xff) / 255.0));
        out.push('"');
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            // XML has no place for other control characters.
            c if c < ' ' && !matches!(c, '\t' | '\n' | '\r') => out.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}
