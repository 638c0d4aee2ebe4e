//! Stat panels: one big value per series, its course behind it. Also how any value is shown in HTML.

use std::sync::Arc;

use chart::units::{Text, Unit};
use chart::{Theme, thresholds};
use dashboard::{ColorMode, FieldConfig, Panel, PanelKind, StatOptions};
use leptos::prelude::*;
use scene::reduce;

use super::colors;
use super::lines::{Line, Lines};

/// Most values of a panel.
const VALUES_MAX: usize = 50;

/// A value with its unit in a quieter tone.
pub(super) fn value_view(text: &Text) -> AnyView {
    let space = if text.spaced() { "\u{a0}" } else { "" };
    let unit = text.unit.clone();
    let (prefix, number) = (text.prefix.clone(), text.number.clone());
    view! {
        {(!prefix.is_empty()).then(|| view! { <span class="unit">{prefix}</span> }.into_any())}
        {number}
        {(!unit.is_empty()).then(|| view! { <span class="unit">{space}{unit}</span> }.into_any())}
    }
    .into_any()
}

/// CSS colour of a value: by its thresholds where there are some, else by its series.
pub(super) fn value_color(
    value: f64,
    line: &Line,
    field: &FieldConfig,
    theme: &Theme,
    ends: (f64, f64),
) -> String {
    match &field.thresholds {
        Some(t) if !t.steps.is_empty() => {
            thresholds::color_of(value, &thresholds::resolve(t, ends.0, ends.1, theme), theme).css()
        }
        _ if field.color == ColorMode::Thresholds => theme.good.css(),
        _ => theme.slot(line.look.slot).css(),
    }
}

/// The state that a value's thresholds name, for those who do not see the colour.
pub(super) fn state_word(value: f64, field: &FieldConfig) -> &'static str {
    let step = field.thresholds.iter().flat_map(|t| &t.steps).rfind(|s| value >= s.value);
    match step.map(|s| s.color.as_str()) {
        Some("warning") => "warning",
        Some("critical") => "critical",
        _ => "",
    }
}

/// A stat panel.
#[component]
pub(super) fn Stat(panel: Memo<Panel>, lines: Memo<Arc<Lines>>) -> impl IntoView {
    let theme = colors::theme();
    view! {
        <div class="stats" tabindex="0" role="group" aria-label="Values">
            {move || {
                let (field, options) = panel.with(|p| {
                    let options = match &p.kind {
                        PanelKind::Stat(o) => o.clone(),
                        _ => StatOptions::default(),
                    };
                    (p.field.clone(), options)
                });
                let lines = lines.get();
                let unit = Unit::parse(&field.unit);
                let named = lines.list.len() > 1 || lines.answers.list.iter().any(|a| !a.query.legend.is_empty());
                theme.with(|theme| lines.list.iter().take(VALUES_MAX).map(|line| {
                    one(&lines, line, &field, &options, &unit, theme, named)
                }).collect_view())
            }}
        </div>
    }
}

fn one(
    lines: &Lines,
    line: &Line,
    field: &FieldConfig,
    options: &StatOptions,
    unit: &Unit,
    theme: &Theme,
    named: bool,
) -> AnyView {
    let values = lines.values(line);
    let Some(value) = reduce::reduce(values, options.calc) else {
        let text = if field.no_value.is_empty() { "–".to_owned() } else { field.no_value.clone() };
        return view! { <div class="stat"><span class="stat-value faint">{text}</span></div> }.into_any();
    };
    let ends = (field.min.unwrap_or(0.0), field.max.unwrap_or(100.0));
    let color = value_color(value, line, field, theme, ends);
    let judged = field.thresholds.as_ref().is_some_and(|t| !t.steps.is_empty());
    let spark = if options.sparkline && !options.background { spark_path(values) } else { None };
    let mut class = "stat".to_owned();
    if spark.is_some() {
        class.push_str(" has-spark");
    }
    if options.background {
        class.push_str(" on-color");
    }
    // A value that nobody judged is written in the text's colour; its course has the series' colour.
    let style = if judged || options.background { format!("--value-color:{color}") } else { String::new() };
    view! {
        <div class=class style=style title=line.full.clone()>
            {spark.map(|(line, area)| view! {
                <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
                    <path d=area fill=color.clone() opacity="0.12"></path>
                    <path d=line fill="none" stroke=color.clone() stroke-width="1.5" vector-effect="non-scaling-stroke"></path>
                </svg>
            }.into_any())}
            <span class="stat-value">{value_view(&unit.format(value, field.decimals))}</span>
            {named.then(|| view! { <span class="stat-name ellipsis">{line.name.clone()}</span> }.into_any())}
            {Some(state_word(value, field)).filter(|w| !w.is_empty()).map(|w| view! { <span class="sr-only">{w}</span> }.into_any())}
        </div>
    }
    .into_any()
}

/// The course of a series in a box of 100 × 30: its line and the area below.
fn spark_path(values: &[f64]) -> Option<(String, String)> {
    let summary = reduce::summarise(values)?;
    if values.len() < 2 {
        return None;
    }
    let span = if summary.max > summary.min { summary.max - summary.min } else { 1.0 };
    let stride = values.len().div_ceil(120);
    let (mut line, mut area) = (String::new(), String::new());
    let mut first_x = None;
    let mut last_x = 0.0;
    for (i, v) in values.iter().enumerate().step_by(stride).filter(|(_, v)| v.is_finite()) {
        let x = i as f64 / (values.len() - 1) as f64 * 100.0;
        let y = 28.0 - (v - summary.min) / span * 26.0;
        let step = format!("{}{x:.1} {y:.1}", if first_x.is_none() { 'M' } else { 'L' });
        line.push_str(&step);
        area.push_str(&step);
        first_x.get_or_insert(x);
        last_x = x;
    }
    let begin = first_x?;
    area.push_str(&format!("L{last_x:.1} 30L{begin:.1} 30Z"));
    Some((line, area))
}
