//! `watchfire check …` as it is run: lines and exit status.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;

use support::watchfire;

fn check(dir: &std::path::Path, args: &[&str]) -> (bool, String) {
    let output = watchfire(&["check"]).args(args).current_dir(dir).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_file_has_a_line_and_one_mistake_fails_the_run() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("good.yml", "scrape_configs:\n  - job_name: a\n"),
        ("bad.yml", "scrape_configs:\n  - job_nam: a\n"),
        ("good.prom", "a 1\n"),
        ("bad.prom", "a 1\na{ 1\n"),
        ("good.json", "{\"title\": \"T\"}"),
        ("good.test", "load 1m\n  up 1 1\n\neval instant at 1m up\n  up 1\n"),
        ("bad.test", "eval instant at 1m 1\n  2\n"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let (ok, text) = check(dir.path(), &["config", "good.yml", "bad.yml", "none.yml"]);
    assert!(!ok);
    assert!(text.contains("good.yml: ok: 1 scrape job\n"), "{text}");
    assert!(text.contains("bad.yml: FAILED: line 2, column "), "{text}");
    assert!(text.contains("none.yml: FAILED: cannot be read"), "{text}");
    assert!(check(dir.path(), &["config", "good.yml"]).0);

    let (ok, text) = check(dir.path(), &["exposition", "good.prom", "bad.prom"]);
    assert!(
        !ok && text.contains("good.prom: ok: text: 1 sample")
            && text.contains("bad.prom: FAILED: text: line 2"),
        "{text}"
    );
    let (ok, text) = check(dir.path(), &["exposition", "--format", "openmetrics", "good.prom"]);
    assert!(!ok && text.contains("openmetrics"), "{text}");
    assert!(check(dir.path(), &["dashboard", "good.json"]).0);

    let (ok, text) = check(dir.path(), &["promql-tests", "good.test"]);
    assert!(ok && text.contains("total: 1 of 1 evals passed, 0 failed"), "{text}");
    let (ok, text) = check(dir.path(), &["promql-tests", "good.test", "bad.test"]);
    assert!(!ok && text.contains("bad.test:1: FAILED: 1"), "{text}");
    assert!(text.contains("total: 1 of 2 evals passed, 1 failed"), "{text}");
}
