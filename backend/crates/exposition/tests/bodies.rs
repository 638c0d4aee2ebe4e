//! The bodies beside this file, each with the result that the table in their README gives.

use std::fs;
use std::path::Path;

use exposition::{Format, summary, summary_strict};

#[test]
fn every_body_gives_the_result_of_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bodies");
    let table = fs::read_to_string(folder.join("README.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.splitn(3, " | ").collect())
        .filter(|row: &Vec<&str>| row[0] != "File")
        .collect();
    assert_eq!(rows.len(), 11);
    for row in rows {
        let body = fs::read(folder.join(row[0])).unwrap();
        let found = match row[1] {
            "text" => summary(&body, Format::Text),
            "openmetrics" => summary(&body, Format::OpenMetrics),
            "strict" => summary_strict(&body),
            other => panic!("unknown format {other}"),
        };
        let found = found.map_or_else(|error| error.to_string(), |summary| summary.to_string());
        assert_eq!(found, row[2], "{} as {}", row[0], row[1]);
    }
}
