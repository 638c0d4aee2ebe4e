//! The settings of a panel, beside its preview.

use dashboard::{
    BarGaugeOptions, Calc, ColorMode, DrawStyle, GaugeOptions, LegendMode, Panel, PanelKind, StackMode,
    StatOptions, TableOptions, TextOptions, Threshold, Thresholds, TimeseriesOptions,
};
use leptos::prelude::*;
use scene::reduce::{CALCS, calc_name};
use ui::{Button, CheckField, Glyph, IconButton, SelectField, TextField};

use super::OpenDashboard;

/// Units that are offered; any other can be typed.
const UNITS: &[(&str, &str)] = &[
    ("", "None"),
    ("short", "Short number"),
    ("percent", "Percent (0–100)"),
    ("percentunit", "Percent (0–1)"),
    ("s", "Seconds"),
    ("ms", "Milliseconds"),
    ("bytes", "Bytes (1024)"),
    ("decbytes", "Bytes (1000)"),
    ("Bps", "Bytes per second"),
    ("bps", "Bits per second"),
    ("reqps", "Requests per second"),
    ("ops", "Operations per second"),
    ("watt", "Watt"),
    ("celsius", "Degrees Celsius"),
    ("hertz", "Hertz"),
    ("bool", "Yes or no"),
];

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(k, t)| ((*k).to_owned(), (*t).to_owned())).collect()
}

fn calcs() -> Vec<(String, String)> {
    CALCS.iter().map(|c| (calc_name(*c).to_owned(), calc_name(*c).to_owned())).collect()
}

fn calc_of(name: &str) -> Calc {
    CALCS.into_iter().find(|c| calc_name(*c) == name).unwrap_or_default()
}

fn kind_key(kind: &PanelKind) -> &'static str {
    match kind {
        PanelKind::Timeseries(_) => "timeseries",
        PanelKind::Stat(_) => "stat",
        PanelKind::Gauge(_) => "gauge",
        PanelKind::BarGauge(_) => "bar-gauge",
        PanelKind::Table(_) => "table",
        PanelKind::Text(_) => "text",
    }
}

fn kind_of(key: &str) -> PanelKind {
    match key {
        "stat" => PanelKind::Stat(StatOptions::default()),
        "gauge" => PanelKind::Gauge(GaugeOptions::default()),
        "bar-gauge" => PanelKind::BarGauge(BarGaugeOptions::default()),
        "table" => PanelKind::Table(TableOptions::default()),
        "text" => PanelKind::Text(TextOptions::default()),
        _ => PanelKind::Timeseries(TimeseriesOptions::default()),
    }
}

/// The settings.
#[component]
pub(super) fn Fields(open: OpenDashboard, panel: Memo<Panel>, id: u32) -> impl IntoView {
    let read = move |f: fn(&Panel) -> String| Signal::derive(move || panel.with(f));
    let kind = Memo::new(move |_| panel.with(|p| kind_key(&p.kind)));
    let units = move || {
        let mut list = pairs(UNITS);
        let own = panel.with_untracked(|p| p.field.unit.clone());
        if !list.iter().any(|(k, _)| *k == own) {
            list.push((own.clone(), own));
        }
        list
    };
    view! {
        <aside class="editor-side" aria-label="Panel settings">
            <fieldset>
                <legend>"Panel"</legend>
                <TextField id="panel-title" label="Title" value=read(|p| p.title.clone()) on_input=move |v| open.change_panel(id, |p| p.title = v) />
                <TextField id="panel-about" label="Description" rows=2 value=read(|p| p.description.clone())
                    on_input=move |v| open.change_panel(id, |p| p.description = v) />
                <SelectField id="panel-kind" label="Kind" value=Signal::derive(move || kind.get().to_owned())
                    options=pairs(&[("timeseries", "Time series"), ("stat", "Stat"), ("gauge", "Gauge"), ("bar-gauge", "Bar gauge"), ("table", "Table"), ("text", "Text")])
                    on_change=move |v: String| open.change_panel(id, |p| p.kind = kind_of(&v)) />
            </fieldset>
            {move || match kind.get() {
                "timeseries" => view! { <TimeseriesFields open=open panel=panel id=id /> }.into_any(),
                "text" => view! { <TextFields open=open panel=panel id=id /> }.into_any(),
                "table" => ().into_any(),
                _ => view! { <ValueFields open=open panel=panel id=id /> }.into_any(),
            }}
            {move || (kind.get() != "text").then(|| view! {
                <fieldset>
                    <legend>"Values"</legend>
                    <SelectField id="panel-unit" label="Unit" options=units() value=read(|p| p.field.unit.clone())
                        on_change=move |v| open.change_panel(id, |p| p.field.unit = v) />
                    <TextField id="panel-decimals" label="Decimals" placeholder="By magnitude" value=read(|p| p.field.decimals.map_or(String::new(), |d| d.to_string()))
                        on_input=move |v: String| open.change_panel(id, |p| p.field.decimals = v.trim().parse().ok().filter(|d| *d <= 10)) />
                    <div class="pair">
                        <TextField id="panel-min" label="Min" placeholder="Auto" value=number(panel, |p| p.field.min)
                            on_input=move |v: String| open.change_panel(id, |p| p.field.min = parse(&v)) />
                        <TextField id="panel-max" label="Max" placeholder="Auto" value=number(panel, |p| p.field.max)
                            on_input=move |v: String| open.change_panel(id, |p| p.field.max = parse(&v)) />
                    </div>
                </fieldset>
                <ThresholdFields open=open panel=panel id=id />
            }.into_any())}
        </aside>
    }
}

fn number(panel: Memo<Panel>, f: fn(&Panel) -> Option<f64>) -> Signal<String> {
    Signal::derive(move || panel.with(f).map_or(String::new(), |v| v.to_string()))
}

fn parse(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok().filter(|v: &f64| v.is_finite())
}

#[component]
fn TimeseriesFields(open: OpenDashboard, panel: Memo<Panel>, id: u32) -> impl IntoView {
    let options = move || {
        panel.with(|p| {
            if let PanelKind::Timeseries(o) = &p.kind { o.clone() } else { TimeseriesOptions::default() }
        })
    };
    let change = move |f: &dyn Fn(&mut TimeseriesOptions)| {
        open.change_panel(id, |p| {
            if let PanelKind::Timeseries(o) = &mut p.kind {
                f(o);
            }
        });
    };
    let draw = move || match options().draw {
        DrawStyle::Lines => "lines",
        DrawStyle::Bars => "bars",
        DrawStyle::Points => "points",
    };
    let stack = move || match options().stack {
        StackMode::None => "none",
        StackMode::Normal => "normal",
        StackMode::Percent => "percent",
    };
    let legend = move || match options().legend.mode {
        LegendMode::List => "list",
        LegendMode::Table => "table",
        LegendMode::Hidden => "hidden",
    };
    view! {
        <fieldset>
            <legend>"Drawing"</legend>
            <div class="pair">
                <SelectField id="ts-draw" label="Style" options=pairs(&[("lines", "Lines"), ("bars", "Bars"), ("points", "Points")])
                    value=Signal::derive(move || draw().to_owned()) on_change=move |v: String| change(&|o| o.draw = match v.as_str() {
                        "bars" => DrawStyle::Bars, "points" => DrawStyle::Points, _ => DrawStyle::Lines }) />
                <SelectField id="ts-stack" label="Stack" options=pairs(&[("none", "No"), ("normal", "Sum"), ("percent", "Share")])
                    value=Signal::derive(move || stack().to_owned()) on_change=move |v: String| change(&|o| o.stack = match v.as_str() {
                        "normal" => StackMode::Normal, "percent" => StackMode::Percent, _ => StackMode::None }) />
                <TextField id="ts-width" label="Line width" value=Signal::derive(move || options().line_width.to_string())
                    on_input=move |v: String| if let Some(w) = parse(&v) { change(&|o| o.line_width = w.clamp(0.0, 10.0)) } />
                <TextField id="ts-fill" label="Fill %" value=Signal::derive(move || options().fill_opacity.to_string())
                    on_input=move |v: String| if let Some(w) = parse(&v) { change(&|o| o.fill_opacity = w.clamp(0.0, 100.0) as u8) } />
            </div>
            <CheckField label="Logarithmic axis" value=Signal::derive(move || options().log_scale) on_change=move |v| change(&|o| o.log_scale = v) />
        </fieldset>
        <fieldset>
            <legend>"Legend"</legend>
            <SelectField id="ts-legend" label="Form" options=pairs(&[("list", "List"), ("table", "Table"), ("hidden", "None")])
                value=Signal::derive(move || legend().to_owned()) on_change=move |v: String| change(&|o| o.legend.mode = match v.as_str() {
                    "table" => LegendMode::Table, "hidden" => LegendMode::Hidden, _ => LegendMode::List }) />
            <div class="row wrap" role="group" aria-label="Calculations">
                {CALCS.into_iter().map(|c| view! {
                    <CheckField label=calc_name(c) value=Signal::derive(move || options().legend.calcs.contains(&c))
                        on_change=move |on| change(&|o| {
                            o.legend.calcs.retain(|x| *x != c);
                            if on { o.legend.calcs.push(c); }
                        }) />
                }.into_any()).collect_view()}
            </div>
        </fieldset>
    }
}

#[component]
fn ValueFields(open: OpenDashboard, panel: Memo<Panel>, id: u32) -> impl IntoView {
    let calc = move || {
        panel.with(|p| match &p.kind {
            PanelKind::Stat(o) => o.calc,
            PanelKind::Gauge(o) => o.calc,
            PanelKind::BarGauge(o) => o.calc,
            _ => Calc::Last,
        })
    };
    let set = move |calc: Calc| {
        open.change_panel(id, |p| match &mut p.kind {
            PanelKind::Stat(o) => o.calc = calc,
            PanelKind::Gauge(o) => o.calc = calc,
            PanelKind::BarGauge(o) => o.calc = calc,
            _ => {}
        });
    };
    let stat = move |f: fn(&StatOptions) -> bool| {
        Signal::derive(move || panel.with(|p| if let PanelKind::Stat(o) = &p.kind { f(o) } else { false }))
    };
    let set_stat = move |f: &dyn Fn(&mut StatOptions)| {
        open.change_panel(id, |p| {
            if let PanelKind::Stat(o) = &mut p.kind {
                f(o);
            }
        });
    };
    let is_stat = panel.with_untracked(|p| matches!(p.kind, PanelKind::Stat(_)));
    view! {
        <fieldset>
            <legend>"Value"</legend>
            <SelectField id="value-calc" label="Which" options=calcs() value=Signal::derive(move || calc_name(calc()).to_owned())
                on_change=move |v: String| set(calc_of(&v)) />
            {is_stat.then(|| view! {
                <CheckField label="Course behind the number" value=stat(|o| o.sparkline) on_change=move |v| set_stat(&|o| o.sparkline = v) />
                <CheckField label="Colour the ground" value=stat(|o| o.background) on_change=move |v| set_stat(&|o| o.background = v) />
            }.into_any())}
        </fieldset>
    }
}

#[component]
fn TextFields(open: OpenDashboard, panel: Memo<Panel>, id: u32) -> impl IntoView {
    let text = Signal::derive(move || {
        panel.with(|p| if let PanelKind::Text(o) = &p.kind { o.markdown.clone() } else { String::new() })
    });
    view! {
        <fieldset>
            <legend>"Text"</legend>
            <TextField id="text-markdown" label="Markdown" rows=14 value=text
                on_input=move |v: String| open.change_panel(id, |p| if let PanelKind::Text(o) = &mut p.kind { o.markdown = v }) />
        </fieldset>
    }
}

#[component]
fn ThresholdFields(open: OpenDashboard, panel: Memo<Panel>, id: u32) -> impl IntoView {
    let count = Memo::new(move |_| panel.with(|p| p.field.thresholds.as_ref().map_or(0, |t| t.steps.len())));
    let change = move |f: &dyn Fn(&mut Thresholds)| {
        open.change_panel(id, |p| {
            let t = p.field.thresholds.get_or_insert_with(Thresholds::default);
            f(t);
            if t.steps.is_empty() {
                p.field.thresholds = None;
                p.field.color = ColorMode::Palette;
            }
        });
    };
    let step =
        move |i: usize| panel.with(|p| p.field.thresholds.as_ref().and_then(|t| t.steps.get(i).cloned()));
    let add = move |_| {
        change(&|t| {
            let value = t.steps.last().map_or(80.0, |s| s.value + 10.0);
            let color = if t.steps.is_empty() { "warning" } else { "critical" };
            t.steps.push(Threshold { value, color: color.to_owned() });
        });
    };
    let flag = move |f: fn(&Thresholds) -> bool| {
        Signal::derive(move || panel.with(|p| p.field.thresholds.as_ref().is_some_and(f)))
    };
    view! {
        <fieldset>
            <legend>"Thresholds"</legend>
            {move || (0..count.get()).map(|i| view! {
                <div class="threshold-row" role="group" aria-label=format!("Threshold {}", i + 1)>
                    <input class="input" aria-label="From value" inputmode="decimal" prop:value=move || step(i).map_or(String::new(), |s| s.value.to_string())
                        on:change=move |e| if let Some(v) = parse(&event_target_value(&e)) {
                            change(&|t| { if let Some(s) = t.steps.get_mut(i) { s.value = v; } scene::order::sort_by(&mut t.steps, |a, b| a.value.total_cmp(&b.value)); });
                        } />
                    <select class="input" aria-label="State" prop:value=move || step(i).map_or(String::new(), |s| s.color)
                        on:change=move |e| { let v = event_target_value(&e); change(&|t| if let Some(s) = t.steps.get_mut(i) { s.color.clone_from(&v); }) }>
                        {["good", "neutral", "warning", "critical"].into_iter().map(|c| view! { <option value=c selected=move || step(i).is_some_and(|s| s.color == c)>{c}</option> }).collect_view()}
                    </select>
                    <IconButton label=format!("Remove threshold {}", i + 1) glyph=Glyph::Close quiet=true on_click=move |_| change(&|t| { t.steps.remove(i); }) />
                </div>
            }.into_any()).collect_view()}
            <Button text="Add threshold" glyph=Glyph::Plus on_click=add />
            {move || (count.get() > 0).then(|| view! {
                <CheckField label="Lines in the chart" value=flag(|t| t.lines) on_change=move |v| change(&|t| t.lines = v) />
                <CheckField label="Tinted ground above" value=flag(|t| t.bands) on_change=move |v| change(&|t| t.bands = v) />
            }.into_any())}
        </fieldset>
    }
}
