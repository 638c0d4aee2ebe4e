//! What each format accepts and refuses, and where it says the fault is.

use exposition::{Entry, ExemplarEntry, Format, LabelScratch, ParseError, Parser, summary};
use model::{Labels, MetricType};
use proptest::prelude::*;

/// Every entry in a line of its own, labels and exemplars decoded.
fn entries(body: &[u8], format: Format) -> Result<Vec<String>, ParseError> {
    let mut parser = Parser::new(body, format);
    let mut out = Vec::new();
    while let Some(entry) = parser.next_entry()? {
        out.push(match entry {
            Entry::Series(series) => {
                let time = series.timestamp_ms.map(|t| format!(" @{t}")).unwrap_or_default();
                let exemplar = series.exemplar()?.map(|e| show(&e)).unwrap_or_default();
                format!("{} {}{time}{exemplar}", series.to_labels()?, series.value)
            }
            Entry::Histogram(entry) => format!("{} {:?}", entry.to_labels()?, entry.histogram),
            Entry::Type { family, metric_type } => format!("TYPE {family} {metric_type}"),
            Entry::Help { family, help } => format!("HELP {family} {help:?}"),
            Entry::Unit { family, unit } => format!("UNIT {family} {unit:?}"),
            Entry::Comment(text) => format!("COMMENT {:?}", String::from_utf8_lossy(text)),
        });
    }
    assert!(matches!(parser.next_entry(), Ok(None)));
    Ok(out)
}

fn show(exemplar: &ExemplarEntry) -> String {
    let time = exemplar.timestamp_ms.map(|t| format!(" @{t}")).unwrap_or_default();
    format!(" # {} {}{time}", exemplar.labels, exemplar.value)
}

fn text(body: &str) -> Vec<String> {
    entries(body.as_bytes(), Format::Text).unwrap_or_else(|error| panic!("{error}\n{body}"))
}

fn openmetrics(body: &str) -> Vec<String> {
    entries(body.as_bytes(), Format::OpenMetrics).unwrap_or_else(|error| panic!("{error}\n{body}"))
}

#[test]
fn text_lines() {
    let body = "# HELP a Text with \\\\ and \\n and \\\"\n# TYPE a counter\na 1\n\n\
                \ta{x=\"1\",y=\"}\"} 2 1700000000000\n\
                a { x = \"a\\\"b\\\\c\\nd\\t\" , } -0.5 -5 \n\
                #comment\n#   HELP\n# EOF\n  # TYPE b gauge\nb{}+Inf\nc{a=\"x\"b=\"y\"} nan";
    assert_eq!(
        text(body),
        [
            "HELP a \"Text with \\\\ and \\n and \\\\\\\"\"",
            "TYPE a counter",
            "a 1",
            "a{x=\"1\", y=\"}\"} 2 @1700000000000",
            "a{x=\"a\\\"b\\\\c\\nd\\\\t\"} -0.5 @-5",
            "COMMENT \"#comment\"",
            "COMMENT \"#   HELP\"",
            "COMMENT \"# EOF\"",
            "TYPE b gauge",
            "b inf",
            "c{a=\"x\", b=\"y\"} NaN",
        ]
    );
    assert_eq!(text(""), [""; 0]);
    assert_eq!(text("\n\n \t\n"), [""; 0]);
}

#[test]
fn quoted_names() {
    let body = "# HELP \"my.metric\" Dots\n# TYPE \"my.metric\" gauge\n{\"my.metric\"} 1\n\
                {\"my.metric\",\"label é\"=\"v\",plain=\"w\"} 2\n{a=\"1\",\"q\\\"n\"} 3\nplain{\"x.y\"=\"z\"} 4\n";
    let want = [
        "HELP my.metric \"Dots\"",
        "TYPE my.metric gauge",
        "{\"my.metric\"} 1",
        "{\"my.metric\", \"label é\"=\"v\", plain=\"w\"} 2",
        "{\"q\\\"n\", a=\"1\"} 3",
        "plain{\"x.y\"=\"z\"} 4",
    ];
    assert_eq!(text(body), want);
    assert_eq!(openmetrics(&format!("{body}# EOF\n")), want);
}

#[test]
fn bounds_are_normalised_by_type() {
    let body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1e6\"} 1\nh_bucket{le=\"+Inf\"} 1\n\
                h_bucket{le=\"odd\"} 1\n# TYPE s summary\ns{quantile=\"0\",le=\"1\"} 1\n# TYPE g gauge\ng{le=\"1\"} 1\n";
    let found = text(body);
    assert_eq!(
        found.iter().filter(|line| !line.starts_with("TYPE")).collect::<Vec<_>>(),
        [
            "h_bucket{le=\"1.0\"} 1",
            "h_bucket{le=\"1e+06\"} 1",
            "h_bucket{le=\"+Inf\"} 1",
            "h_bucket{le=\"odd\"} 1",
            "s{le=\"1\", quantile=\"0.0\"} 1",
            "g{le=\"1\"} 1",
        ]
    );
}

#[test]
fn openmetrics_lines() {
    let body = "# TYPE a counter\n# UNIT a \n# HELP a say \\\"hi\\\"\na_total 1 1.5 # {trace_id=\"a # }b\"} 0.5 1.25\n\
                a_total{x=\"# {\"} 2 # {} 3\na_created 1.7e9\nb{x=\"1\",} 1\n# TYPE i info\ni_info{v=\"}\"} 1\n# EOF";
    assert_eq!(
        openmetrics(body),
        [
            "TYPE a counter",
            "UNIT a \"\"",
            "HELP a \"say \\\"hi\\\"\"",
            "a_total 1 @1500 # {trace_id=\"a # }b\"} 0.5 @1250",
            "a_total{x=\"# {\"} 2 # {} 3",
            "a_created 1700000000",
            "b{x=\"1\"} 1",
            "TYPE i info",
            "i_info{v=\"}\"} 1",
        ]
    );
}

#[test]
fn raw_is_the_series_as_written() {
    let body = b"a{x=\"1\"}   2 3\n b 4\n";
    let mut parser = Parser::new(body, Format::Text);
    let mut raws = Vec::new();
    while let Some(entry) = parser.next_entry().unwrap() {
        let Entry::Series(series) = entry else { panic!("{entry:?}") };
        raws.push(series.raw.to_vec());
    }
    assert_eq!(raws, [b"a{x=\"1\"}".to_vec(), b"b".to_vec()]);
}

#[test]
fn faults_have_a_place() {
    let text_faults: &[(&[u8], &str)] = &[
        (b"a 1\na{x=\"1} 2\nb 3\n", "line 2, column 5: the string is not terminated"),
        (b"a{x=\"1\",x=\"2\"} 1", "line 1, column 1: label name \"x\" is not unique"),
        (b"a{x=\"\xff\"} 1", "line 1, column 6: invalid UTF-8"),
        (b"a 1\r\n", "line 1, column 3: expected a number, found \"1\\r\""),
        (
            b"# TYPE a counter\r\n",
            "line 1, column 10: invalid metric type \"counter\\r\"; text 0.0.4 knows counter, gauge, histogram, summary and untyped",
        ),
        (
            b"# TYPE a info\n",
            "line 1, column 10: invalid metric type \"info\"; text 0.0.4 knows counter, gauge, histogram, summary and untyped",
        ),
        (
            b"# TYPE a\n",
            "line 1, column 9: invalid metric type \"\"; text 0.0.4 knows counter, gauge, histogram, summary and untyped",
        ),
        (b"# HELP 1a x\n", "line 1, column 8: expected a metric name"),
        (b"# HELP a \xff\n", "line 1, column 10: invalid UTF-8"),
        (b"# HELP a.b x\n", "line 1, column 9: expected a blank after the metric name"),
        (b"a\n", "line 1, column 2: expected a value after the series"),
        (b"a{x=\"1\"}\n", "line 1, column 9: expected a value after the series"),
        (b"a 1 2 3\n", "line 1, column 7: expected a line end after the timestamp, found \"3\""),
        (b"a 1 1.5\n", "line 1, column 5: expected a timestamp in milliseconds or a line end, found \"1.5\""),
        (
            b"a 1 99999999999999999999\n",
            "line 1, column 5: expected a timestamp in milliseconds or a line end, found \"99999999999999999999\"",
        ),
        (b"a 0x1p4\n", "line 1, column 3: expected a number, found \"0x1p4\""),
        (b"a 1_0\n", "line 1, column 3: expected a number, found \"1_0\""),
        (b"a\x00 1\n", "line 1, column 2: expected \"{\", found \"\\0\""),
        (b"\x00a 1\n", "line 1, column 1: expected a metric name, found \"\\0a\""),
        (b"1a 1\n", "line 1, column 1: expected a metric name, found \"1a\""),
        (b"a{1=\"x\"} 1\n", "line 1, column 3: expected a label name, found \"1=\\\"x\\\"}\""),
        (b"a{x} 1\n", "line 1, column 4: expected \"=\" after the label name, found \"}\""),
        (b"a{x=1} 1\n", "line 1, column 5: expected a label value in double quotes, found \"1}\""),
        (b"a{x=\"1\" 1\n", "line 1, column 8: expected \",\" or \"}\", found the end of the label set"),
        (b"a{x=\"1\";y=\"2\"} 1\n", "line 1, column 8: expected \",\" or \"}\", found \";y=\\\"2\\\"}\""),
        (b"a{,} 1\n", "line 1, column 3: expected a label name, found \",}\""),
        (b"{x=\"1\"} 1\n", "line 1, column 1: the metric name is missing"),
        (b"{\"\"} 1\n", "line 1, column 2: the metric name is empty"),
        (b"a{\"b\"} 1\n", "line 1, column 3: a label value is missing, or the metric name is there twice"),
        (b"a{\"\"=\"b\"} 1\n", "line 1, column 3: a label name is empty"),
        (b"a{__name__=\"b\"} 1\n", "line 1, column 1: label name \"__name__\" is not unique"),
        ("é 1\n".as_bytes(), "line 1, column 1: expected a metric name, found \"é\""),
        (b"{} 1\n", "line 1, column 1: the metric name is missing"),
        (b"} 1\n", "line 1, column 1: expected a metric name, found \"}\""),
    ];
    for (body, want) in text_faults {
        let error = summary(body, Format::Text).expect_err(want).to_string();
        assert_eq!(error, *want, "{:?}", String::from_utf8_lossy(body));
    }
    let openmetrics_faults: &[(&[u8], &str)] = &[
        (b"", "line 1, column 1: the body does not end with \"# EOF\""),
        (b"a 1\n", "line 2, column 1: the body does not end with \"# EOF\""),
        (
            b"a 1\n# EOFx\n",
            "line 2, column 1: OpenMetrics allows only \"# HELP\", \"# TYPE\", \"# UNIT\" and \"# EOF\", no comments",
        ),
        (b"a 1\n# EOF\n\n", "line 3, column 1: unexpected data after \"# EOF\""),
        (b"\n# EOF\n", "line 1, column 1: expected a metric name, found the end of the label set"),
        (
            b"# comment\n# EOF\n",
            "line 1, column 1: OpenMetrics allows only \"# HELP\", \"# TYPE\", \"# UNIT\" and \"# EOF\", no comments",
        ),
        (
            b"a  1\n# EOF\n",
            "line 1, column 2: expected a single blank and a number after the series, found \"  1\"",
        ),
        (
            b"a{x=\"1\"}1\n# EOF\n",
            "line 1, column 9: expected a single blank and a number after the series, found \"1\"",
        ),
        (
            b"a{x=\"1\" ,y=\"2\"} 1\n# EOF\n",
            "line 1, column 8: expected \",\" or \"}\", found \" ,y=\\\"2\\\"}\"",
        ),
        (
            b"a 1 NaN\n# EOF\n",
            "line 1, column 5: expected a timestamp in seconds or a line end, found \"NaN\"",
        ),
        (b"a 1 # {x=\"1\" 1\n# EOF\n", "line 1, column 7: the exemplar's labels are not closed"),
        (
            b"a 1 # {x=\"1\"} x\n# EOF\n",
            "line 1, column 15: expected a number as the exemplar's value, found \"x\"",
        ),
        (
            b"a 1 # {x=1} 1\n# EOF\n",
            "line 1, column 10: expected a label value in double quotes, found \"1}\"",
        ),
        (
            b"# UNIT a_b seconds\n# EOF\n",
            "line 1, column 12: unit \"seconds\" is not a suffix of metric \"a_b\"",
        ),
        (b"# TYPE a untyped\n# EOF\n", "line 1, column 10: invalid metric type \"untyped\""),
    ];
    for (body, want) in openmetrics_faults {
        let error = summary(body, Format::OpenMetrics).expect_err(want).to_string();
        assert_eq!(error, *want, "{:?}", String::from_utf8_lossy(body));
    }
}

#[test]
fn nul_is_let_pass_where_prometheus_does() {
    assert_eq!(text("# HELP a b\0c\na{x=\"\0\"} 1\n"), ["HELP a \"b\\0c\"", "a{x=\"\\x00\"} 1"]);
}

#[test]
fn long_lines_are_read_and_shown_short() {
    let value = "v".repeat(5 << 20);
    let body = format!("a{{x=\"{value}\"}} 1\nb zzz{value}\n");
    let mut parser = Parser::new(body.as_bytes(), Format::Text);
    let Some(Entry::Series(series)) = parser.next_entry().unwrap() else { panic!("no series") };
    assert_eq!(series.to_labels().unwrap().get("x"), Some(value.as_str()));
    assert!(parser.next_entry().unwrap_err().to_string().len() < 120);
}

#[test]
fn the_staleness_marker_cannot_be_smuggled_in() {
    for body in ["a NaN\n", "a nan\n"] {
        let mut parser = Parser::new(body.as_bytes(), Format::Text);
        let Some(Entry::Series(series)) = parser.next_entry().unwrap() else { panic!("no series") };
        assert!(series.value.is_nan() && !model::is_stale_nan(series.value));
    }
}

#[test]
fn summaries_count() {
    let body = "# TYPE a counter\na_total 1 # {x=\"1\"} 1\n# TYPE b gauge\nb 1\nb{x=\"\"} 2\n# EOF\n";
    let found = summary(body.as_bytes(), Format::OpenMetrics).unwrap();
    assert_eq!((found.samples, found.exemplars, found.typed_families()), (3, 1, 2));
    assert_eq!(found.families[&MetricType::Gauge], 1);
    assert_eq!(found.to_string(), "3 samples, 2 families (1 counter, 1 gauge), 1 exemplar");
}

#[test]
fn a_scratch_can_be_reused() {
    let mut scratch = LabelScratch::default();
    let mut parser = Parser::new(b"a{x=\"1\"} 1\nb{} 1\n", Format::Text);
    let mut seen = Vec::new();
    while let Some(Entry::Series(series)) = parser.next_entry().unwrap() {
        series.labels(&mut scratch).unwrap();
        seen.push((scratch.metric_name().to_owned(), scratch.get("x").to_owned(), scratch.iter().count()));
    }
    assert_eq!(seen, [("a".into(), "1".into(), 2), ("b".into(), String::new(), 1)]);
    assert_eq!(scratch.to_labels(), Labels::from_pairs([("__name__", "b")]));
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Text, Format::OpenMetrics, Format::Protobuf, Format::OpenMetricsProtobuf] {
            let _ = summary(&body, format);
        }
        let _ = exposition::summary_strict(&body);
    }

    #[test]
    fn never_panics_on_near_text(lines in proptest::collection::vec(
        r##"(# (HELP|TYPE|UNIT|EOF))? ?[ab"\\{}=,# 1.\-n_é\t]{0,20}"##, 0..6,
    )) {
        let body = lines.join("\n");
        let _ = summary(body.as_bytes(), Format::Text);
        let closed = format!("{body}\n# EOF\n");
        let lenient = summary(closed.as_bytes(), Format::OpenMetrics);
        // What is right to the letter is right for the lenient reader too, and counts the same.
        if let Ok(strict) = exposition::summary_strict(closed.as_bytes()) {
            prop_assert_eq!(Ok(strict), lenient);
        }
    }
}

/// Series and starts, as a parser that reads `_created` tells them.
fn starts(body: &str) -> Result<Vec<String>, ParseError> {
    let mut parser = Parser::with_starts(body.as_bytes(), Format::OpenMetrics);
    let mut out = Vec::new();
    while let Some(entry) = parser.next_entry()? {
        if let Entry::Series(series) = entry {
            let start = series.start_ms.map(|start| format!(" since {start}")).unwrap_or_default();
            out.push(format!("{} {}{start}", series.to_labels()?, series.value));
        }
    }
    Ok(out)
}

#[test]
fn created_lines_tell_the_start_of_their_metric() {
    let body = "# TYPE a counter\n\
                a_total{x=\"1\",y=\"2\"} 5\na_created{y=\"2\",x=\"1\"} 1700000000.5\n\
                a_total{x=\"2\"} 6\n\
                # TYPE h histogram\n\
                h_created 12\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\n\
                # TYPE s summary\n\
                s{quantile=\"0.5\"} 1\ns_count 1\ns_sum 1\ns_created 7\n\
                # TYPE g_created gauge\ng_created 9\n\
                # TYPE q counter\n{\"q_total\",z=\"1\"} 1\n{\"q_created\",z=\"1\"} 3\n# EOF\n";
    assert_eq!(
        starts(body).unwrap(),
        [
            "a_total{x=\"1\", y=\"2\"} 5 since 1700000000500",
            "a_total{x=\"2\"} 6",
            "h_bucket{le=\"1.0\"} 1 since 12000",
            "h_bucket{le=\"+Inf\"} 2 since 12000",
            "h_count 2 since 12000",
            "h_sum 3 since 12000",
            "s{quantile=\"0.5\"} 1",
            "s_count 1 since 7000",
            "s_sum 1 since 7000",
            "g_created 9",
            "q_total{z=\"1\"} 1 since 3000",
        ]
    );
    let broken = starts("# TYPE a counter\na_total 1\na_created 5\na_total{ 1\n# EOF\n").unwrap_err();
    assert_eq!(
        broken.to_string(),
        entries(b"# TYPE a counter\na_total 1\na_created 5\na_total{ 1\n# EOF\n", Format::OpenMetrics)
            .unwrap_err()
            .to_string()
    );
}
