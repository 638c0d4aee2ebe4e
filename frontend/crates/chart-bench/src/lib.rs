//! Draws time series panels for the benchmark page `e2e/bench`. Not part of the app.

use canvas::Painter;
use chart::units::Unit;
use chart::{Grid, Series, Size, Theme, timeseries};
use dashboard::{FieldConfig, TimeseriesOptions};
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlCanvasElement;

/// A panel with its data.
#[wasm_bindgen]
pub struct Panel {
    painter: Painter,
    theme: Theme,
    unit: Unit,
    field: FieldConfig,
    options: TimeseriesOptions,
    grid: Grid,
    steps: usize,
    series: Vec<Vec<f64>>,
}

#[wasm_bindgen]
impl Panel {
    /// A panel on a canvas; none without a 2D context. `values` are those of all series in a row.
    #[must_use]
    pub fn on(
        canvas: HtmlCanvasElement,
        values: &[f64],
        steps: usize,
        start_ms: f64,
        step_ms: f64,
    ) -> Option<Self> {
        Some(Self {
            painter: Painter::new(canvas)?,
            theme: Theme::dark(),
            unit: Unit::parse("short"),
            field: FieldConfig::default(),
            options: TimeseriesOptions { line_width: 1.0, ..TimeseriesOptions::default() },
            grid: Grid { start_ms: start_ms as i64, step_ms: step_ms as i64 },
            steps,
            series: values.chunks(steps.max(1)).map(<[f64]>::to_vec).collect(),
        })
    }

    /// Draws it: from values to pixels.
    pub fn draw(&mut self, width: f64, height: f64, dpr: f64) {
        let range = (self.grid.start_ms, self.grid.time_ms(self.steps.saturating_sub(1)));
        let options = timeseries::Options::of_panel(&self.options, &self.field, &self.unit, range);
        let series: Vec<Series<'_>> = self
            .series
            .iter()
            .enumerate()
            .map(|(i, values)| Series::new(self.grid, values, self.theme.slot((i % 12) as u8)))
            .collect();
        self.painter.paint(Size::new(width, height, dpr), &self.theme, |surface| {
            timeseries::draw(surface, &options, &series, &self.theme, Size::new(width, height, dpr));
        });
    }
}
