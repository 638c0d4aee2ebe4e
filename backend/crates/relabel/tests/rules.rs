//! Rules as a configuration file has them, run over labels.

use model::{Labels, LabelsBuilder};
use proptest::prelude::*;
use relabel::{Change, Rule, RuleConfig, Step, explain, process};

fn rules(yaml: &str) -> Vec<Rule> {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

fn run(yaml: &str, labels: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
    let mut builder = LabelsBuilder::new(&Labels::from_pairs(labels.iter().copied()));
    let owned = |(n, v): (&str, &str)| (n.to_owned(), v.to_owned());
    process(&rules(yaml), &mut builder).then(|| builder.iter().map(owned).collect())
}

fn is(result: Option<Vec<(String, String)>>, want: &[(&str, &str)]) {
    let want: Vec<(String, String)> = want.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    assert_eq!(result.expect("the labels are kept"), want);
}

#[test]
fn replace() {
    let labels = [("a", "foo"), ("b", "bar"), ("c", "baz")];
    is(
        run("[{source_labels: [a], regex: 'f(.*)', target_label: d, replacement: 'ch${1}-ch${1}'}]", &labels),
        &[("a", "foo"), ("b", "bar"), ("c", "baz"), ("d", "choo-choo")],
    );
    is(
        run(
            "[{source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: a, replacement: 'b${1}${2}m'}]",
            &labels,
        ),
        &[("a", "boobam"), ("b", "bar"), ("c", "baz")],
    );
    is(
        run("[{source_labels: [a], target_label: z, separator: ''}]", &[("a", "x")]),
        &[("a", "x"), ("z", "x")],
    );
    is(run("[{target_label: env, replacement: prod}]", &[]), &[("env", "prod")]);
    is(run("[{target_label: shard, replacement: 1, regex: }]", &[]), &[("shard", "1")]);
    is(
        run("[{source_labels: [a], target_label: a, regex: 5, replacement: true}]", &[("a", "5")]),
        &[("a", "true")],
    );
    is(run("[{source_labels: [a], regex: nothing, target_label: b}]", &[("a", "x")]), &[("a", "x")]);
    is(
        run(
            "[{source_labels: [a], regex: 'x', target_label: b, replacement: ''}]",
            &[("a", "x"), ("b", "y")],
        ),
        &[("a", "x")],
    );
    is(run("[{source_labels: [none], target_label: b}]", &[("b", "y")]), &[]);
    is(
        run(
            "[{source_labels: [a], regex: '(.*)-(.*)', target_label: '${1}', replacement: '$2'}]",
            &[("a", "x.y-é")],
        ),
        &[("a", "x.y-é"), ("x.y", "é")],
    );
    is(
        run("[{source_labels: [a], regex: '(x)?.*', target_label: 'n$1', replacement: v}]", &[("a", "b")]),
        &[("a", "b"), ("n", "v")],
    );
    is(
        run("[{source_labels: [a], regex: '(x)?.*', target_label: '$1', replacement: v}]", &[("a", "b")]),
        &[("a", "b")],
    );
}

#[test]
fn keep_and_drop() {
    let labels = [("job", "node"), ("other", "node")];
    assert!(run("[{source_labels: [job], regex: node, action: keep}]", &labels).is_some());
    assert!(run("[{source_labels: [job], regex: nod, action: keep}]", &labels).is_none());
    assert!(run("[{source_labels: [job], regex: 'no.*', action: drop}]", &labels).is_none());
    assert!(run("[{source_labels: [job], regex: ode, action: Drop}]", &labels).is_some());
    assert!(run("[{source_labels: [job], target_label: other, action: keepequal}]", &labels).is_some());
    assert!(run("[{source_labels: [job], target_label: other, action: dropequal}]", &labels).is_none());
    assert!(run("[{source_labels: [job], target_label: none, action: keepequal}]", &labels).is_none());
}

#[test]
fn hashmod_gives_the_shards_of_prometheus() {
    // The sums of Prometheus' own documentation example and test suite.
    is(
        run("[{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}]", &[("c", "baz")]),
        &[("c", "baz"), ("d", "976")],
    );
    is(
        run("[{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}]", &[("c", "foo\nbar")]),
        &[("c", "foo\nbar"), ("d", "734")],
    );
}

#[test]
fn names() {
    let labels = [("__meta_a", "1"), ("__meta_b", "2"), ("c", "3")];
    is(
        run("[{action: labelmap, regex: '__meta_(.+)'}]", &labels),
        &[("__meta_a", "1"), ("__meta_b", "2"), ("a", "1"), ("b", "2"), ("c", "3")],
    );
    is(
        run("[{action: labelmap, regex: '__meta_(.+)', replacement: 'x.$1'}]", &labels),
        &[("__meta_a", "1"), ("__meta_b", "2"), ("c", "3"), ("x.a", "1"), ("x.b", "2")],
    );
    is(run("[{action: labeldrop, regex: '__meta_.*'}]", &labels), &[("c", "3")]);
    is(run("[{action: labelkeep, regex: '__meta_.*'}]", &labels), &[("__meta_a", "1"), ("__meta_b", "2")]);
}

#[test]
fn letter_case() {
    let labels = [("a", "Fooß Σ"), ("b", "İ")];
    is(
        run("[{action: lowercase, source_labels: [a, b], separator: '', target_label: c}]", &labels),
        &[("a", "Fooß Σ"), ("b", "İ"), ("c", "fooß σi")],
    );
    is(
        run("[{action: uppercase, source_labels: [a], target_label: a}]", &labels),
        &[("a", "FOOß Σ"), ("b", "İ")],
    );
}

#[test]
fn what_prometheus_refuses() {
    for (yaml, want) in [
        ("{action: hashmod, target_label: a}", "relabel configuration for hashmod requires non-zero modulus"),
        ("{}", "relabel configuration for replace action requires 'target_label' value"),
        ("{action: lowercase}", "relabel configuration for lowercase action requires 'target_label' value"),
        ("{target_label: '${3'}", "\"${3\" is invalid 'target_label' for replace action"),
        ("{action: labelmap, replacement: ''}", "\"\" is invalid 'replacement' for labelmap action"),
        (
            "{action: uppercase, target_label: a, replacement: x}",
            "'replacement' can not be set for uppercase action",
        ),
        (
            "{action: keepequal, target_label: a, regex: x}",
            "keepequal action requires only 'source_labels' and 'target_label', and no other fields",
        ),
        (
            "{action: labeldrop, source_labels: [a]}",
            "labeldrop action requires only 'regex', and no other fields",
        ),
        ("{action: labelkeep, modulus: 2}", "labelkeep action requires only 'regex', and no other fields"),
        ("{action: nonsense}", "unknown relabel action \"nonsense\""),
        ("{target_label: a, regex: '('}", "invalid regular expression \"(\""),
        ("{target_label: a, source_labels: ['']}", "\"\" is not a valid label name"),
        ("{target_lable: a}", "unknown field `target_lable`"),
        ("{target_label: a, modulus: -1}", "modulus"),
    ] {
        let error = serde_saphyr::from_str::<Rule>(yaml).unwrap_err().to_string();
        assert!(error.contains(want), "{yaml}: {error}");
    }
}

#[test]
fn explained() {
    let rules = rules(
        "
        - {source_labels: [job], target_label: job, regex: 'n(.*)', replacement: 'm$1'}
        - {source_labels: [absent], target_label: x, regex: y}
        - {action: labeldrop, regex: tmp}
        - {action: drop, source_labels: [env], regex: 'dev|test'}
        ",
    );
    let before = Labels::from_pairs([("env", "dev"), ("job", "node"), ("tmp", "1")]);
    let told = explain(&rules, &before);
    assert_eq!(told.dropped_by, Some(3));
    assert_eq!(told.labels, Labels::from_pairs([("env", "dev"), ("job", "mode")]));
    let change = |label: &str, before: &str, after: &str| Change {
        label: label.into(),
        before: before.into(),
        after: after.into(),
    };
    assert_eq!(
        told.steps,
        [
            Step { rule: 0, changes: vec![change("job", "node", "mode")] },
            Step { rule: 2, changes: vec![change("tmp", "1", "")] },
        ]
    );
    let kept = explain(&rules, &Labels::from_pairs([("env", "prod")]));
    assert_eq!((kept.dropped_by, kept.steps.len()), (None, 0));
}

#[test]
fn a_rule_keeps_what_was_written() {
    let yaml = "{source_labels: [a], regex: 'x|y', action: keep}";
    let rule: Rule = serde_saphyr::from_str(yaml).unwrap();
    assert_eq!(rule.config(), &serde_saphyr::from_str::<RuleConfig>(yaml).unwrap());
    assert_eq!(serde_saphyr::from_str::<Rule>(&serde_saphyr::to_string(&rule).unwrap()).unwrap(), rule);
}

proptest! {
    #[test]
    fn explaining_changes_nothing(
        labels in proptest::collection::btree_map("[a-d]", "[x-z]{1,2}", 0..4),
        actions in proptest::collection::vec(0..6_usize, 0..6),
    ) {
        let menu = [
            "{source_labels: [a], regex: 'x+', action: drop}",
            "{source_labels: [a, b], target_label: c}",
            "{action: labelmap, regex: '([a-b])', replacement: '${1}2'}",
            "{action: labelkeep, regex: '[a-c].*'}",
            "{action: hashmod, source_labels: [d], target_label: h, modulus: 3}",
            "{action: uppercase, source_labels: [b], target_label: b}",
        ];
        let rules: Vec<Rule> = actions.iter().map(|at| serde_saphyr::from_str(menu[*at]).unwrap()).collect();
        let labels = Labels::from_pairs(&labels);
        let mut builder = LabelsBuilder::new(&labels);
        let kept = process(&rules, &mut builder);
        let told = explain(&rules, &labels);
        prop_assert_eq!(told.dropped_by.is_none(), kept);
        prop_assert_eq!(told.labels, builder.build());
    }
}
