//! How long a page takes from navigation to its panels: `cargo xtask bench-page [--runs N]`.
//!
//! Each run has a browser with an empty cache. A panel counts as drawn with the first coloured stroke on a
//! canvas of more than 200 CSS pixels, and the frame that shows it. Times are medians of the runs, with the
//! least and the most.
#![expect(clippy::print_stdout, reason = "a table for a person")]

use anyhow::{Context as _, Result};
use e2e::{Browser, Program, Theme};
use serde::Deserialize;

/// Notes the time of each stroke on a large canvas, and long tasks.
const PROBE: &str = "(() => {
  const seen = (window.__strokes = []);
  window.__long = [];
  new PerformanceObserver(l => l.getEntries().forEach(e => window.__long.push(e.duration))).observe({type: 'longtask', buffered: true});
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function () {
    const c = this.canvas, hex = /^#(..)(..)(..)$/.exec(this.strokeStyle);
    if (c.clientWidth > 200 && hex) {
      const [r, g, b] = hex.slice(1).map(h => parseInt(h, 16));
      if (Math.max(r, g, b) - Math.min(r, g, b) > 40 && !c.__seen) {
        c.__seen = true;
        const at = {drawn: performance.now(), shown: 0};
        seen.push(at);
        requestAnimationFrame(() => requestAnimationFrame(() => (at.shown = performance.now())));
      }
    }
    return stroke.apply(this, arguments);
  };
})();";

const RESULT: &str = "(() => {
  const s = window.__strokes, nav = performance.getEntriesByType('navigation')[0];
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const bytes = performance.getEntriesByType('resource').reduce((sum, e) => sum + e.transferSize, nav.transferSize);
  return {
    first: s[0].shown, last: Math.max(...s.map(e => e.drawn)), charts: s.length, paint: paint ? paint.startTime : 0,
    blocking: window.__long.reduce((sum, d) => sum + Math.max(0, d - 50), 0), kilobytes: bytes / 1000,
    requests: performance.getEntriesByType('resource').length + 1, heap: performance.memory.usedJSHeapSize / 1e6,
  };
})()";

#[derive(Debug, Deserialize)]
struct Times {
    first: f64,
    last: f64,
    charts: f64,
    paint: f64,
    blocking: f64,
    kilobytes: f64,
    requests: f64,
    heap: f64,
}

/// A figure: what it is called and where it stands.
type Figure = (&'static str, fn(&Times) -> f64);

const FIGURES: [Figure; 8] = [
    ("first contentful paint, ms", |t| t.paint),
    ("first chart shown, ms", |t| t.first),
    ("last chart in sight drawn, ms", |t| t.last),
    ("charts in sight", |t| t.charts),
    ("main thread blocked beyond 50 ms a task, ms", |t| t.blocking),
    ("requests", |t| t.requests),
    ("bytes on the wire, kB", |t| t.kilobytes),
    ("JavaScript heap, MB", |t| t.heap),
];

/// Pages with the window's height: the second is so tall that all panels of the dashboard are in sight.
const PAGES: [(&str, &str, i64); 3] = [
    ("LLM serving, 1440 × 900", "/d/llm-serving?from=now-3h&to=now", 900),
    ("LLM serving, 1440 × 4000 (all panels)", "/d/llm-serving?from=now-3h&to=now", 4000),
    (
        "Explore, one graph",
        "/explore?expr=sum%20by%20(pod)%20(vllm%3Anum_requests_running)&from=now-15m&to=now",
        900,
    ),
];

#[tokio::main]
async fn main() -> Result<()> {
    let (binary, chromium) = e2e::subjects().context("start it with `cargo xtask bench-page`")?;
    let runs: usize = std::env::args().nth(1).map_or(Ok(9), |n| n.parse())?;
    let program = Program::start(&binary, "demo", &[])?;
    for (name, path, height) in PAGES {
        let mut all = Vec::new();
        for _ in 0..runs {
            all.push(visit(&chromium, &format!("{}{path}", program.address()), height).await?);
        }
        println!("\n{name}, {runs} runs with an empty cache\n\n| | median | least – most |\n|---|---:|---:|");
        for (figure, of) in FIGURES {
            let mut values: Vec<f64> = all.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            let (least, most) = (values[0], values[runs - 1]);
            println!("| {figure} | {:.0} | {least:.0} – {most:.0} |", values[runs / 2]);
        }
    }
    Ok(())
}

async fn visit(chromium: &std::path::Path, address: &str, height: i64) -> Result<Times> {
    let browser = Browser::start(chromium).await?;
    let tab = browser.prepare(1440, height, Theme::Dark).await?;
    tab.before_page(PROBE).await?;
    tab.goto(address).await?;
    tab.settled().await?;
    let times = tab.eval(RESULT).await?;
    tab.close().await?;
    Ok(times)
}
