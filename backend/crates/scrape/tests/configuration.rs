//! Whole files: what is read from good ones, and the exact words about bad ones.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::path::Path;
use std::sync::Arc;

use config::{Document, MainFile, ScrapeProtocol};
use insta::assert_snapshot;
use model::Labels;
use scrape::{ScrapeConfig, ScrapeConfigs};

fn load_text(text: &str) -> Result<(MainFile, ScrapeConfigs), config::ConfigError> {
    let document = Document::parse(Path::new("prometheus.yml"), text)?;
    let main = MainFile::load(document, &|name| (name == "ZONE").then(|| "1".to_owned()))?;
    let jobs = scrape::load(&main)?;
    Ok((main, jobs))
}

#[test]
fn the_file_most_people_begin_with() {
    let (main, jobs) = load_text(include_str!("examples/small.yml")).unwrap();
    assert_eq!(jobs.jobs.len(), 1);
    assert_eq!(jobs.jobs[0].scrape_interval.to_string(), "15s");
    assert_eq!(jobs.jobs[0].scrape_timeout.to_string(), "10s");
    assert_eq!(main.ignored_sections(&[]), ["alerting"]);
}

#[test]
fn every_key_is_known() {
    let (main, jobs) = load_text(include_str!("examples/full.yml")).unwrap();
    assert_eq!(main.global.external_labels, Labels::from_pairs([("cluster", "eu-1"), ("replica", "$0")]));
    assert_eq!(
        main.global.scrape_protocols,
        [ScrapeProtocol::OpenMetricsText1_0_0, ScrapeProtocol::PrometheusText0_0_4]
    );
    let ignored = ["rule_files", "alerting", "remote_write", "remote_read", "otlp", "tracing", "runtime"];
    assert_eq!(main.ignored_sections(&[]), ignored);
    assert_eq!(main.ignored_sections(&["runtime"]).len(), 6);
    assert_snapshot!(jobs.warnings.join("\n"));
    let rules: Vec<_> = jobs.jobs.iter().flat_map(|job| &job.relabel).map(relabel::Rule::config).collect();
    assert_eq!(rules.len(), 4);
    assert_eq!(rules[0].replacement.as_deref(), Some("$1-${2}"));
    assert_eq!(jobs.jobs[0].metric_relabel[0].config().regex.as_deref(), Some("go_.*"));
    let without_rules =
        |job: &Arc<ScrapeConfig>| ScrapeConfig { relabel: vec![], metric_relabel: vec![], ..(**job).clone() };
    assert_snapshot!("full_jobs", format!("{:#?}", jobs.jobs.iter().map(without_rules).collect::<Vec<_>>()));
    let shown = main.redacted_yaml();
    assert!(!shown.contains("hidden") && !shown.contains("abc"), "{shown}");
    assert_snapshot!("full_redacted", shown);
    load_text(&shown).expect("what is shown can be read again");
}

#[test]
fn errors_tell_the_place_and_what_to_do() {
    let job = |more: &str| format!("scrape_configs:\n  - job_name: a\n    {more}\n");
    let cases = [
        ("no mapping", "- a".to_owned()),
        ("not YAML", "global: {a: [1, 2}\nx: 1".to_owned()),
        ("tab", "global:\n\tscrape_interval: 1s".to_owned()),
        ("key twice", "global: {}\nglobal: {}".to_owned()),
        ("two documents", "global: {}\n---\nglobal: {}".to_owned()),
        ("unknown section", "globals: {}".to_owned()),
        ("unknown key", "global:\n  scrape_intervall: 1s".to_owned()),
        ("bad duration", "global:\n  scrape_interval: 15 seconds".to_owned()),
        ("zero interval", "global: {scrape_interval: 0s}".to_owned()),
        ("timeout over interval", "global: {scrape_interval: 5s, scrape_timeout: 10s}".to_owned()),
        ("bad type", "global: [1]".to_owned()),
        ("bad protocol", "global: {scrape_protocols: [http]}".to_owned()),
        ("bad label", "global: {external_labels: {a-b: c}}".to_owned()),
        ("no name", "scrape_configs:\n  - static_configs: []".to_owned()),
        ("no list", "scrape_configs: {job_name: a}".to_owned()),
        ("unknown key of a job", job("metric_path: /x")),
        ("bad bool", job("honor_labels: maybe")),
        ("bad number", job("sample_limit: -1")),
        ("bad size", job("body_size_limit: 10 apples")),
        ("bad scheme", job("scheme: ftp")),
        ("job timeout over interval", job("scrape_timeout: 2m")),
        (
            "bad regex",
            job("relabel_configs:\n    - source_labels: [a]\n      regex: 'a(b'\n      action: keep"),
        ),
        ("bad action", job("relabel_configs: [{action: replaced}]")),
        ("no target label", job("relabel_configs:\n    - source_labels: [a]")),
        ("url as target", job("static_configs: [{targets: ['http://a/metrics']}]")),
        ("targets as text", job("static_configs: [{targets: 'a:1'}]")),
        ("unknown key of a group", job("static_configs: [{target: ['a:1']}]")),
        ("bad file pattern", job("file_sd_configs: [{files: ['a/*/b.txt']}]")),
        ("no url", job("http_sd_configs: [{refresh_interval: 1m}]")),
        ("bad url", job("http_sd_configs: [{url: 'ftp://x'}]")),
        ("two credentials", job("bearer_token: a\n    basic_auth: {username: b}")),
        ("two passwords", job("basic_auth: {password: a, password_file: b}")),
        ("basic as type", job("authorization: {type: basic}")),
        ("oauth2", job("oauth2: {client_id: a}")),
        ("cert without key", job("tls_config: {cert_file: a.pem}")),
        ("old tls", job("tls_config: {max_version: TLS11}")),
        ("reserved header", job("http_headers: {Host: {values: [a]}}")),
        ("no_proxy alone", job("no_proxy: a")),
        ("nhcb", job("convert_classic_histograms_to_nhcb: true")),
        ("too deep", format!("a: {}1{}", "[".repeat(500), "]".repeat(500))),
        (
            "alias bomb",
            String::from(
                "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\nglobal: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]",
            ),
        ),
        ("scrape config of nothing", "scrape_configs:\n  -\n".to_owned()),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(name, text)| match load_text(text) {
            Ok(_) => format!("{name}\n    accepted"),
            Err(error) => format!("{name}\n    {error}"),
        })
        .collect();
    assert_snapshot!(told.join("\n"));
    assert!(!told.iter().any(|t| t.ends_with("accepted")), "all of these are refused");
}

#[test]
fn jobs_in_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    let main =
        write("prometheus.yml", "global: {scrape_interval: 7s}\nscrape_config_files: ['jobs/*.yml']\n");
    write("jobs/b.yml", "scrape_configs: [{job_name: b, basic_auth: {password_file: pw}}]");
    write("jobs/a.yml", "scrape_configs: [{job_name: a}]");
    let load = || {
        let main = MainFile::load(Document::read(&main).unwrap(), &|_| None).unwrap();
        scrape::load(&main).map_err(|e| e.to_string().replace(dir.path().to_str().unwrap(), "DIR"))
    };
    let jobs = load().unwrap().jobs;
    assert_eq!(jobs.iter().map(|j| j.job_name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(jobs[0].scrape_interval.to_string(), "7s");
    assert!(format!("{:?}", jobs[1].client).contains("jobs/pw"), "relative to its own file");
    write("jobs/c.yml", "scrape_configs: [{job_name: a}]");
    assert_eq!(load().unwrap_err(), "DIR/jobs/c.yml:1:29: job_name: there is already a job named \"a\"");
    write("jobs/c.yml", "global: {}");
    assert_eq!(load().unwrap_err(), "DIR/jobs/c.yml:1:1: configuration: unknown key \"global\"");
}
