//! A person's way through the demo: find a dashboard, read it, narrow it, zoom, change a query, save, and
//! meet what goes wrong on the way.

use anyhow::{Context as _, Result};
use e2e::{Browser, Name, Program, Tab, Theme};

const WIDTH: i64 = 1440;
const HEIGHT: i64 = 900;

async fn open(browser: &Browser, program: &Program, path: &str) -> Result<Tab> {
    browser.open(&format!("{}{path}", program.address()), WIDTH, HEIGHT, Theme::Dark).await
}

/// The text of a panel.
async fn panel_text(tab: &Tab, title: &str) -> Result<String> {
    let script = format!(
        "[...document.querySelectorAll('section')].find(s => s.getAttribute('aria-label') === {})?.innerText ?? ''",
        serde_json::to_string(title)?
    );
    tab.eval(&script).await
}

/// Waits until the panel shows a text.
async fn panel_shows(tab: &Tab, title: &str, text: &str) -> Result<()> {
    tab.wait(&format!("{text:?} in the panel {title:?}"), || async {
        Ok(panel_text(tab, title).await?.contains(text).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_list_to_numbers_that_are_those_of_the_api() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let program = Program::start(&binary, "demo", &[])?;
    let browser = Browser::start(&chromium).await?;
    let tab = open(&browser, &program, "/").await?;

    tab.fill("searchbox", "Search dashboards", "gpu").await?;
    tab.wait("the list to narrow", || async { Ok((!tab.is_there("link", "Host").await?).then_some(())) })
        .await?;
    tab.click("link", "GPU fleet").await?;
    tab.see("SM activity").await?;

    // At a moment of the past the numbers stand still, so that they can be compared.
    let now_ms: f64 = tab.eval("Date.now()").await?;
    let to_ms = (now_ms / 3_600_000.0).floor() * 3_600_000.0;
    let past = format!("from={}&to={to_ms}", to_ms - 3_600_000.0);
    tab.goto(&format!("{}/d/gpu-fleet?{past}", program.address())).await?;
    let gpus =
        program.get(&format!("/api/v1/query?query=count(DCGM_FI_DEV_GPU_UTIL)&time={}", to_ms / 1000.0))?;
    let gpus = gpus["data"]["result"][0]["value"][1].as_str().context("a number of GPUs")?.to_owned();
    panel_shows(&tab, "GPUs", &gpus).await?;

    let query = "sum by (pod) (vllm:num_requests_running)";
    let path =
        format!("/explore?expr={}&{past}&tab=table", "sum%20by%20(pod)%20(vllm%3Anum_requests_running)",);
    tab.goto(&format!("{}{path}", program.address())).await?;
    let answer = program.get(&format!(
        "/api/v1/query?query={}&time={}",
        query.replace(' ', "%20").replace(':', "%3A"),
        to_ms / 1000.0
    ))?;
    let rows = answer["data"]["result"].as_array().context("a vector")?;
    assert!(rows.len() >= 5, "{answer}");
    for row in rows {
        let (pod, value) = (row["metric"]["pod"].as_str(), row["value"][1].as_str());
        let (pod, value) = (pod.context("a pod")?, value.context("a value")?);
        let script = format!(
            "[...document.querySelectorAll('tr')].some(r => r.innerText.includes({}) && \
             [...r.querySelectorAll('td')].some(c => c.innerText.trim() === {}))",
            serde_json::to_string(pod)?,
            serde_json::to_string(value)?
        );
        tab.wait(&format!("the row {pod} = {value}"), || async {
            Ok(tab.eval::<bool>(&script).await?.then_some(()))
        })
        .await?;
    }
    assert_eq!(tab.errors(), [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn variable_and_zoom_are_in_the_address_and_back_leads_back() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let program = Program::start(&binary, "demo", &[])?;
    let browser = Browser::start(&chromium).await?;
    let tab = open(&browser, &program, "/d/llm-serving?from=now-3h&to=now").await?;
    tab.find("image", Name::Has("Time to first token")).await?;

    tab.click("button", Name::Has("Model: ")).await?;
    tab.click("option", Name::Has("qwen3-coder-30b")).await?;
    tab.press("Escape").await?;
    let model = |url: &str| url.contains("var-model=qwen3-coder-30b");
    tab.wait("the model in the address", || async { Ok(model(&tab.url().await?).then_some(())) }).await?;

    let chart = tab.find("image", Name::Has("Time to first token")).await?;
    let (x, y, width, _) = tab.place(chart).await?;
    tab.drag((x - width / 5.0, y), (x + width / 5.0, y)).await?;
    tab.wait("the zoomed range in the address", || async {
        let url = tab.url().await?;
        Ok((model(&url) && !url.contains("now-3h")).then_some(()))
    })
    .await?;
    let _: bool = tab.eval("history.back(), true").await?;
    tab.wait("the range before", || async {
        let url = tab.url().await?;
        Ok((model(&url) && url.contains("now-3h")).then_some(()))
    })
    .await?;
    assert_eq!(tab.errors(), [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_changed_saved_and_still_there_and_a_stale_tab_is_told() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let program = Program::start(&binary, "demo", &[])?;
    let browser = Browser::start(&chromium).await?;

    // A copy of a built-in dashboard, as the program's own cannot be changed.
    let record = program.get("/api/watchfire/v1/dashboards/gpu-fleet")?;
    let mut document = record["dashboard"].clone();
    document["uid"] = "mine".into();
    document["title"] = "My GPUs".into();
    let body = serde_json::json!({"dashboard": document, "message": "A copy"});
    ureq::post(format!("{}/api/watchfire/v1/dashboards", program.address())).send_json(&body)?;
    let panel = document["panels"][0]["id"].as_u64().context("a panel")?;
    let editor = format!("/d/mine/edit/{panel}");

    let tab = open(&browser, &program, &editor).await?;
    let stale = open(&browser, &program, &editor).await?;
    stale.fill("textbox", "Query A", "vector(1)").await?;

    tab.front().await?;
    tab.fill("textbox", "Query A", "vector(4711").await?;
    tab.press("Control+Enter").await?;
    tab.find("alert", Name::Has("")).await?;
    tab.fill("textbox", "Query A", "vector(4711)").await?;
    tab.press("Control+Enter").await?;
    tab.see("4711").await?;

    tab.click("button", "Save").await?;
    tab.fill("textbox", "What changed", "Count to 4711").await?;
    tab.press("Control+Enter").await?;
    tab.see("Saved as version 2").await?;
    tab.goto(&format!("{}/d/mine", program.address())).await?;
    panel_shows(&tab, "GPUs", "4711").await?;
    tab.reload().await?;
    panel_shows(&tab, "GPUs", "4711").await?;
    tab.goto(&format!("{}/d/mine/versions", program.address())).await?;
    tab.see("Count to 4711").await?;
    let versions = program.get("/api/watchfire/v1/dashboards/mine/versions")?;
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(2));

    stale.front().await?;
    stale.click("button", "Save").await?;
    stale.fill("textbox", "What changed", "Too late").await?;
    stale.press("Control+Enter").await?;
    stale.find("alert", "Conflict").await?;
    stale.see("Count to 4711").await?;
    stale.screenshot("conflict-dark-1440").await?;
    assert_eq!(tab.errors(), [""; 0]);
    Ok(())
}
