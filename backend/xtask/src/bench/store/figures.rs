//! What is measured, and the table and the file in which it ends.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A figure of the comparison. All but the rate are better when they are smaller.
pub(super) struct Figure {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
}

const fn figure(key: &'static str, label: &'static str) -> Figure {
    Figure { key, label }
}

/// All of them, in the order of the table.
pub(super) const FIGURES: [Figure; 31] = [
    figure("write_first_cpu", "remote write, first step (new series): CPU-s per million samples"),
    figure("write_steady_cpu", "remote write, known series: CPU-s per million samples"),
    figure("write_rate", "remote write, known series: samples per second"),
    figure("write_p50_ms", "request of 5,000 samples, p50, ms"),
    figure("write_p99_ms", "request of 5,000 samples, p99, ms"),
    figure("empty_rss_mib", "resident when empty, MiB"),
    figure("peak_rss_mib", "most resident during ingest, MiB"),
    figure("rest_rss", "resident at rest over empty, bytes per series"),
    figure("rest_anon", "… without mapped files, bytes per series"),
    figure("written_disk", "sent to the disk during ingest, bytes per sample"),
    figure("written_calls", "given to `write` during ingest, bytes per sample"),
    figure("disk_rest", "on disk at rest, bytes per sample"),
    figure("block_total", "on disk when compacted, bytes per sample"),
    figure("block_values", "… of it values and times, bytes per sample"),
    figure("block_index", "… of it index, bytes per series"),
    figure("block_cpu", "CPU-s to compact, per million samples"),
    figure("select_series", "select by three matchers: series found"),
    figure("select_cpu_ms", "select by three matchers: server CPU, ms"),
    figure("select_wall_ms", "select by three matchers: wall clock, ms"),
    figure("count_cpu_ms", "count of these series: server CPU, ms"),
    figure("count_wall_ms", "count of these series: wall clock, ms"),
    figure("recover_s", "kill -9, restart: first right answer, s"),
    figure("recover_cpu", "kill -9, restart: CPU-s until then"),
    figure("lost", "kill -9: acknowledged samples lost"),
    figure("churn_cpu_us", "churn: server CPU per new series with its 5 samples, µs"),
    figure("churn_late_s", "churn: seconds behind schedule at the worst"),
    figure("churn_base_mib", "churn: resident before, MiB"),
    figure("churn_peak_mib", "churn: most resident meanwhile, over before, MiB"),
    figure("churn_after_mib", "churn: resident afterwards, over before, MiB"),
    figure("churn_return_s", "churn: seconds until nine tenths of that are returned"),
    figure("churn_after_cpu", "churn: CPU-s spent in the time afterwards"),
];

/// What a server showed in one turn. A figure that is not there was not measured; one that is infinite did
/// not happen in the time it was given.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured(BTreeMap<&'static str, f64>);

impl Measured {
    /// Notes a figure.
    pub(super) fn set(&mut self, key: &'static str, value: f64) {
        debug_assert!(FIGURES.iter().any(|figure| figure.key == key), "{key} is not in the table");
        self.0.insert(key, value);
    }

    fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied()
    }

    fn json(&self) -> Value {
        // JSON knows no infinity: such a figure is null.
        Value::Object(
            self.0.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<Map<_, _>>(),
        )
    }
}

/// The turns of a server.
pub(super) struct Turns {
    pub(super) name: &'static str,
    pub(super) turns: Vec<Measured>,
}

impl Turns {
    /// The least, the middle and the most of a figure.
    fn spread(&self, key: &str) -> Option<[f64; 3]> {
        let mut values: Vec<f64> = self.turns.iter().filter_map(|turn| turn.get(key)).collect();
        values.sort_by(f64::total_cmp);
        Some([*values.first()?, values[values.len() / 2], *values.last()?])
    }
}

/// The table in Markdown: medians, the spread of more than one turn, and the ratio of the first server to
/// each other one.
pub(super) fn table(all: &[Turns]) -> String {
    let Some((ours, peers)) = all.split_first() else { return String::new() };
    let mut head = vec!["figure".to_owned()];
    head.extend(all.iter().map(|one| one.name.to_owned()));
    head.extend(peers.iter().map(|peer| format!("ratio to {}", peer.name)));
    let mut out = format!("| {} |\n|---|{}\n", head.join(" | "), "---:|".repeat(head.len() - 1));
    for Figure { key, label } in FIGURES {
        if all.iter().all(|one| one.spread(key).is_none()) {
            continue;
        }
        let mut cells = vec![label.to_owned()];
        cells.extend(all.iter().map(|one| one.spread(key).map_or_else(|| "–".to_owned(), cell)));
        cells.extend(peers.iter().map(|peer| match (ours.spread(key), peer.spread(key)) {
            (Some([_, ours, _]), Some([_, theirs, _])) if theirs != 0.0 && (ours / theirs).is_finite() => {
                format!("**{:.2}**", ours / theirs)
            }
            _ => "–".to_owned(),
        }));
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

/// A median, with the least and the most where they differ from it.
fn cell([least, middle, most]: [f64; 3]) -> String {
    if least == most {
        short(middle)
    } else {
        format!("{} ({} – {})", short(middle), short(least), short(most))
    }
}

/// Three significant digits, or all digits of a whole number.
fn short(value: f64) -> String {
    if !value.is_finite() {
        return "not in the time".to_owned();
    }
    let digits = match value.abs() {
        0.0 => 0,
        v if v < 0.1 => 4,
        v if v < 1.0 => 3,
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    if digits > 0 || value.abs() < 10_000.0 {
        return text;
    }
    // Groups of three, from the end.
    let mut grouped = String::new();
    for (at, digit) in text.char_indices() {
        if at > 0 && digit.is_ascii_digit() && (text.len() - at) % 3 == 0 && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Everything that was measured, turn by turn.
pub(super) fn document(all: &[Turns], run: &Value) -> Value {
    let turns: Map<String, Value> =
        all.iter().map(|one| (one.name.to_owned(), one.turns.iter().map(Measured::json).collect())).collect();
    let labels: Map<String, Value> =
        FIGURES.iter().map(|figure| (figure.key.to_owned(), json!(figure.label))).collect();
    json!({ "run": run, "figures": labels, "turns": turns })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(name: &'static str, figures: &[&[(&'static str, f64)]]) -> Turns {
        let turns = figures
            .iter()
            .map(|turn| {
                let mut measured = Measured::default();
                turn.iter().for_each(|(key, value)| measured.set(key, *value));
                measured
            })
            .collect();
        Turns { name, turns }
    }

    #[test]
    fn medians_spread_and_ratios() {
        let ours = turns(
            "ours",
            &[&[("write_rate", 2e6), ("lost", 0.0)], &[("write_rate", 1e6)], &[("write_rate", 3e6)]],
        );
        let peer =
            turns("peer", &[&[("write_rate", 500_000.0), ("lost", 0.0), ("churn_return_s", f64::INFINITY)]]);
        let text = table(&[ours, peer]);
        assert_eq!(
            text,
            "| figure | ours | peer | ratio to peer |\n|---|---:|---:|---:|\n\
             | remote write, known series: samples per second | 2,000,000 (1,000,000 – 3,000,000) | 500,000 | **4.00** |\n\
             | kill -9: acknowledged samples lost | 0 | 0 | – |\n\
             | churn: seconds until nine tenths of that are returned | – | not in the time | – |\n"
        );
    }

    #[test]
    fn numbers_are_short() {
        for (value, want) in [
            (0.0, "0"),
            (0.0412, "0.0412"),
            (0.417, "0.417"),
            (4.812, "4.81"),
            (48.12, "48.1"),
            (2_882.4, "2882"),
            (1_077_000.0, "1,077,000"),
            (-120_000.0, "-120,000"),
        ] {
            assert_eq!(short(value), want);
        }
    }

    #[test]
    fn every_turn_is_in_the_file() {
        let one = turns("ours", &[&[("lost", 1.0)], &[("churn_return_s", f64::INFINITY)]]);
        let document = document(&[one], &json!({"series": 5}));
        assert_eq!(document["turns"]["ours"][0]["lost"], 1.0);
        assert_eq!(document["turns"]["ours"][1]["churn_return_s"], Value::Null);
        assert_eq!(document["run"]["series"], 5);
    }

    #[test]
    fn keys_are_unique() {
        let mut keys: Vec<_> = FIGURES.iter().map(|figure| figure.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), FIGURES.len());
    }
}
