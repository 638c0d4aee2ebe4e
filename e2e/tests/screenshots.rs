//! Every page in dark and light, on a desk and on a phone, written to `target/screenshots` for a person to look
//! at. What is checked here is what a machine can: no uncaught error, no request beyond the server, nothing
//! that makes the page scroll sideways.

use anyhow::Result;
use e2e::{Browser, Program, Theme};

/// Pages and what shows that they are complete.
const PAGES: [(&str, &str); 7] = [
    ("dashboards", "/dashboards"),
    ("llm-serving", "/d/llm-serving?from=now-3h&to=now"),
    ("gpu-fleet", "/d/gpu-fleet?from=now-3h&to=now"),
    ("host", "/d/host?from=now-3h&to=now"),
    ("watchfire", "/d/watchfire?from=now-15m&to=now"),
    ("explore", "/explore?expr=sum%20by%20(pod)%20(vllm%3Anum_requests_running)&from=now-1h&to=now"),
    ("targets", "/targets"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_both_themes_and_widths() -> Result<()> {
    let Some((binary, chromium)) = e2e::subjects() else { return Ok(()) };
    let program = Program::start(&binary, "demo", &[])?;
    let browser = Browser::start(&chromium).await?;
    for (theme, theme_name) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for (width, height) in [(1440, 900), (390, 844)] {
            for (name, path) in PAGES {
                let tab = browser.open(&format!("{}{path}", program.address()), width, height, theme).await?;
                tab.settled().await?;
                tab.screenshot(&format!("{name}-{theme_name}-{width}")).await?;
                assert_eq!(tab.errors(), [""; 0], "{name}");
                for request in tab.requests() {
                    assert!(
                        request.starts_with(program.address()) || request.starts_with("data:"),
                        "{name} asks {request}"
                    );
                }
                let sideways: i64 = tab
                    .eval("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    .await?;
                assert_eq!(sideways, 0, "{name} scrolls sideways at {width} px");
                tab.close().await?;
            }
        }
    }
    Ok(())
}
