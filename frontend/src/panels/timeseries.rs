//! The time series panel: the data on one canvas, crosshair and selection on a second one above it.
//!
//! Draws are gathered into one animation frame and happen only for what changed: a moving pointer never
//! redraws the data. The time under the pointer is shared with all other panels.

use std::sync::Arc;

use canvas::{Mark, Overlay, Painter};
use chart::timeseries::{self, Layout, Options};
use chart::units::Unit;
use chart::{Hover, Series, Size};
use dashboard::{FieldConfig, Panel, PanelKind, TimeseriesOptions};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use scene::time::RawRange;

use super::accessible;
use super::colors;
use super::legend::{LegendView, Setup, Shown};
use super::lines::Lines;
use super::tooltip::{ROWS_MAX, Row, Tip, Tooltip};
use crate::session::Session;
use crate::view_time::ViewTime;
use crate::{clock, dom};

/// A selection narrower than this many CSS pixels is a click.
const SELECTION_PX_MIN: f64 = 6.0;

fn options_of(panel: &Panel) -> TimeseriesOptions {
    match &panel.kind {
        PanelKind::Timeseries(o) => o.clone(),
        _ => TimeseriesOptions::default(),
    }
}

/// A time series panel.
#[component]
pub(super) fn Timeseries(panel: Memo<Panel>, lines: Memo<Arc<Lines>>) -> impl IntoView {
    let session = Session::get();
    let time = ViewTime::get();
    let theme = colors::theme();
    let shown = Shown::new();
    let focus: RwSignal<Option<usize>> = RwSignal::new(None);
    let setup = Memo::new(move |_| {
        panel.with(|p| Setup {
            legend: options_of(p).legend,
            unit: p.field.unit.clone(),
            decimals: p.field.decimals,
        })
    });
    let plot = NodeRef::<html::Div>::new();
    let data_canvas = NodeRef::<html::Canvas>::new();
    let overlay = NodeRef::<html::Canvas>::new();
    let size = RwSignal::new((0.0, 0.0));
    let visible = RwSignal::new(true);
    Effect::new(move |_| {
        if let Some(element) = plot.get() {
            dom::observe(&element, size, visible);
        }
    });
    let layout: RwSignal<Option<Layout>> = RwSignal::new(None);
    let drawing = StoredValue::new(false);
    let painter: StoredValue<Option<Painter>, LocalStorage> = StoredValue::new_local(None);
    let upper: StoredValue<Option<Overlay>, LocalStorage> = StoredValue::new_local(None);
    let draw = move || {
        let (width, height) = size.get_untracked();
        let picture = Size::new(width, height, dom::pixel_ratio());
        let done =
            panel.with_untracked(|panel| {
                lines.with_untracked(|lines| {
                    theme.with_untracked(|theme| {
                        let unit = Unit::parse(&panel.field.unit);
                        let series = series(lines, theme, shown, focus.get_untracked());
                        let options = options_of(panel);
                        let chart = chart_options(&options, &panel.field, &unit, lines);
                        painter.try_update_value(|painter| {
                            if painter.is_none() {
                                *painter = data_canvas.get_untracked().and_then(Painter::new);
                            }
                            let painter = painter.as_mut()?;
                            Some(painter.paint(picture, theme, |s| {
                                timeseries::draw(s, &chart, &series, theme, picture)
                            }))
                        })?
                    })
                })
            });
        layout.set(done);
    };
    // Everything the picture depends on; drawn in the next frame, once.
    Effect::new(move |_| {
        panel.track();
        lines.track();
        theme.track();
        session.theme_round.track();
        shown.track();
        focus.track();
        let (width, height) = size.get();
        if !visible.get() || width < 1.0 || height < 1.0 || data_canvas.get().is_none() || drawing.get_value()
        {
            return;
        }
        drawing.set_value(true);
        request_animation_frame(move || {
            if drawing.try_set_value(false).is_none() {
                draw();
            }
        });
    });
    let pointer: RwSignal<Option<(f64, f64)>> = RwSignal::new(None);
    let selection: RwSignal<Option<(f64, f64)>> = RwSignal::new(None);
    let tip: RwSignal<Option<Tip>> = RwSignal::new(None);
    let marked: RwSignal<Option<Hover>> = RwSignal::new(None);
    let place = move |e: &ev::PointerEvent| (f64::from(e.offset_x()), f64::from(e.offset_y()));
    let follow = move |x: f64, y: f64, window: (f64, f64)| {
        let Some(layout) = layout.get_untracked() else { return };
        let hover = panel.with_untracked(|panel| {
            lines.with_untracked(|lines| {
                theme.with_untracked(|theme| {
                    let series = series(lines, theme, shown, None);
                    let hover = layout.nearest(&series, x, y)?;
                    let unit = Unit::parse(&panel.field.unit);
                    let near = hover.rows.iter().position(|r| r.nearest).unwrap_or(0);
                    // The nearest row is always shown, even when it is far down the list.
                    let first = if near >= ROWS_MAX { near + 1 - ROWS_MAX } else { 0 };
                    let rows = hover
                        .rows
                        .iter()
                        .skip(first)
                        .take(ROWS_MAX)
                        .map(|r| Row {
                            name: lines.list[r.series].name.clone(),
                            value: unit.format(r.value, panel.field.decimals).join(),
                            color: theme.slot(lines.list[r.series].look.slot).css(),
                            nearest: r.nearest,
                        })
                        .collect();
                    let more = hover.rows.len().saturating_sub(ROWS_MAX);
                    let tip = Tip { time: clock::local(hover.time_ms), rows, more, at: window };
                    Some((hover, tip))
                })
            })
        });
        match hover {
            Some((hover, new)) => {
                session.cursor.set(Some(hover.time_ms as f64));
                marked.set(Some(hover));
                tip.set(Some(new));
            }
            None => {
                marked.set(None);
                tip.set(None);
                session.cursor.set(Some(layout.time_at(x) as f64));
            }
        }
    };
    let leave = move || {
        pointer.set(None);
        tip.set(None);
        marked.set(None);
        session.cursor.set(None);
    };
    let on_move = move |e: ev::PointerEvent| {
        let at = place(&e);
        pointer.set(Some(at));
        if let Some((from, _)) = selection.get_untracked() {
            selection.set(Some((from, at.0)));
        }
        follow(at.0, at.1, (f64::from(e.client_x()), f64::from(e.client_y())));
    };
    let on_down = move |e: ev::PointerEvent| {
        if e.button() != 0 || e.pointer_type() == "touch" {
            return;
        }
        if let Some(canvas) = overlay.get_untracked() {
            let _ = canvas.set_pointer_capture(e.pointer_id());
        }
        let x = place(&e).0;
        selection.set(Some((x, x)));
    };
    let on_up = move |_: ev::PointerEvent| {
        let chosen = selection.get_untracked();
        selection.set(None);
        let (Some((a, b)), Some(layout)) = (chosen, layout.get_untracked()) else { return };
        if (a - b).abs() >= SELECTION_PX_MIN {
            let (from, to) = (layout.time_at(a.min(b)), layout.time_at(a.max(b)));
            leave();
            time.set_range(RawRange::absolute(from, to.max(from + scene::time::RANGE_MS_MIN)));
        }
    };
    // Arrow keys walk from sample to sample.
    let on_keydown = move |e: ev::KeyboardEvent| {
        let Some(layout) = layout.get_untracked() else { return };
        let step = lines
            .with_untracked(|l| l.answers.list.iter().map(|a| a.frame.step_ms).max().unwrap_or(0))
            .max(1);
        let at = session.cursor.get_untracked().map_or(layout.x.to_ms, |t| t as i64);
        let wide = if e.shift_key() { 10 } else { 1 };
        let to = match e.key().as_str() {
            "ArrowLeft" => at - step * wide,
            "ArrowRight" => at + step * wide,
            "Home" => layout.x.from_ms,
            "End" => layout.x.to_ms,
            "Escape" if tip.with_untracked(Option::is_some) => {
                e.prevent_default();
                e.stop_propagation();
                leave();
                return;
            }
            _ => return,
        };
        e.prevent_default();
        let x = layout.x_of(to.clamp(layout.x.from_ms, layout.x.to_ms));
        let y = layout.plot.y + layout.plot.height / 2.0;
        if let Some(canvas) = overlay.get_untracked() {
            let rect = canvas.get_bounding_client_rect();
            follow(x, y, (rect.left() + x, rect.top() + y));
        }
    };
    // The overlay: the shared crosshair and the selection.
    let overlaying = StoredValue::new(false);
    Effect::new(move |_| {
        session.cursor.track();
        selection.track();
        marked.track();
        layout.track();
        session.theme_round.track();
        if !visible.get() || overlaying.get_value() {
            return;
        }
        overlaying.set_value(true);
        request_animation_frame(move || {
            if overlaying.try_set_value(false).is_some() {
                return;
            }
            let Some(layout) = layout.get_untracked() else { return };
            let selection = selection.get_untracked();
            marked.with_untracked(|hover| {
                let shared = || {
                    let t = session.cursor.get_untracked()? as i64;
                    (t >= layout.x.from_ms && t <= layout.x.to_ms).then(|| layout.x_of(t))
                };
                let crosshair = hover.as_ref().map(|h| h.x).or_else(shared);
                let mark = Mark { crosshair, hover: hover.as_ref(), selection };
                lines.with_untracked(|lines| {
                    theme.with_untracked(|theme| {
                        let series = series(lines, theme, shown, None);
                        upper.update_value(|upper| {
                            if upper.is_none() {
                                *upper = overlay.get_untracked().and_then(Overlay::new);
                            }
                            if let Some(upper) = upper {
                                upper.draw(&layout, &series, mark, theme, colors::pointer());
                            }
                        });
                    });
                });
            });
        });
    });
    let title = Memo::new(move |_| panel.with(|p| p.title.clone()));
    let label = Memo::new(move |_| {
        panel.with(|p| {
            let unit = Unit::parse(&p.field.unit);
            lines.with(|l| accessible::summary(&title.get(), l, &|v| unit.format(v, p.field.decimals).join()))
        })
    });
    let spoken = move || {
        tip.with(|t| {
            t.as_ref().map_or(String::new(), |t| {
                t.rows.iter().fold(t.time.clone(), |all, r| format!("{all}; {} {}", r.name, r.value))
            })
        })
    };
    view! {
        <div class="plot" node_ref=plot>
            <canvas node_ref=data_canvas role="img" aria-label=move || label.get()></canvas>
            <canvas class="overlay" node_ref=overlay tabindex="0" role="application" aria-roledescription="chart"
                aria-label=move || format!("Points of {}; arrow keys walk along time", title.get())
                on:pointermove=on_move on:pointerdown=on_down on:pointerup=on_up
                on:pointercancel=move |_| { selection.set(None); leave(); }
                on:pointerleave=move |_| if selection.try_with_untracked(Option::is_none) == Some(true) { leave() }
                on:blur=move |_| leave() on:dblclick=move |_| time.zoom_out() on:keydown=on_keydown></canvas>
            <span class="sr-only" aria-live="polite">{move || if pointer.with(Option::is_none) { spoken() } else { String::new() }}</span>
        </div>
        <LegendView lines=lines setup=setup theme=theme shown=shown focus=focus />
        <Tooltip tip=tip />
    }
}

fn series<'a>(lines: &'a Lines, theme: &chart::Theme, shown: Shown, focus: Option<usize>) -> Vec<Series<'a>> {
    lines
        .list
        .iter()
        .enumerate()
        .map(|(i, line)| Series {
            grid: lines.grid(line),
            values: lines.values(line),
            color: theme.slot(line.look.slot),
            dash: line.look.dash(),
            hidden: untrack(|| shown.is_hidden(&line.key)),
            dimmed: focus.is_some_and(|f| f != i),
        })
        .collect()
}

fn chart_options<'a>(
    options: &TimeseriesOptions,
    field: &'a FieldConfig,
    unit: &'a Unit,
    lines: &Lines,
) -> Options<'a> {
    let range = lines.answers.range;
    Options {
        offset_at: &|t| (clock::zone(t) / 1000) as i32,
        end_labels: true,
        ..Options::of_panel(options, field, unit, (range.start_ms, range.end_ms))
    }
}
