//! Pictures and properties of time series panels. The pictures are SVG files under `tests/pictures`, which
//! can be looked at in a browser.

use dashboard::Threshold;
use proptest::prelude::*;

use super::*;
use crate::svg::SvgSurface;
use crate::{ABSENT_BITS, Grid};

const FROM: i64 = 1_795_228_800_000;
const STEP: i64 = 60_000;
const GRID: Grid = Grid { start_ms: FROM, step_ms: STEP };
const ABSENT: f64 = f64::from_bits(ABSENT_BITS);

fn options<'a>(unit: &'a Unit, steps: usize) -> Options<'a> {
    let range = (FROM, FROM + STEP * steps as i64);
    let none = TimeseriesOptions::default();
    Options {
        thresholds: None,
        min: None,
        max: None,
        decimals: None,
        ..Options::of_panel(&none, EMPTY, unit, range)
    }
}

const EMPTY: &FieldConfig = &FieldConfig {
    unit: String::new(),
    decimals: None,
    min: None,
    max: None,
    thresholds: None,
    color: dashboard::ColorMode::Palette,
    no_value: String::new(),
};

fn wave(n: usize, base: f64, height: f64, period: f64) -> Vec<f64> {
    (0..n).map(|i| base + height * (i as f64 / period).sin()).collect()
}

fn svg(options: &Options<'_>, series: &[Series<'_>], size: Size) -> (String, Layout) {
    let theme = Theme::dark();
    let mut surface = SvgSurface::new(size, &theme);
    let layout = draw(&mut surface, options, series, &theme, size);
    (surface.finish("test"), layout)
}

fn picture(name: &str, options: &Options<'_>, series: &[Series<'_>]) {
    let (text, _) = svg(options, series, Size::new(360.0, 160.0, 1.0));
    insta::with_settings!({ snapshot_path => "../tests/pictures", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_binary_snapshot!(&format!("{name}.svg"), text.into_bytes());
    });
}

#[test]
fn lines_with_gaps_dashes_and_a_lone_point() {
    let unit = Unit::parse("s");
    let mut a = wave(60, 1.0, 0.5, 9.0);
    a[20..25].fill(ABSENT);
    a[30] = ABSENT;
    a[32] = ABSENT;
    let b = wave(60, 2.0, 0.2, 4.0);
    let theme = Theme::dark();
    let series = [
        Series::new(GRID, &a, theme.slot(0)),
        Series { dash: Dash::Dashed, ..Series::new(GRID, &b, theme.slot(1)) },
    ];
    picture("lines", &options(&unit, 60), &series);
}

#[test]
fn stacked_areas() {
    let unit = Unit::parse("reqps");
    let (a, b) = (wave(30, 100.0, 40.0, 5.0), wave(30, 200.0, 80.0, 7.0));
    let theme = Theme::dark();
    let series = [Series::new(GRID, &a, theme.slot(0)), Series::new(GRID, &b, theme.slot(1))];
    let normal = Options { stack: StackMode::Normal, fill_opacity: 40, ..options(&unit, 30) };
    picture("stacked", &normal, &series);
    picture("percent", &Options { stack: StackMode::Percent, ..normal }, &series);
}

#[test]
fn thresholds_as_lines_and_bands_over_an_area() {
    let unit = Unit::parse("celsius");
    let values = wave(40, 70.0, 15.0, 6.0);
    let step = |value, color: &str| Threshold { value, color: color.to_owned() };
    let thresholds = Thresholds {
        steps: vec![step(75.0, "warning"), step(83.0, "critical")],
        lines: true,
        bands: true,
        ..Thresholds::default()
    };
    let theme = Theme::dark();
    let series = [Series::new(GRID, &values, theme.slot(2))];
    let o = Options { thresholds: Some(&thresholds), fill_opacity: 20, ..options(&unit, 40) };
    picture("thresholds", &o, &series);
}

#[test]
fn bars_points_and_logarithms() {
    let unit = Unit::parse("bytes");
    let values: Vec<f64> = (0..12).map(|i| f64::from(1 << i) * 1024.0).collect();
    let theme = Theme::dark();
    let series = [Series::new(GRID, &values, theme.slot(4)), Series::new(GRID, &values[..6], theme.slot(5))];
    let bars = Options { draw: DrawStyle::Bars, ..options(&unit, 12) };
    picture("bars", &bars, &series);
    picture("log", &Options { draw: DrawStyle::Points, log_scale: true, ..bars }, &series);
}

#[test]
fn nothing_to_draw_still_has_axes() {
    let unit = Unit::parse("short");
    let values = [ABSENT; 30];
    picture("absent", &options(&unit, 30), &[Series::new(GRID, &values, Color::rgb(0))]);
}

#[test]
fn the_layout_turns_pixels_into_times_and_back() {
    let unit = Unit::parse("short");
    let values = wave(61, 50.0, 30.0, 8.0);
    let series = [Series::new(GRID, &values, Color::rgb(0))];
    let (_, layout) = svg(&options(&unit, 60), &series, Size::new(600.0, 200.0, 2.0));
    assert_eq!(layout.time_at(layout.x_of(FROM + 10 * STEP)), FROM + 10 * STEP);
    assert_eq!(layout.time_at(-50.0), FROM);
    assert_eq!(layout.time_at(1e9), FROM + 60 * STEP);
    let row = layout.y_of(40.0).expect("a place");
    assert!((layout.value_at(row) - 40.0).abs() < 1e-9);
    assert!(layout.plot.x > 10.0 && layout.plot.right() < 600.0);
}

#[test]
fn hovering_tells_the_nearest_sample_and_sorts_by_value() {
    let unit = Unit::parse("short");
    let (a, mut b) = (vec![1.0; 61], vec![5.0; 61]);
    b[20] = ABSENT;
    b[21] = f64::NAN;
    let coarse = [3.0; 7];
    let grid = Grid { start_ms: FROM, step_ms: 10 * STEP };
    let mut series = vec![
        Series::new(GRID, &a, Color::rgb(0)),
        Series::new(GRID, &b, Color::rgb(0)),
        Series::new(grid, &coarse, Color::rgb(0)),
    ];
    let (_, layout) = svg(&options(&unit, 60), &series, Size::new(600.0, 200.0, 1.0));
    let at = |series: &[Series<'_>], minute: f64, value: f64| {
        let x = layout.x_of(FROM + (minute * STEP as f64) as i64);
        layout.nearest(series, x, layout.y_of(value).expect("a place")).expect("inside")
    };
    let hover = at(&series, 10.3, 2.8);
    assert_eq!(hover.time_ms, FROM + 10 * STEP);
    let rows: Vec<_> = hover.rows.iter().map(|r| (r.series, r.nearest)).collect();
    assert_eq!(rows, [(1, false), (2, true), (0, false)]);
    assert_eq!(at(&series, 20.0, 1.0).rows.iter().map(|r| r.series).collect::<Vec<_>>(), [2, 0]);
    // NaN is told, last; it cannot be the nearest.
    let hover = at(&series, 21.0, 5.0);
    assert_eq!(hover.rows.last().map(|r| (r.series, r.nearest)), Some((1, false)));
    series[1].hidden = true;
    assert_eq!(at(&series, 5.0, 5.0).rows.len(), 2);
    assert!(layout.nearest(&series, 0.0, 0.0).is_none());
    assert!(layout.at_time(&series, FROM - 1, None).is_none());
    assert!(layout.at_time(&[], FROM, None).is_none());
}

#[test]
fn a_hundred_thousand_points_become_a_few_per_column() {
    let unit = Unit::parse("short");
    let values = wave(100_000, 0.0, 1.0, 3.0);
    let (text, _) = svg(
        &options(&unit, 100_000),
        &[Series::new(GRID, &values, Color::rgb(0))],
        Size::new(400.0, 150.0, 1.0),
    );
    assert!(text.len() < 4 * 400 * 9 + 6_000, "{}", text.len());
}

#[test]
fn many_series_are_hairlines() {
    let unit = Unit::parse("short");
    let values = wave(30, 1.0, 1.0, 3.0);
    let series = vec![Series::new(GRID, &values, Color::rgb(0x123456)); 30];
    let (text, _) = svg(&options(&unit, 30), &series, Size::new(400.0, 150.0, 2.0));
    assert_eq!(text.matches("stroke=\"#123456\" stroke-width=\"1\"").count(), 30);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_comes_is_drawn_within_the_surface(
        values in prop::collection::vec(prop_oneof![3 => -1e6_f64..1e6, 1 => any::<f64>(), 1 => Just(ABSENT)], 0..60),
        width in prop_oneof![0.0_f64..2.0, 0.0_f64..900.0, any::<f64>()],
        height in prop_oneof![0.0_f64..2.0, 0.0_f64..400.0, any::<f64>()],
        dpr in prop_oneof![Just(1.0), Just(2.0), any::<f64>()],
        style in 0_usize..3, stack in 0_usize..3, log in any::<bool>(), fill in any::<u8>(),
        (from, span) in (any::<i64>(), prop_oneof![any::<i64>(), 0_i64..10_000_000]),
        (min, max) in (any::<Option<f64>>(), any::<Option<f64>>()),
    ) {
        let unit = Unit::parse("bytes");
        let o = Options {
            from_ms: from, to_ms: from.saturating_add(span), min, max, log_scale: log, fill_opacity: fill,
            draw: [DrawStyle::Lines, DrawStyle::Bars, DrawStyle::Points][style],
            stack: [StackMode::None, StackMode::Normal, StackMode::Percent][stack],
            ..options(&unit, 1)
        };
        let grid = Grid { start_ms: from, step_ms: (span / 50).max(1) };
        let half = values.len() / 2;
        let series = [Series::new(grid, &values, Color::rgb(1)), Series::new(grid, &values[..half], Color::rgb(2))];
        let size = Size::new(width.min(2_000.0), height.min(2_000.0), dpr);
        let (text, layout) = svg(&o, &series, size);
        prop_assert!(!text.contains("NaN") || text.contains(">NaN<"));
        prop_assert!(layout.plot.right() <= size.width + 1.0 && layout.plot.bottom() <= size.height + 1.0);
        let hover = layout.nearest(&series, width / 2.0, height / 2.0);
        prop_assert!(hover.is_none_or(|h| h.rows.len() <= 2));
    }
}
