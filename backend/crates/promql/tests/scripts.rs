//! Scripts in Prometheus' test language: our own, and those of an external corpus when it is there.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use promql::script::{Class, FileReport, ScriptOptions, run};
use promql_syntax::ParseOptions;

fn options(parse: ParseOptions) -> ScriptOptions {
    let started = Instant::now();
    ScriptOptions { parse, clock: Arc::new(move || started.elapsed()) }
}

fn scripts(folder: &Path) -> Vec<(String, String)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("the folder of scripts")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "test"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no scripts in {}", folder.display());
    found
        .into_iter()
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a script"))
        })
        .collect()
}

fn describe(name: &str, report: &FileReport, class: Option<Class>) -> Vec<String> {
    let failures = report.failures().filter(|e| class.is_none_or(|c| e.class == c));
    failures
        .map(|e| {
            let (expected, got) = e.failure.clone().unwrap_or_default();
            format!("{name}:{} [{:?}] {}\n  expected {expected}\n  got {got}", e.line, e.class, e.query)
        })
        .chain(report.broken.iter().map(|(line, why)| format!("{name}:{line} broken: {why}")))
        .collect()
}

#[test]
fn own_scripts_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut failures = Vec::new();
    let mut evals = 0;
    for (name, text) in scripts(&folder) {
        let report = run(&text, &options(ParseOptions::all_features()));
        evals += report.evals.len();
        failures.extend(describe(&name, &report, None));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(evals > 100, "only {evals} evaluations were found");
}
#[test]
fn float_evaluations_of_the_prometheus_corpus_pass() {
    let Some(folder) = testkit::corpus("promql-tests/testdata") else {
        testkit::skip("the corpus promql-tests is not there");
        return;
    };
    let mut failures = Vec::new();
    for (name, text) in scripts(&folder) {
        let report = run(&text, &options(ParseOptions::default()));
        let all = run(&text, &options(ParseOptions::all_features()));
        let score = |class| report.score(Some(class));
        let (float, histogram) = (score(Class::Float), score(Class::Histogram));
        let feature = all.score(Some(Class::Feature));
        println!(
            "{name}: float {}/{}, histogram {}/{}, feature {}/{}",
            float.0, float.1, histogram.0, histogram.1, feature.0, feature.1
        );
        for failure in describe(&name, &all, Some(Class::Histogram)).iter().chain(&describe(
            &name,
            &all,
            Some(Class::Feature),
        )) {
            println!("{failure}");
        }
        let failed = describe(&name, &report, Some(Class::Float)).into_iter();
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
