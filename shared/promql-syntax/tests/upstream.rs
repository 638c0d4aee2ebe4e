//! Every query of the `*.test` files outside the repository parses, prints and reads back, and each of
//! its nodes is found again by its span.
#![cfg(feature = "parse")]

mod common;

use std::path::PathBuf;

use promql_syntax::{ParseOptions, parse};

/// An `eval` line's query, and whether the test expects it to fail.
struct Eval {
    place: String,
    query: String,
    may_fail: bool,
}

fn evals(folder: PathBuf) -> Vec<Eval> {
    let mut out = Vec::new();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "test")) {
        let text = std::fs::read_to_string(file).expect("a text");
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some(command) = words.first().filter(|w| w.starts_with("eval")) else { continue };
            // eval… instant [at T] EXPR | eval… range from A to B step C EXPR
            let skip = match words.get(1..3) {
                Some(["instant", "at"]) => 4,
                Some(["instant", _]) => 2,
                Some(["range", "from"]) => 8,
                _ => continue,
            };
            let mut query = *line;
            for _ in 0..skip {
                query = query.trim_start();
                query = &query[query.find(char::is_whitespace).unwrap_or(query.len())..];
            }
            let fails_below = lines[i + 1..]
                .iter()
                .take_while(|l| l.starts_with([' ', '\t']))
                .any(|l| l.trim_start().starts_with("expect fail"));
            out.push(Eval {
                place: format!("{}:{}", file.display(), i + 1),
                query: query.trim().to_owned(),
                may_fail: fails_below || *command == "eval_fail",
            });
        }
    }
    out
}

#[test]
fn every_upstream_query_parses_prints_and_reads_back() {
    let Some(folder) = testkit::corpus("promql-tests") else {
        testkit::skip("no promql-tests");
        return;
    };
    let evals = evals(folder.join("testdata"));
    let mut failures = Vec::new();
    let mut parsed = 0;
    for eval in &evals {
        match parse(&eval.query, &ParseOptions::all_features()) {
            Ok(tree) => {
                parsed += 1;
                common::assert_reads_back(&tree);
                common::assert_spans(&eval.query, &tree);
            }
            Err(_) if eval.may_fail => {}
            Err(error) => failures.push(format!("{}: {}\n    {error}", eval.place, eval.query)),
        }
    }
    assert!(failures.is_empty(), "{} of {} refused:\n{}", failures.len(), evals.len(), failures.join("\n"));
    println!("{parsed} of {} queries parse; the others are expected to fail", evals.len());
    assert!(evals.len() > 1_000, "only {} queries found", evals.len());
}
