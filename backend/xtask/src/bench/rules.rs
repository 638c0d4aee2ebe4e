//! `cargo xtask bench-rules`: what rules cost, ours and Prometheus', one after the other in the same run.
//!
//! Twenty targets of 5,000 series each, scraped every five seconds; then the same on a fresh server with 1,000
//! recording and 1,000 alerting rules of the same queries, evaluated every five seconds. What is compared is the
//! difference of the server's CPU time for a round of all rules.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::exporter::Exporter;
use super::process::Process;
use crate::peers;
use crate::run::{cargo, in_path, run, target_dir};

const TARGETS: usize = 20;
const SERIES_PER_TARGET: usize = 5_000;
/// Seconds between scrapes, and between evaluations.
const INTERVAL: u64 = 5;
/// Long enough for the longest range of a rule.
const WARM_UP: Duration = Duration::from_secs(70);
/// Rules of a group.
const GROUP: usize = 50;

/// Runs the comparison; `--seconds N` (default 40) is the measured time.
pub(crate) fn rules(args: &[String]) -> Result<()> {
    let seconds = match args {
        [] => 40,
        [flag, value] if flag == "--seconds" => value.parse().context("--seconds: not a number")?,
        _ => bail!("usage: cargo xtask bench-rules [--seconds N]"),
    };
    let seconds = Duration::from_secs(seconds);
    let ours = match std::env::var_os("WATCHFIRE_BIN") {
        Some(program) => PathBuf::from(program),
        None => {
            run(&mut cargo(&["build", "--release", "--package", "watchfire"]))?;
            target_dir().join("release").join("watchfire")
        }
    };
    let prometheus = std::env::var_os("PROMETHEUS")
        .map(PathBuf::from)
        .or_else(|| in_path("prometheus"))
        .or_else(|| peers::ensure().map(|dir| dir.join("prometheus")));
    let exporter = Exporter::start(TARGETS, SERIES_PER_TARGET)?;
    let mut costs = Vec::new();
    for (name, program, first) in [("watchfire", Some(ours), Some("serve")), ("prometheus", prometheus, None)]
    {
        let Some(program) = program else {
            println!("no Prometheus: measuring Watchfire alone");
            continue;
        };
        let round = |with_rules| {
            let mut command = Command::new(&program);
            command.args(first);
            measure(command, &exporter, seconds, with_rules).with_context(|| name.to_owned())
        };
        let (without, with) = (round(false)?, round(true)?);
        println!(
            "{name:>10}: {without:.3} CPU-s each {INTERVAL} s without rules, {with:.3} with them: {:.3} CPU-s a round",
            with - without
        );
        costs.push(with - without);
    }
    if let [ours, theirs] = costs[..] {
        println!("ratio watchfire / prometheus: {:.2}", ours / theirs);
    }
    Ok(())
}

/// CPU seconds in the time between two evaluations.
fn measure(command: Command, exporter: &Exporter, seconds: Duration, with_rules: bool) -> Result<f64> {
    let dir = std::env::temp_dir().join(format!("watchfire-bench-rules-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let result = in_dir(command, exporter, seconds, with_rules, &dir);
    std::fs::remove_dir_all(&dir)?;
    result
}

fn in_dir(
    mut command: Command,
    exporter: &Exporter,
    seconds: Duration,
    with_rules: bool,
    dir: &Path,
) -> Result<f64> {
    let targets: Vec<String> = exporter.addresses.iter().map(|address| format!("'{address}'")).collect();
    let rule_file = dir.join("rules.yml");
    std::fs::write(&rule_file, rule_text(exporter))?;
    let files = if with_rules { format!("'{}'", rule_file.display()) } else { String::new() };
    let config = dir.join("prometheus.yml");
    std::fs::write(
        &config,
        format!(
            "global: {{scrape_interval: {INTERVAL}s, scrape_timeout: {INTERVAL}s, evaluation_interval: {INTERVAL}s}}\n\
             rule_files: [{files}]\nscrape_configs:\n- job_name: bench\n  static_configs: [{{targets: [{}]}}]\n",
            targets.join(", ")
        ),
    )?;
    // The port is free a moment before the server takes it; nothing else here listens.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = Process::start(
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )?;
    sleep(WARM_UP);
    let (cpu, begun) = (server.cpu_s()?, Instant::now());
    sleep(seconds);
    let (cpu, took) = (server.cpu_s()? - cpu, begun.elapsed().as_secs_f64());
    if with_rules {
        check(&address.to_string())?;
    }
    Ok(cpu * INTERVAL as f64 / took)
}

/// Every rule must have given something, or nothing was measured.
fn check(address: &str) -> Result<()> {
    let ask = |path: &str| -> Result<serde_json::Value> {
        let text = ureq::get(format!("http://{address}{path}")).call()?.body_mut().read_to_string()?;
        Ok(serde_json::from_str(&text)?)
    };
    let groups = ask("/api/v1/rules?exclude_alerts=true")?;
    let rules = groups["data"]["groups"].as_array().into_iter().flatten();
    let rules: Vec<&serde_json::Value> =
        rules.flat_map(|group| group["rules"].as_array().into_iter().flatten()).collect();
    let healthy = rules.iter().filter(|rule| rule["health"] == "ok").count();
    let count = |query: &str| -> Result<f64> {
        let answer = ask(&format!("/api/v1/query?query={query}"))?;
        Ok(answer["data"]["result"][0]["value"][1].as_str().unwrap_or("0").parse()?)
    };
    let recorded = count("count(%7B__name__%3D~%22bench:.%2B%22%7D)")?;
    let firing = count("count(ALERTS%7Balertstate%3D%22firing%22%7D)")?;
    if rules.len() != 2_000 || healthy != rules.len() || recorded < 1_000.0 || firing < 500.0 {
        bail!(
            "{healthy} of {} rules are well, {recorded} series are recorded, {firing} alerts fire",
            rules.len()
        );
    }
    Ok(())
}

/// Fifty times ten queries, each recorded by two rules and watched by two alerts: one that fires and one that
/// does not.
fn rule_text(exporter: &Exporter) -> String {
    let (mut records, mut alerts) = (Vec::new(), Vec::new());
    for i in 0..50 {
        let instance = exporter.addresses[i % exporter.addresses.len()];
        let of = |family: usize| {
            format!("vllm:family_{:03}_seconds_bucket{{instance=\"{instance}\"}}", family + i)
        };
        let queries = [
            format!("sum by (model_name) (rate({}[1m]))", of(0)),
            format!("avg by (pod) ({})", of(5)),
            format!("histogram_quantile(0.95, sum by (le) (rate({}[1m])))", of(10)),
            format!("max by (engine) ({})", of(15)),
            format!("1 - avg by (instance) (rate({}[1m]))", of(20)),
            format!("sum by (instance) ({})", of(25)),
            format!("sum(rate({}[1m]))", of(30)),
            format!("sum({})", of(35)),
            format!("avg({})", of(40)),
            format!("sum({})", of(45)),
        ];
        for (j, query) in queries.iter().enumerate() {
            for k in 0..2 {
                records
                    .push(format!("  - {{record: 'bench:r{j}_{k}', expr: '{query}', labels: {{n: '{i}'}}}}"));
                let (bound, severity) = if k == 0 { ("-1e9", "ticket") } else { ("1e15", "page") };
                alerts.push(format!(
                    "  - {{alert: A{i}_{j}_{k}, expr: '({query}) > {bound}', for: 10s, labels: {{severity: {severity}}}, \
                     annotations: {{summary: '{{{{ $labels.pod }}}} is {{{{ $value | humanize }}}}'}}}}"
                ));
            }
        }
    }
    let mut text = "groups:\n".to_owned();
    for (kind, rules) in [("records", records), ("alerts", alerts)] {
        for (number, rules) in rules.chunks(GROUP).enumerate() {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "- name: {kind}{number}\n  rules:\n{}", rules.join("\n"));
        }
    }
    text
}
