//! Real expositions: each is read as a whole and gives the counts of the corpus' own table.

use std::fs;

use exposition::{Entry, Format, LabelScratch, Parser, summary, summary_strict};
use testkit::{corpus, skip};

/// File, sample lines and type lines of each row `| file … | 12/3 | …` of the notice.
fn table(notice: &str) -> Vec<(String, usize, usize)> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let file = cells.next()?.split_whitespace().next()?.to_owned();
        let (lines, types) = cells.next()?.split_once('/')?;
        Some((file, lines.parse().ok()?, types.parse().ok()?))
    };
    notice.lines().filter_map(row).collect()
}

#[test]
fn every_text_file_gives_the_counts_of_the_table() {
    let Some(folder) = corpus("exposition-samples") else { return skip("exposition-samples is not there") };
    let rows = table(&fs::read_to_string(folder.join("NOTICE.md")).unwrap());
    assert!(rows.len() > 20, "the table was found");
    for (file, samples, types) in rows {
        let body = fs::read(folder.join(&file)).unwrap();
        let format = if file.ends_with(".om") { Format::OpenMetrics } else { Format::Text };
        let found = summary(&body, format).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!((found.samples, found.typed_families()), (samples, types), "{file}");
    }
}

#[test]
fn protobuf_holds_what_the_text_holds() {
    let Some(folder) = corpus("exposition-samples") else { return skip("exposition-samples is not there") };
    let series = |file: &str, format: Format| {
        let body = fs::read(folder.join(file)).unwrap();
        let mut parser = Parser::new(&body, format);
        let mut scratch = LabelScratch::default();
        let mut out = Vec::new();
        while let Some(entry) = parser.next_entry().unwrap_or_else(|error| panic!("{file}: {error}")) {
            if let Entry::Series(series) = entry {
                series.labels(&mut scratch).unwrap();
                out.push((scratch.to_labels(), series.value.to_bits(), series.timestamp_ms));
            }
        }
        out.sort();
        out
    };
    let text = series("openmetrics-dovecot.om", Format::OpenMetrics);
    let binary = series("openmetrics-dovecot.om.pb", Format::OpenMetricsProtobuf);
    assert_eq!((text.len(), binary.len()), (90, 90));
    // Two samples of the text lie outside their families; the message has them as empty totals instead.
    let outside: Vec<&str> =
        text.iter().filter(|s| !binary.contains(s)).map(|(labels, _, _)| labels.metric_name()).collect();
    assert_eq!(outside, ["dovecot_imap_command_count", "dovecot_imap_command_duration_seconds_sum"]);

    let count = |file: &str| {
        let found = summary(&fs::read(folder.join(file)).unwrap(), Format::Protobuf).unwrap();
        (found.samples, found.typed_families())
    };
    assert_eq!(count("expfmt-delimited.pb"), (248, 37));
    assert_eq!(count("expfmt-multimessage.pb"), (6, 6));
}

#[test]
fn strict_mode_agrees_with_the_suite() {
    let Some(folder) = corpus("exposition-samples") else { return skip("exposition-samples is not there") };
    let suite = fs::read_to_string(folder.join("openmetrics-suite.jsonl")).unwrap();
    let (mut accepted, mut refused, mut wrong) = (0, 0, Vec::new());
    for line in suite.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let body = match (case["body"].as_str(), case["body_base64"].as_str()) {
            (Some(body), _) => body.as_bytes().to_vec(),
            (None, Some(coded)) => base64(coded),
            (None, None) => panic!("{name} has no body"),
        };
        let result = summary_strict(&body);
        match &result {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
        if result.is_ok() != case["should_parse"].as_bool().unwrap() {
            wrong.push(format!("{name}: {result:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((accepted, refused), (44, 167));
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no base64 digit"),
    };
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for b in text.bytes().filter(|b| *b != b'=') {
        bits = (bits << 6) | u32::from(digit(b));
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}
