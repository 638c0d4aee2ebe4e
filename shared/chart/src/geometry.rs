//! Sizes and rectangles, in CSS pixels for callers and in device pixels for surfaces.

/// A drawing's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Width in CSS pixels.
    pub width: f64,
    /// Height in CSS pixels.
    pub height: f64,
    /// Device pixels per CSS pixel.
    pub dpr: f64,
}

/// Longest side of a drawing in device pixels; what is beyond is not drawn.
const MAX_SIDE: f64 = 16_384.0;

impl Size {
    /// A size; what is not a positive finite number becomes 0 (or a ratio of 1).
    #[must_use]
    pub fn new(width: f64, height: f64, dpr: f64) -> Self {
        let side = |v: f64| if v.is_finite() && v > 0.0 { v } else { 0.0 };
        let dpr = if dpr.is_finite() && dpr > 0.0 { dpr.clamp(0.25, 8.0) } else { 1.0 };
        Self { width: side(width).min(MAX_SIDE / dpr), height: side(height).min(MAX_SIDE / dpr), dpr }
    }

    /// CSS pixels as whole device pixels.
    #[must_use]
    pub fn px(&self, css: f64) -> i32 {
        (css * self.dpr).round() as i32
    }

    /// A stroke's width in device pixels: at least one.
    #[must_use]
    pub fn stroke(&self, css: f64) -> u32 {
        self.px(css).clamp(1, 64) as u32
    }

    /// Width and height in device pixels.
    #[must_use]
    pub fn device(&self) -> (u32, u32) {
        (self.px(self.width).max(0) as u32, self.px(self.height).max(0) as u32)
    }
}

/// A rectangle in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// Right edge.
    #[must_use]
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Lower edge.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Whether a point lies inside or on the edge.
    #[must_use]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }
}

/// A rectangle in device pixels; right and lower edge are outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PixelRect {
    /// First column.
    pub left: i32,
    /// First row.
    pub top: i32,
    /// Column after the last.
    pub right: i32,
    /// Row after the last.
    pub bottom: i32,
}

impl PixelRect {
    /// Columns.
    #[must_use]
    pub fn width(&self) -> i32 {
        (self.right - self.left).max(0)
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> i32 {
        (self.bottom - self.top).max(0)
    }

    /// Whether nothing fits in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// The same in CSS pixels.
    #[must_use]
    pub fn to_css(self, dpr: f64) -> Rect {
        Rect {
            x: f64::from(self.left) / dpr,
            y: f64::from(self.top) / dpr,
            width: f64::from(self.width()) / dpr,
            height: f64::from(self.height()) / dpr,
        }
    }
}
