//! `watchfire tsdb …` as it is run, beside promtool and on what a Prometheus left where those are at hand.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::peer::{program, prometheus};
use support::{Server, send, wait_for, watchfire};

/// Two blocks of two hours; the second series comes in two notations.
const TEXT: &str = r#"# HELP heat Heat.
# TYPE heat gauge
heat{room="é \"q\"",floor="1"} -0.25 1700000000
heat{room="é \"q\"",floor="1"} 1e+21 1700000001.5
heat{room="é \"q\"",floor="1"} NaN 1700007200
# TYPE jobs counter
jobs_total{queue="a",zone="x"} 12 1700000000
jobs_total{zone="x",queue="a"} 13 1700000060
jobs_total{queue="b",zone="x"} 3.5 1700000000
plain +Inf 1700000000
# EOF
"#;

struct Run {
    ok: bool,
    out: String,
    err: String,
}

fn run(program: &mut Command) -> Run {
    let output = program.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

fn tsdb(dir: &Path, args: &[&str]) -> Run {
    run(watchfire(&["tsdb"]).args(args).current_dir(dir))
}

/// What a run prints that must go well.
fn good(dir: &Path, args: &[&str]) -> String {
    let run = tsdb(dir, args);
    assert!(run.ok, "{args:?}: {}{}", run.out, run.err);
    run.out
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn promtool(dir: &Path, args: &[&str]) -> Option<String> {
    let program = program(&["PROMTOOL"], "promtool")?;
    let run = run(Command::new(program).arg("tsdb").args(args).current_dir(dir));
    assert!(run.ok, "{args:?}: {}", run.err);
    Some(run.out)
}

/// All files below a directory with their content.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let path = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// A directory with `in.om` and the blocks made of it in `data`.
fn with_blocks() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("in.om"), TEXT).unwrap();
    good(dir.path(), &["create-blocks-from", "openmetrics", "--quiet", "in.om", "data"]);
    dir
}

#[test]
fn blocks_made_of_text_are_listed_dumped_and_analyzed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("in.om"), TEXT).unwrap();
    let made = good(dir, &["create-blocks-from", "openmetrics", "in.om", "data"]);
    let list = good(dir, &["list", "data"]);
    assert_eq!(made, list);
    let numbers: Vec<Vec<&str>> =
        list.lines().skip(1).map(|line| line.split_whitespace().skip(1).take(6).collect()).collect();
    assert_eq!(
        numbers,
        [
            ["1699999200000", "1700006400000", "2h0m0s", "6", "4", "4"],
            ["1700006400000", "1700013600000", "2h0m0s", "1", "1", "1"]
        ]
    );
    let human = good(dir, &["list", "-r", "data"]);
    assert!(human.contains("2023-11-14 22:00:00 UTC") && human.contains("1010B"), "{human}");

    let dump = good(dir, &["dump", "data"]);
    assert_eq!(
        dump,
        "{__name__=\"heat\", floor=\"1\", room=\"é \\\"q\\\"\"} -0.25 1700000000000\n\
         {__name__=\"heat\", floor=\"1\", room=\"é \\\"q\\\"\"} 1e+21 1700000001500\n\
         {__name__=\"heat\", floor=\"1\", room=\"é \\\"q\\\"\"} NaN 1700007200000\n\
         {__name__=\"jobs_total\", queue=\"a\", zone=\"x\"} 12 1700000000000\n\
         {__name__=\"jobs_total\", queue=\"a\", zone=\"x\"} 13 1700000060000\n\
         {__name__=\"jobs_total\", queue=\"b\", zone=\"x\"} 3.5 1700000000000\n\
         {__name__=\"plain\"} +Inf 1700000000000\n"
    );
    let some = ["dump", "--match", "plain", "--match", "{queue='a'}", "--max-time=1700000000000", "data"];
    assert_eq!(good(dir, &some).lines().count(), 2);
    // What is dumped as text makes the same blocks again, cut otherwise.
    fs::write(dir.join("again.om"), good(dir, &["dump", "--format=openmetrics", "data"])).unwrap();
    let args = ["create-blocks-from", "openmetrics", "--max-block-duration=20h", "again.om", "again"];
    assert_eq!(good(dir, &args).lines().count(), 2);
    assert_eq!(good(dir, &["dump", "again"]), dump);
    let labelled = ["create-blocks-from", "openmetrics", "-q", "--label", "zone=z", "again.om", "labelled"];
    assert_eq!(good(dir, &labelled), "");
    assert!(good(dir, &["dump", "labelled"]).contains("{__name__=\"plain\", zone=\"z\"} +Inf"));

    let first = list.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    let analysis = good(dir, &["analyze", "--limit=1", "--extended", "data", first]);
    for want in [
        "Total Series: 4\nLabel names: 5\nPostings (unique label pairs): 8\nPostings entries (total label pairs): 10\n",
        "Label pairs of the most series:\n2 __name__=jobs_total\n",
        "Label names with the most values:\n3 __name__\n",
        "Metric names with the most series:\n2 jobs_total\n",
        "Chunks of floats: 4, with 6 samples in ",
    ] {
        assert!(analysis.contains(want), "{want}\n{analysis}");
    }
    assert!(good(dir, &["verify", "data"]).ends_with("2 blocks checked\n"));

    let Some(theirs) = promtool(dir, &["list", "data"]) else { return };
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&theirs), words(&list));
    // promtool wants a log.
    copy(&dir.join("data"), &dir.join("copy"));
    fs::create_dir(dir.join("copy/wal")).unwrap();
    assert_eq!(sorted(&promtool(dir, &["dump", "copy"]).unwrap()), sorted(&dump));
    let theirs = promtool(dir, &["analyze", "data", first]).unwrap();
    let head = |text: &str| text.lines().take(6).map(str::to_owned).collect::<Vec<_>>();
    let ours = good(dir, &["analyze", "data", first]);
    assert_eq!(head(&theirs), head(&ours));
    // The same lists in the same order, under other titles; equal numbers may change places.
    let lists = |text: &str| -> Vec<BTreeSet<String>> {
        let counted = |list: &str| {
            let lines = list.trim().lines().skip(1).filter(|line| !line.starts_with("0 "));
            lines.map(str::to_owned).collect()
        };
        text.split("\n\n").skip(1).map(counted).collect()
    };
    assert_eq!(lists(&theirs), lists(&ours));
}

#[test]
fn mistakes_in_text_have_their_place_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (text, want) in [
        ("a 1 1\nb{x=\"1\"} 2\n# EOF\n", "in.om: line 2, column 1: a sample without a timestamp"),
        ("a 1 1\nb{x=\"1} 2 2\n# EOF\n", "in.om: line 2, column "),
        ("a 1 1\n", "in.om: line 2, column 1: "),
    ] {
        fs::write(dir.join("in.om"), text).unwrap();
        let run = tsdb(dir, &["create-blocks-from", "openmetrics", "in.om", "data"]);
        assert!(!run.ok && run.err.contains(want), "{}", run.err);
        assert!(!dir.join("data").exists());
    }
    fs::write(dir.join("in.om"), "# EOF\n").unwrap();
    assert!(
        tsdb(dir, &["create-blocks-from", "openmetrics", "in.om", "data"]).err.contains("has no samples")
    );
    for chore in ["list", "analyze", "dump", "verify"] {
        let run = tsdb(dir, &[chore, "none"]);
        assert!(!run.ok && run.err.contains("cannot read the data directory"), "{chore}: {}", run.err);
    }
}

#[test]
fn damage_is_found_with_its_place_and_nothing_is_changed() {
    let dir = with_blocks();
    let data = dir.path().join("data");
    let chunks = files(&data).into_iter().find(|(path, _)| path.ends_with("chunks/000001")).unwrap();
    let mut damaged = chunks.1.clone();
    damaged[12] ^= 0x40;
    fs::write(&chunks.0, damaged).unwrap();
    let before = files(&data);
    let run = tsdb(dir.path(), &["verify", "data"]);
    assert!(
        !run.ok && run.out.contains("chunks/000001: at byte ") && run.out.contains("FAILED"),
        "{}",
        run.out
    );
    // The samples behind the damage cannot be printed; that is an error, not silence.
    assert!(!tsdb(dir.path(), &["dump", "data"]).ok);
    fs::write(chunks.0.parent().unwrap().with_file_name("index"), b"no index").unwrap();
    let after = files(&data);
    let run = tsdb(dir.path(), &["list", "data"]);
    assert!(!run.ok && run.err.contains("is left out"), "{}", run.err);
    assert_eq!(run.out.lines().count(), 2);
    assert_eq!(files(&data), after);
    assert_eq!(before.len(), after.len());
}

/// The head of a stopped server is printed too, and not of one that runs; neither notices.
#[test]
fn a_head_is_dumped_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    wait_for("samples", || server.number("count(up)"));
    let running = tsdb(dir.path(), &["dump", "data"]);
    assert!(running.ok && running.err.contains("is in use by a server"), "{}", running.err);
    server.signal("TERM");
    server.ended();
    let before = files(&dir.path().join("data"));
    let dump = good(dir.path(), &["dump", "--match=up", "data"]);
    assert!(dump.contains("{__name__=\"up\", "), "{dump}");
    assert_eq!(files(&dir.path().join("data")), before);
    let run = tsdb(dir.path(), &["import-prometheus", "data", "other"]);
    assert!(!run.ok && run.err.contains("data directory of Watchfire already"), "{}", run.err);
}

/// A Prometheus scrapes itself and is killed: its directory is printed as promtool prints it, and imported.
#[test]
fn what_a_prometheus_left_is_dumped_and_imported() {
    let Some(program) = prometheus() else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // A block from elsewhere, and a head.
    fs::write(dir.join("in.om"), TEXT).unwrap();
    good(dir, &["create-blocks-from", "openmetrics", "-q", "in.om", "data"]);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = format!(
        "scrape_configs: [{{job_name: self, scrape_interval: 1s, static_configs: [{{targets: ['{address}']}}]}}]"
    );
    fs::write(dir.join("prometheus.yml"), config).unwrap();
    let mut child = Command::new(program)
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"])
        .args(["--storage.tsdb.retention.time=100y", "--enable-feature=native-histograms"])
        .arg(format!("--web.listen-address={address}"))
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("scrapes", || {
        std::net::TcpStream::connect(address).ok()?;
        let path = "/api/v1/query?query=prometheus_tsdb_head_samples_appended_total%7Btype%3D%22histogram%22%7D%3E20";
        send(address, "GET", path).body.contains("\"value\"").then_some(())
    });
    let refused = tsdb(dir, &["import-prometheus", "data", "ours"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!refused.ok && refused.err.contains("is in use: stop the Prometheus"), "{}", refused.err);
    assert!(!dir.join("ours").exists());

    let before = files(&dir.join("data"));
    let dump = good(dir, &["dump", "data"]);
    let imported = tsdb(dir, &["import-prometheus", "data", "ours"]);
    assert!(imported.ok, "{}", imported.err);
    assert_eq!(files(&dir.join("data")), before);
    assert!(dump.contains("{count:") && dump.contains("{__name__=\"plain\"} +Inf"));
    assert_eq!(good(dir, &["dump", "ours"]), dump);
    assert!(good(dir, &["verify", "ours"]).ends_with("3 blocks checked\n"));
    let again = tsdb(dir, &["import-prometheus", "data", "ours"]);
    assert!(!again.ok && again.err.contains("is not empty"), "{}", again.err);

    copy(&dir.join("data"), &dir.join("copy"));
    let ups = dump.lines().filter(|line| line.contains("\"up\"")).count();
    let server = Server::start(dir, &["--storage.tsdb.retention.time=100y"]);
    let served = server.number("count_over_time(up{job='self'}[1h])");
    assert_eq!(served, Some(ups as f64), "{}", server.log());
    drop(server);
    assert!(dir.join("data/imported").is_dir() && !dir.join("data/wal").exists());

    let Some(theirs) = promtool(dir, &["dump", "copy"]) else { return };
    // promtool leaves out some histograms and writes their bounds otherwise in the last digit.
    let floats = |text: &str| -> Vec<String> {
        sorted(text).into_iter().filter(|line| !line.contains("{count:")).map(str::to_owned).collect()
    };
    assert_eq!(floats(&theirs), floats(&dump));
    let counts = |text: &str| -> BTreeSet<String> {
        let histograms = text.lines().filter(|line| line.contains("{count:"));
        histograms
            .map(|line| line.split(", [").next().unwrap().split(", (").next().unwrap().to_owned())
            .collect()
    };
    assert!(counts(&theirs).is_subset(&counts(&dump)) && !counts(&theirs).is_empty());
}
