//! Gauges: a value on an arc, or values as bars.

use std::f64::consts::PI;
use std::sync::Arc;

use chart::units::Unit;
use dashboard::{Calc, FieldConfig, Panel, PanelKind};
use leptos::prelude::*;
use scene::reduce;

use super::colors;
use super::lines::{Line, Lines};
use super::stat::{state_word, value_color, value_view};

/// Most values of a panel.
const VALUES_MAX: usize = 100;

fn setup(panel: Memo<Panel>) -> (FieldConfig, Calc) {
    panel.with(|p| {
        let calc = match &p.kind {
            PanelKind::Gauge(o) => o.calc,
            PanelKind::BarGauge(o) => o.calc,
            _ => Calc::Last,
        };
        (p.field.clone(), calc)
    })
}

/// Values with their lines, and the ends of the scale.
fn values(lines: &Lines, field: &FieldConfig, calc: Calc) -> (Vec<(Line, f64)>, (f64, f64)) {
    let list: Vec<(Line, f64)> = lines
        .list
        .iter()
        .filter_map(|l| Some((l.clone(), reduce::reduce(lines.values(l), calc)?)))
        .take(VALUES_MAX)
        .collect();
    let seen = list.iter().map(|(_, v)| *v).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let usual = match field.unit.as_str() {
        "percent" => 100.0,
        "percentunit" => 1.0,
        _ => seen,
    };
    let min = field.min.unwrap_or(0.0);
    let max = field.max.unwrap_or(if usual > min { usual } else { min + 1.0 });
    (list, (min, max))
}

fn part(value: f64, ends: (f64, f64)) -> f64 {
    if value.is_nan() { 0.0 } else { ((value - ends.0) / (ends.1 - ends.0)).clamp(0.0, 1.0) }
}

/// A gauge per series.
#[component]
pub(super) fn Gauges(panel: Memo<Panel>, lines: Memo<Arc<Lines>>) -> impl IntoView {
    let theme = colors::theme();
    view! {
        <div class="gauges" tabindex="0" role="group" aria-label="Values">
            {move || {
                let (field, calc) = setup(panel);
                let unit = Unit::parse(&field.unit);
                let (list, ends) = lines.with(|l| values(l, &field, calc));
                let named = list.len() > 1;
                theme.with(|theme| list.iter().map(|(line, value)| {
                    let color = value_color(*value, line, &field, theme, ends);
                    let text = unit.format(*value, field.decimals).join();
                    let (low, high) = (unit.format(ends.0, None).join(), unit.format(ends.1, None).join());
                    let label = format!("{}: {text} {}, from {low} to {high}", line.name, state_word(*value, &field));
                    view! {
                        <div class="gauge" title=line.full.clone()>
                            <svg viewBox="0 0 120 78" role="img" aria-label=label>
                                <path class="gauge-track" stroke-width="10" d=arc(1.0)></path>
                                <path class="gauge-value" style=format!("--value-color:{color}") stroke-width="10" d=arc(part(*value, ends))></path>
                                <text x="60" y="62">{text}</text>
                                <text class="gauge-end" x="14" y="76">{low}</text>
                                <text class="gauge-end" x="106" y="76">{high}</text>
                            </svg>
                            {named.then(|| view! { <span class="gauge-name ellipsis">{line.name.clone()}</span> }.into_any())}
                        </div>
                    }.into_any()
                }).collect_view())
            }}
        </div>
    }
}

/// An arc of a half circle, from the left.
fn arc(part: f64) -> String {
    // A path of no length is drawn by some browsers as a dot.
    let angle = PI * (1.0 - part.max(0.001));
    let (x, y) = (60.0 + 46.0 * angle.cos(), 64.0 - 46.0 * angle.sin());
    format!("M14 64A46 46 0 0 1 {x:.2} {y:.2}")
}

/// A bar per series.
#[component]
pub(super) fn BarGauges(panel: Memo<Panel>, lines: Memo<Arc<Lines>>) -> impl IntoView {
    let theme = colors::theme();
    view! {
        <div class="bars" role="list" tabindex="0">
            {move || {
                let (field, calc) = setup(panel);
                let unit = Unit::parse(&field.unit);
                let (mut list, ends) = lines.with(|l| values(l, &field, calc));
                scene::order::sort_by(&mut list, |a, b| b.1.total_cmp(&a.1));
                theme.with(|theme| list.iter().map(|(line, value)| {
                    let color = value_color(*value, line, &field, theme, ends);
                    view! {
                        <div style="display:contents" role="listitem">
                            <span class="bar-name" title=line.full.clone()>{line.name.clone()}</span>
                            <span class="bar-track" aria-hidden="true">
                                <span class="bar-fill" style=format!("display:block;--value-color:{color};--part:{:.4}", part(*value, ends))></span>
                            </span>
                            <span class="bar-value">
                                {value_view(&unit.format(*value, field.decimals))}
                                <span class="sr-only">{state_word(*value, &field)}</span>
                            </span>
                        </div>
                    }.into_any()
                }).collect_view())
            }}
        </div>
    }
}
