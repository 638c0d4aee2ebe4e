//! The charts' theme from the style sheet's tokens, read once per change of theme.

use chart::{Color, Theme};
use leptos::prelude::*;

use crate::session::Session;

/// The theme of all charts; follows the session's.
pub(crate) fn theme() -> Memo<Theme> {
    let session = Session::get();
    Memo::new(move |_| {
        session.theme_round.track();
        read()
    })
}

/// Colours of the crosshair and of a selection.
pub(super) fn pointer() -> (Color, Color) {
    let style = document().document_element().and_then(|r| window().get_computed_style(&r).ok().flatten());
    let token = |name: &str| {
        style.as_ref().and_then(|s| s.get_property_value(name).ok()).and_then(|v| Color::parse(&v))
    };
    (token("--crosshair").unwrap_or(Color::rgb(0x7b8797)), token("--selection").unwrap_or(Color(0xf07b_3f33)))
}

fn read() -> Theme {
    let root = document().document_element();
    let light = root.as_ref().and_then(|r| r.get_attribute("data-theme")).as_deref() == Some("light");
    let mut theme = if light { Theme::light() } else { Theme::dark() };
    let Some(style) = root.and_then(|r| window().get_computed_style(&r).ok().flatten()) else { return theme };
    let token = |name: &str| style.get_property_value(name).ok().and_then(|v| Color::parse(&v));
    let set = |to: &mut Color, name: &str| {
        if let Some(color) = token(name) {
            *to = color;
        }
    };
    set(&mut theme.ground, "--surface");
    set(&mut theme.grid, "--grid");
    set(&mut theme.axis, "--axis");
    set(&mut theme.text, "--strong");
    set(&mut theme.track, "--hover");
    set(&mut theme.good, "--good");
    set(&mut theme.warning, "--warning");
    set(&mut theme.critical, "--critical");
    set(&mut theme.neutral, "--neutral");
    for i in 0..theme.series.len() {
        set(&mut theme.series[i], &format!("--series-{}", i + 1));
    }
    theme
}
