//! Values over time: lines, areas, bars and points, with axes, thresholds and the newest value at a line's
//! end. [`draw`] returns the [`Layout`] that answers where the pointer is.

use dashboard::{DrawStyle, FieldConfig, StackMode, Thresholds, TimeseriesOptions};

use crate::axis::{self, ValueAxis};
use crate::pen::{self, Stroke};
use crate::range::{self, Extent};
use crate::scale::{TimeScale, ValueScale};
use crate::stack::{self, Layer};
use crate::surface::{Anchor, Dash, Surface, VAnchor};
use crate::trace::{Map, Trace};
use crate::units::Unit;
use crate::{Color, PixelRect, Rect, Series, Size, Theme, thresholds};

/// From this many series on, lines are one device pixel wide: readable still, and much cheaper.
const MANY: usize = 21;
/// More labels than this at the lines' ends would be a legend.
const MOST_END_LABELS: usize = 6;

/// How a panel is drawn.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// First moment shown, milliseconds since the epoch.
    pub from_ms: i64,
    /// Last moment shown.
    pub to_ms: i64,
    /// Lines, bars or points.
    pub draw: DrawStyle,
    /// Line width in CSS pixels.
    pub line_width: f64,
    /// Opacity of the area under a line, 0–100.
    pub fill_opacity: u8,
    /// Stacking.
    pub stack: StackMode,
    /// Logarithmic value axis.
    pub log_scale: bool,
    /// Unit of the values.
    pub unit: &'a Unit,
    /// Digits after the point.
    pub decimals: Option<u8>,
    /// Lower end of the axis.
    pub min: Option<f64>,
    /// Upper end of the axis.
    pub max: Option<f64>,
    /// Thresholds; drawn where they say so.
    pub thresholds: Option<&'a Thresholds>,
    /// Offset of the local zone from UTC in seconds, at a moment.
    pub offset_at: &'a dyn Fn(i64) -> i32,
    /// Write the newest value at a line's end where there is room.
    pub end_labels: bool,
    /// Draw axes and their labels.
    pub axes: bool,
}

/// UTC.
fn no_offset(_ms: i64) -> i32 {
    0
}

impl<'a> Options<'a> {
    /// The options of a panel. `unit` is [`Unit::parse`] of the field's unit; times are UTC until
    /// `offset_at` is set.
    #[must_use]
    pub fn of_panel(
        options: &TimeseriesOptions,
        field: &'a FieldConfig,
        unit: &'a Unit,
        (from_ms, to_ms): (i64, i64),
    ) -> Self {
        Self {
            from_ms,
            to_ms,
            draw: options.draw,
            line_width: options.line_width,
            fill_opacity: options.fill_opacity,
            stack: options.stack,
            log_scale: options.log_scale,
            unit,
            decimals: field.decimals,
            min: field.min,
            max: field.max,
            thresholds: field.thresholds.as_ref(),
            offset_at: &no_offset,
            end_labels: true,
            axes: true,
        }
    }
}

/// Where things were drawn; turns pointer positions into times and values and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Size of the drawing.
    pub size: Size,
    /// The rectangle of the data, CSS pixels.
    pub plot: Rect,
    /// Time axis.
    pub x: TimeScale,
    /// Value axis.
    pub y: ValueScale,
    /// How the series stand on each other.
    pub stack: StackMode,
}

impl Layout {
    /// Time under a column (CSS pixels), within the range shown.
    #[must_use]
    pub fn time_at(&self, x: f64) -> i64 {
        let share = if self.plot.width > 0.0 { (x - self.plot.x) / self.plot.width } else { 0.0 };
        self.x.time(share.clamp(0.0, 1.0)).clamp(self.x.from_ms, self.x.to_ms)
    }

    /// Column of a time, CSS pixels; outside of the plot for times outside of the range.
    #[must_use]
    pub fn x_of(&self, time_ms: i64) -> f64 {
        self.plot.x + self.x.share(time_ms) * self.plot.width
    }

    /// Row of a value, CSS pixels, kept within the plot; none for a value without a place.
    #[must_use]
    pub fn y_of(&self, value: f64) -> Option<f64> {
        let share = self.y.share(value);
        (!share.is_nan()).then(|| self.plot.bottom() - share.clamp(0.0, 1.0) * self.plot.height)
    }

    /// Value at a row, CSS pixels.
    #[must_use]
    pub fn value_at(&self, y: f64) -> f64 {
        let share = if self.plot.height > 0.0 { (self.plot.bottom() - y) / self.plot.height } else { 0.0 };
        self.y.value(share)
    }
}

/// Draws a panel.
pub fn draw<S: Surface>(
    surface: &mut S,
    options: &Options<'_>,
    series: &[Series<'_>],
    theme: &Theme,
    size: Size,
) -> Layout {
    let x = TimeScale::new(options.from_ms, options.to_ms);
    // Stacked shares are shares, whatever the unit of the values is.
    let share_unit = Unit::parse("percentunit");
    let percent = options.stack == StackMode::Percent;
    let (unit, decimals) = if percent { (&share_unit, None) } else { (options.unit, options.decimals) };
    let stacked =
        if options.stack == StackMode::None { Vec::new() } else { stack::layers(series, options.stack) };
    let y = value_scale(options, series, &stacked, x, unit);

    let (value_axis, format) = ValueAxis::new(surface, &y, unit, decimals, theme, size, options.axes);
    let (width, height) = size.device();
    let (width, height) = (width as i32, height as i32);
    let ends = end_labels(surface, options, series, &stacked, x, &format, theme, size);
    let right_margin = ends
        .iter()
        .map(|e| e.width)
        .max()
        .map_or(size.px(if options.axes { 8.0 } else { 0.0 }), |w| w + size.px(10.0));
    let top = size.px(if options.axes && size.height >= 60.0 { theme.font_size / 2.0 + 2.0 } else { 1.0 });
    let bottom =
        height - axis::time_margin(theme, size, options.axes) - size.px(if options.axes { 2.0 } else { 1.0 });
    let plot = PixelRect {
        left: value_axis.margin.min(width),
        top: top.min(height),
        right: (width - right_margin).max(value_axis.margin.min(width)),
        bottom: bottom.max(top.min(height)),
    };
    let layout = Layout { size, plot: plot.to_css(size.dpr), x, y, stack: options.stack };
    if plot.is_empty() {
        return layout;
    }

    let steps = match options.thresholds {
        Some(t) if t.lines || t.bands => thresholds::resolve(t, y.low(), y.high(), theme),
        _ => Vec::new(),
    };
    if options.thresholds.is_some_and(|t| t.bands) {
        bands(surface, &steps, &y, plot);
    }
    if options.axes {
        value_axis.draw(surface, &y, plot, theme, size);
        axis::draw_time(surface, x, plot, theme, size, options.offset_at);
    }

    surface.clip(plot);
    let mut painter = Painter { surface, options, plot, size, trace: Trace::default(), edge: Vec::new() };
    painter.series(series, &stacked, x, y);
    surface.unclip();

    if options.thresholds.is_some_and(|t| t.lines) {
        lines(surface, &steps, &y, plot, size);
    }
    place_end_labels(surface, ends, &y, plot, theme, size);
    layout
}

fn value_scale(
    options: &Options<'_>,
    series: &[Series<'_>],
    stacked: &[Layer],
    x: TimeScale,
    unit: &Unit,
) -> ValueScale {
    let mut seen = Extent::default();
    for (i, one) in series.iter().enumerate() {
        if one.hidden {
            continue;
        }
        // The value axis fits what is seen, not what lies outside of the range.
        let values = stacked.get(i).map_or(one.values, |layer| layer.upper.as_slice());
        let values = &values[visible(one, x, values.len())];
        if options.log_scale { seen.add_positive(values) } else { seen.add_all(values) }
    }
    if options.stack == StackMode::Percent {
        return ValueScale::linear(0.0, 1.0);
    }
    let zero = options.stack != StackMode::None || options.draw == DrawStyle::Bars;
    range::choose(seen, options.min, options.max, unit, options.log_scale, zero)
}

fn visible(series: &Series<'_>, x: TimeScale, len: usize) -> std::ops::Range<usize> {
    let step = series.grid.step_ms.max(1);
    let index = |ms: i64| usize::try_from(ms.saturating_sub(series.grid.start_ms).div_euclid(step)).ok();
    let first = index(x.from_ms.saturating_add(step - 1)).unwrap_or(0).min(len);
    let end = index(x.to_ms).map_or(0, |i| i.saturating_add(1)).min(len);
    first..end.max(first)
}

fn bands<S: Surface>(surface: &mut S, steps: &[(f64, Color)], y: &ValueScale, plot: PixelRect) {
    for (i, (from, color)) in steps.iter().enumerate() {
        let low = axis::row_of(y, *from, plot).clamp(plot.top, plot.bottom);
        let high = steps
            .get(i + 1)
            .map_or(plot.top, |(to, _)| axis::row_of(y, *to, plot).clamp(plot.top, plot.bottom));
        pen::fill(surface, PixelRect { top: high, bottom: low, ..plot }, color.alpha(0.08));
    }
}

fn lines<S: Surface>(surface: &mut S, steps: &[(f64, Color)], y: &ValueScale, plot: PixelRect, size: Size) {
    let width = size.stroke(1.0);
    surface.dash(Dash::Dashed, width);
    for (value, color) in steps {
        if (y.low()..=y.high()).contains(value) {
            let row = axis::row_of(y, *value, plot);
            pen::line(surface, (plot.left, row), (plot.right, row), Stroke { color: *color, width });
        }
    }
    surface.dash(Dash::Solid, width);
}

struct EndLabel {
    value: f64,
    text: String,
    width: i32,
    color: Color,
}

/// Newest values of lines that reach the end of the range; none where there is no room for all.
#[expect(clippy::too_many_arguments, reason = "called once; a struct would only rename them")]
fn end_labels<S: Surface>(
    surface: &S,
    options: &Options<'_>,
    series: &[Series<'_>],
    stacked: &[Layer],
    x: TimeScale,
    format: &crate::units::AxisFormat,
    theme: &Theme,
    size: Size,
) -> Vec<EndLabel> {
    let shown = series.iter().filter(|s| !s.hidden).count();
    let room = size.width >= 280.0 && size.height >= 80.0;
    if !options.end_labels
        || !options.axes
        || !room
        || shown > MOST_END_LABELS
        || options.draw == DrawStyle::Bars
    {
        return Vec::new();
    }
    let font = axis::font(theme, size);
    let mut labels = Vec::with_capacity(shown);
    for (i, one) in series.iter().enumerate().filter(|(_, s)| !s.hidden) {
        let range = visible(one, x, one.values.len());
        let Some(last) = range.rev().find(|&i| one.values[i].is_finite()) else { continue };
        // A line that ended long ago has no newest value.
        if x.share(one.grid.time_ms(last)) < 0.95 {
            continue;
        }
        let value = stacked.get(i).map_or(one.values[last], |layer| layer.upper[last]);
        let written = if options.stack == StackMode::Percent {
            format.format(value - stacked.get(i).map_or(0.0, |layer| layer.lower[last]))
        } else {
            options.unit.format(one.values[last], options.decimals)
        };
        let text = written.join();
        let width = surface.text_width(&text, font);
        labels.push(EndLabel { value, text, width, color: one.color });
    }
    // Room means that the data keeps most of the width.
    let widest = labels.iter().map(|l| l.width).max().unwrap_or(0);
    if f64::from(widest) > size.width * size.dpr * 0.2 { Vec::new() } else { labels }
}

fn place_end_labels<S: Surface>(
    surface: &mut S,
    mut ends: Vec<EndLabel>,
    y: &ValueScale,
    plot: PixelRect,
    theme: &Theme,
    size: Size,
) {
    ends.sort_by(|a, b| b.value.total_cmp(&a.value));
    let font = axis::font(theme, size);
    let line = font.size as i32 + size.px(1.0);
    let mut free_from = i32::MIN;
    for end in ends {
        let row = axis::row_of(y, end.value, plot);
        // Where two would overlap the greater one stays; the legend has them all.
        if row < plot.top - line || row > plot.bottom + line || row - line / 2 < free_from {
            continue;
        }
        let row = row.clamp(font.size as i32 / 2, size.device().1 as i32 - font.size as i32 / 2);
        free_from = row + line / 2;
        surface.label(
            &end.text,
            font,
            end.color,
            (plot.right + size.px(6.0), row),
            (Anchor::Start, VAnchor::Middle),
        );
    }
}

/// Draws the series.
struct Painter<'p, 'o, S> {
    surface: &'p mut S,
    options: &'p Options<'o>,
    plot: PixelRect,
    size: Size,
    trace: Trace,
    edge: Vec<(i32, i32)>,
}

impl<S: Surface> Painter<'_, '_, S> {
    fn series(&mut self, series: &[Series<'_>], stacked: &[Layer], x: TimeScale, y: ValueScale) {
        let shown = series.iter().filter(|s| !s.hidden).count();
        let width =
            if shown >= MANY { 1 } else { self.size.stroke(self.options.line_width.clamp(0.25, 16.0)) };
        let mut bar = 0;
        for (i, one) in series.iter().enumerate() {
            if one.hidden {
                continue;
            }
            let map = Map::new(one.grid, x, y, self.plot);
            let color = if one.dimmed { one.color.alpha(0.25) } else { one.color };
            let layer = stacked.get(i);
            match self.options.draw {
                DrawStyle::Bars => self.bars(one.values, layer, &map, color, (bar, shown)),
                DrawStyle::Points => {
                    self.trace.fill(layer.map_or(one.values, |l| &l.upper), &map);
                    self.dots(color, width);
                }
                DrawStyle::Lines => {
                    if self.options.fill_opacity > 0 && !one.dimmed {
                        self.area(one.values, layer, &map, color, y);
                    }
                    self.trace.fill(layer.map_or(one.values, |l| &l.upper), &map);
                    self.line(color, width, one.dash);
                }
            }
            bar += 1;
        }
    }

    fn line(&mut self, color: Color, width: u32, dash: Dash) {
        let width = if self.trace.is_band() { 1 } else { width };
        if dash != Dash::Solid {
            self.surface.dash(dash, width);
        }
        for run in self.trace.runs() {
            match run {
                // A value with gaps on both sides would be an invisible line.
                [point] => pen::dot(self.surface, *point, width.max(self.size.stroke(1.5)), color),
                run => pen::path(self.surface, run, Stroke { color, width }),
            }
        }
        if dash != Dash::Solid {
            self.surface.dash(Dash::Solid, width);
        }
    }

    fn dots(&mut self, color: Color, width: u32) {
        let radius = (width + 1).max(self.size.stroke(2.0));
        let mut before = None;
        for point in self.trace.runs().flatten() {
            if before != Some(*point) && (self.plot.top..=self.plot.bottom).contains(&point.1) {
                pen::dot(self.surface, *point, radius, color);
            }
            before = Some(*point);
        }
    }

    fn area(&mut self, values: &[f64], layer: Option<&Layer>, map: &Map, color: Color, y: ValueScale) {
        let opacity = f64::from(self.options.fill_opacity.min(100)) / 100.0;
        let Some(layer) = layer else {
            self.trace.fill(values, map);
            let floor =
                if y.is_log() { self.plot.bottom } else { map.y(0.0).clamp(self.plot.top, self.plot.bottom) };
            for run in self.trace.runs() {
                let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
                self.edge.clear();
                self.edge.extend_from_slice(run);
                self.edge.extend([(last.0, floor), (first.0, floor)]);
                // Strongest where the line is farthest from the floor.
                let far = run.iter().map(|p| p.1).max_by_key(|y| (y - floor).abs()).unwrap_or(floor);
                let far =
                    far.clamp(self.plot.top - self.plot.height(), self.plot.bottom + self.plot.height());
                self.surface.fill_gradient(
                    &self.edge,
                    (far, color.alpha(opacity)),
                    (floor, color.alpha(opacity * 0.15)),
                );
            }
            return;
        };
        // Between two layers the tone is even: a gradient would say that the lower part is less.
        self.trace.fill(&layer.lower, map);
        let lower: Vec<Vec<(i32, i32)>> = self.trace.runs().map(<[_]>::to_vec).collect();
        self.trace.fill(&layer.upper, map);
        for (upper, lower) in self.trace.runs().zip(lower) {
            self.edge.clear();
            self.edge.extend_from_slice(upper);
            self.edge.extend(lower.into_iter().rev());
            pen::polygon(self.surface, &self.edge, color.alpha(opacity));
        }
    }

    fn bars(
        &mut self,
        values: &[f64],
        layer: Option<&Layer>,
        map: &Map,
        color: Color,
        (nth, of): (usize, usize),
    ) {
        let floor = map.y(0.0).clamp(self.plot.top, self.plot.bottom);
        // Beside each other where they stay visible, else behind each other.
        let slot = map.dx() * 0.8;
        let beside = layer.is_none() && of > 1 && slot / of as f64 >= 2.0;
        let width = if beside { slot / of as f64 } else { slot }.clamp(1.0, f64::from(self.plot.width()));
        let left = if beside { width * nth as f64 - slot / 2.0 } else { -width / 2.0 };
        let color = if beside || layer.is_some() || of == 1 { color } else { color.alpha(0.7) };
        let mut last: Option<PixelRect> = None;
        for index in map.visible(values.len()) {
            let (low, high) = match layer {
                Some(layer) => (layer.lower[index], layer.upper[index]),
                None => (0.0, values[index]),
            };
            if !high.is_finite() {
                continue;
            }
            let from = f64::from(map.x(index)) + left;
            let (a, b) = (if layer.is_some() { map.y(low) } else { floor }, map.y(high));
            let rect = PixelRect {
                left: from.round() as i32,
                right: ((from + width).round() as i32).max(from.round() as i32 + 1),
                top: a.min(b).max(self.plot.top),
                bottom: a.max(b).max(a.min(b) + 1).min(self.plot.bottom),
            };
            // Bars that share their columns become one that reaches as far as the farthest.
            match &mut last {
                Some(open) if open.left == rect.left => {
                    open.top = open.top.min(rect.top);
                    open.bottom = open.bottom.max(rect.bottom);
                }
                _ => {
                    if let Some(done) = last.replace(rect) {
                        pen::fill(self.surface, done, color);
                    }
                }
            }
        }
        if let Some(done) = last {
            pen::fill(self.surface, done, color);
        }
    }
}

/// Row at which a hovered value is marked; `top` is its upper edge when stacked.
pub(crate) fn mark_row(layout: &Layout, top: f64) -> f64 {
    layout.y_of(top).unwrap_or_else(|| layout.plot.bottom())
}

impl Layout {
    /// Whether a point (CSS pixels) lies on the data's rectangle.
    #[must_use]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        self.plot.contains(x, y)
    }
}

#[cfg(test)]
#[path = "timeseries_tests.rs"]
mod tests;
