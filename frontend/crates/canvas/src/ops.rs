//! The plotters backend: operations as numbers in one buffer, which `shim.js` runs.

use std::convert::Infallible;

use chart::{Anchor, Color, Dash, Font, PixelRect, Surface, VAnchor};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, text_anchor,
};

use crate::metrics;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

const STROKE: i32 = 1;
const FILL: i32 = 2;
const PATH: i32 = 3;
const RECT: i32 = 4;
const FRAME: i32 = 5;
const POLYGON: i32 = 6;
const DISC: i32 = 7;
const CIRCLE: i32 = 8;
const CLIP: i32 = 9;
const UNCLIP: i32 = 10;
const DASH: i32 = 11;
const GRADIENT: i32 = 12;
const ARC: i32 = 13;
const LABEL: i32 = 14;

/// Collects a picture. Made and run by a [`crate::Painter`].
#[derive(Default)]
pub struct CanvasSurface {
    pub(crate) ops: Vec<i32>,
    pub(crate) text: String,
    pub(crate) family: String,
    pub(crate) size: (u32, u32),
    labels: usize,
    stroke: Option<(u32, u32)>,
    fill: Option<u32>,
}

impl CanvasSurface {
    /// Begins a new picture in the same buffers.
    pub(crate) fn begin(&mut self, size: (u32, u32), family: &str) {
        self.ops.clear();
        self.text.clear();
        self.labels = 0;
        self.size = size;
        if self.family != family {
            family.clone_into(&mut self.family);
        }
        self.forget();
    }

    /// The canvas' own state is not known any more: after a clip ends it is that of its beginning.
    fn forget(&mut self) {
        self.stroke = None;
        self.fill = None;
    }

    fn set_stroke(&mut self, color: Color, width: u32) {
        if self.stroke != Some((color.0, width)) {
            self.stroke = Some((color.0, width));
            self.ops.extend([STROKE, color.0.cast_signed(), width.cast_signed()]);
        }
    }

    fn set_fill(&mut self, color: Color) {
        if self.fill != Some(color.0) {
            self.fill = Some(color.0);
            self.ops.extend([FILL, color.0.cast_signed()]);
        }
    }

    fn paint_with(&mut self, color: Color, width: u32, fill: bool) {
        if fill {
            self.set_fill(color);
        } else {
            self.set_stroke(color, width);
        }
    }

    fn points(&mut self, points: impl IntoIterator<Item = BackendCoord>) -> i32 {
        let count = self.ops.len();
        self.ops.push(0);
        for (x, y) in points {
            self.ops.push(x);
            self.ops.push(y);
        }
        let n = ((self.ops.len() - count - 1) / 2) as i32;
        self.ops[count] = n;
        n
    }
}

fn visible(style: &impl BackendStyle) -> bool {
    style.color().alpha > 0.0
}

impl DrawingBackend for CanvasSurface {
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
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        a: BackendCoord,
        b: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if visible(style) {
            let color = style.color().into();
            self.paint_with(color, style.stroke_width(), fill);
            self.ops.extend([if fill { RECT } else { FRAME }, a.0, a.1, b.0 - a.0, b.1 - a.1]);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if visible(style) {
            self.set_stroke(style.color().into(), style.stroke_width());
            let start = self.ops.len();
            self.ops.push(PATH);
            if self.points(path) < 2 {
                self.ops.truncate(start);
            }
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
        if visible(style) {
            let color = style.color().into();
            self.paint_with(color, style.stroke_width(), fill);
            self.ops.extend([if fill { DISC } else { CIRCLE }, center.0, center.1, radius.cast_signed()]);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        if visible(style) {
            self.set_fill(style.color().into());
            let start = self.ops.len();
            self.ops.push(POLYGON);
            if self.points(points) < 3 {
                self.ops.truncate(start);
            }
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
        Ok((self.text_width(text, font).max(0).cast_unsigned(), font.size))
    }
}

impl Surface for CanvasSurface {
    fn clip(&mut self, rect: PixelRect) {
        self.ops.extend([CLIP, rect.left, rect.top, rect.width(), rect.height()]);
        self.forget();
    }

    fn unclip(&mut self) {
        self.ops.push(UNCLIP);
        self.forget();
    }

    fn dash(&mut self, dash: Dash, stroke_width: u32) {
        let pattern = dash.pattern(stroke_width);
        self.ops.extend([DASH, pattern.len() as i32]);
        self.ops.extend(pattern.iter().map(|length| *length as i32));
    }

    fn fill_gradient(&mut self, polygon: &[BackendCoord], top: (i32, Color), bottom: (i32, Color)) {
        if polygon.len() > 2 {
            self.fill = None;
            self.ops.extend([GRADIENT, top.0, top.1.0.cast_signed(), bottom.0, bottom.1.0.cast_signed()]);
            self.points(polygon.iter().copied());
        }
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
        if radius > 0 {
            self.set_stroke(color, stroke_width);
            let angle = |radians: f64| (radians * 1e4).round() as i32;
            self.ops.extend([ARC, center.0, center.1, radius, angle(from), angle(to)]);
        }
    }

    fn label(&mut self, text: &str, font: Font, color: Color, at: BackendCoord, anchor: (Anchor, VAnchor)) {
        self.set_fill(color);
        let places = anchor.0 as i32 | (anchor.1 as i32) << 2;
        self.ops.extend([LABEL, font.size.cast_signed(), font.weight.cast_signed(), at.0, at.1, places]);
        if self.labels > 0 {
            self.text.push('\n');
        }
        self.labels += 1;
        // Labels are told apart by line ends; one inside would shift all that follow.
        self.text.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
    }

    fn text_width(&self, text: &str, font: Font) -> i32 {
        metrics::width(&self.family, font, text)
    }
}
