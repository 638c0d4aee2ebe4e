//! What a hand does to a panel: point at it, walk along it with the keys, hide a series; and what a wrong query
//! looks like.

use anyhow::{Context as _, Result};
use e2e::{Browser, Name, Program, Tab, Theme};

const RANGE: &str = "from=now-1h&to=now";
const BY_POD: &str = "sum%20by%20(pod)%20(vllm%3Anum_requests_running)";

async fn explore(browser: &Browser, program: &Program, expr: &str) -> Result<Tab> {
    let address = format!("{}/explore?expr={expr}&{RANGE}", program.address());
    browser.open(&address, 1440, 900, Theme::Light).await
}

/// Name and value of each row of the tooltip, from the top.
async fn tooltip(tab: &Tab) -> Result<Vec<(String, String)>> {
    tab.wait("a tooltip with rows", || async {
        let rows: Vec<(String, String)> = tab
            .eval(
                "[...document.querySelectorAll('[role=tooltip] .tooltip-row')]\
                 .map(r => [r.querySelector('.ellipsis').innerText, r.querySelector('.num').innerText])",
            )
            .await?;
        Ok((!rows.is_empty()).then_some(rows))
    })
    .await
}

/// The pressed state of all entries of the legend.
async fn pressed(tab: &Tab) -> Result<Vec<bool>> {
    tab.eval(
        "[...document.querySelectorAll('[aria-label=Legend] button[aria-pressed]')]\
         .map(b => b.getAttribute('aria-pressed') === 'true')",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tooltip_lists_all_series_greatest_first_by_pointer_and_by_key() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let program = Program::start(&binary, "demo", &[])?;
    let browser = Browser::start(&chromium).await?;
    let tab = explore(&browser, &program, BY_POD).await?;
    let pods = program.query_one("count(sum by (pod) (vllm:num_requests_running))")? as usize;

    // The legend comes with the data.
    tab.wait("the legend", || async { Ok((pressed(&tab).await?.len() == pods).then_some(())) }).await?;
    let chart = tab.find("application", Name::Has("Points of")).await?;
    let (x, y, _, _) = tab.place(chart).await?;
    tab.hover(x, y).await?;
    let rows = tooltip(&tab).await?;
    assert_eq!(rows.len(), pods.min(12), "{rows:?}");
    let values: Vec<f64> =
        rows.iter().map(|(_, value)| value.parse().with_context(|| value.clone())).collect::<Result<_>>()?;
    assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");

    tab.hover(x, 2.0).await?;
    tab.wait("the tooltip to go", || async {
        Ok((!tab.is_there("tooltip", Name::Has("")).await?).then_some(()))
    })
    .await?;
    let _: bool = tab.eval("document.querySelector('canvas.overlay').focus(), true").await?;
    tab.press("ArrowLeft").await?;
    assert_eq!(tooltip(&tab).await?.len(), pods.min(12));
    assert_eq!(tab.errors(), [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_in_the_legend_shows_one_series_and_with_shift_adds_another() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let program = Program::start(&binary, "demo", &[])?;
    let browser = Browser::start(&chromium).await?;
    let tab = explore(&browser, &program, BY_POD).await?;
    tab.wait("the legend", || async { Ok((pressed(&tab).await?.len() > 2).then_some(())) }).await?;
    let names: Vec<String> = tab
        .eval("[...document.querySelectorAll('[aria-label=Legend] button[aria-pressed]')].map(b => b.innerText.trim())")
        .await?;
    let shown = async |want: usize| {
        tab.wait(&format!("{want} series shown"), || async {
            Ok((pressed(&tab).await?.iter().filter(|on| **on).count() == want).then_some(()))
        })
        .await
    };
    tab.click("button", Name::Is(&names[0])).await?;
    shown(1).await?;
    tab.shift_click("button", Name::Is(&names[1])).await?;
    shown(2).await?;
    assert_eq!(pressed(&tab).await?[..2], [true, true]);
    tab.click("button", Name::Is(&names[0])).await?;
    shown(1).await?;
    tab.click("button", Name::Is(&names[0])).await?;
    shown(names.len()).await?;
    assert_eq!(tab.errors(), [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_is_underlined_where_it_is_wrong() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let program = Program::start(&binary, "demo", &[])?;
    let browser = Browser::start(&chromium).await?;
    let tab = explore(&browser, &program, "up").await?;
    let underlined = "[...document.querySelectorAll('.squiggle')].map(e => e.innerText).join('')";
    for (query, blamed) in [
        ("sum(rate(up))", "up"),
        ("up + on (job) foo(up)", "foo"),
        ("rate(up[5m]) + {job=~\"(\"}", "job=~\"(\""),
    ] {
        tab.fill("textbox", "Query A", query).await?;
        tab.press("Control+Enter").await?;
        tab.find("alert", Name::Has("")).await?;
        tab.wait(&format!("{blamed} of {query} underlined"), || async {
            let text: String = tab.eval(underlined).await?;
            Ok((text == blamed).then_some(()))
        })
        .await?;
    }
    tab.screenshot("wrong-query-light-1440").await?;
    tab.fill("textbox", "Query A", "vector(42)").await?;
    tab.press("Control+Enter").await?;
    tab.wait("the error to go", || async {
        Ok((tab.eval::<String>(underlined).await?.is_empty()).then_some(()))
    })
    .await?;
    assert_eq!(tab.errors(), [""; 0]);
    Ok(())
}
