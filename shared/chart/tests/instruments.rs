//! Pictures of stats, gauges and bar gauges, through the public API alone.

use chart::bar_gauge::{Bar, BarGauge};
use chart::gauge::Gauge;
use chart::stat::Stat;
use chart::svg::SvgSurface;
use chart::units::Unit;
use chart::{Color, Grid, Series, Size, Theme, bar_gauge, gauge, stat, thresholds};
use dashboard::{Threshold, Thresholds};
use proptest::prelude::*;

fn picture<R>(name: &str, theme: &Theme, size: Size, draw: impl FnOnce(&mut SvgSurface) -> R) -> R {
    let mut surface = SvgSurface::new(size, theme);
    let result = draw(&mut surface);
    insta::with_settings!({ snapshot_path => "pictures", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_binary_snapshot!(&format!("{name}.svg"), surface.finish(name).into_bytes());
    });
    result
}

fn steps(theme: &Theme) -> Vec<(f64, Color)> {
    let step = |value, color: &str| Threshold { value, color: color.to_owned() };
    let steps = vec![step(70.0, "warning"), step(90.0, "critical")];
    thresholds::resolve(&Thresholds { steps, ..Thresholds::default() }, 0.0, 100.0, theme)
}

#[test]
fn a_stat_with_its_course() {
    let theme = Theme::light();
    let values: Vec<f64> = (0..50).map(|i| (f64::from(i) / 5.0).sin() + f64::from(i) / 10.0).collect();
    let series = Series::new(Grid { start_ms: 0, step_ms: 1 }, &values, theme.neutral);
    let text = Unit::parse("bytes").format(1.5e9, None);
    let stat = Stat {
        series: Some(series),
        range_ms: (0, 49),
        ground: None,
        text: Some(&text),
        text_color: theme.text,
    };
    let size = Size::new(180.0, 110.0, 1.0);
    picture("stat", &theme, size, |s| stat::draw(s, &stat, &theme, size));
}

#[test]
fn a_gauge_with_its_ring() {
    let theme = Theme::dark();
    let steps = steps(&theme);
    let text = Unit::parse("celsius").format(82.4, None);
    let gauge = Gauge {
        value: 82.4,
        min: 0.0,
        max: 100.0,
        steps: &steps,
        color: None,
        text: Some(&text),
        name: Some("gpu 0"),
    };
    let size = Size::new(180.0, 150.0, 1.0);
    let room = picture("gauge", &theme, size, |s| gauge::draw(s, &gauge, &theme, size));
    assert!(room.width > 60.0 && room.right() < 180.0 && room.y > 0.0);
}

#[test]
fn bars_below_each_other() {
    let theme = Theme::dark();
    let steps = steps(&theme);
    let texts: Vec<String> =
        [12.0, 75.0, 100.0].iter().map(|v| Unit::parse("percent").format(*v, None).join()).collect();
    let bars: Vec<Bar<'_>> = [12.0, 75.0, 100.0, f64::NAN]
        .iter()
        .enumerate()
        .map(|(i, v)| Bar {
            value: *v,
            color: thresholds::color_of(*v, &steps, &theme),
            name: Some(["node-a", "node-b", "<c>", "gone"][i]),
            text: texts.get(i).map(String::as_str),
        })
        .collect();
    let size = Size::new(260.0, 130.0, 1.0);
    let gauge = BarGauge { bars: &bars, min: 0.0, max: 100.0 };
    let rects = picture("bar_gauge", &theme, size, |s| bar_gauge::draw(s, &gauge, &theme, size));
    assert_eq!(rects.len(), 4);
    assert!(rects.windows(2).all(|w| w[0].bottom() < w[1].y));
}

proptest! {
    #[test]
    fn whatever_comes_is_drawn(value in any::<f64>(), min in any::<f64>(), max in any::<f64>(), width in any::<f64>(), height in 0.0_f64..500.0, dpr in any::<f64>()) {
        let theme = Theme::dark();
        let size = Size::new(width, height, dpr);
        let values = [value, min, max];
        let text = Unit::parse("s").format(value, None);
        let mut surface = SvgSurface::new(size, &theme);
        let series = Series::new(Grid { start_ms: 0, step_ms: 1 }, &values, theme.neutral);
        let stat = Stat { series: Some(series), range_ms: (0, 2), ground: Some(theme.good), text: Some(&text), text_color: theme.text };
        stat::draw(&mut surface, &stat, &theme, size);
        let steps = [(min, theme.warning), (max, theme.critical)];
        let gauge = Gauge { value, min, max, steps: &steps, color: None, text: Some(&text), name: Some("x") };
        gauge::draw(&mut surface, &gauge, &theme, size);
        let bars = [Bar { value, color: theme.good, name: Some("x"), text: Some("y") }; 40];
        bar_gauge::draw(&mut surface, &BarGauge { bars: &bars, min, max }, &theme, size);
        let text = surface.finish("x");
        prop_assert!(!text.replace(">NaN<", "").contains("NaN"));
    }
}
