//! Which way alerts take, and what their groups are called.

use std::fmt::Write as _;
use std::path::Path;

use config::Document;
use proptest::prelude::*;

use super::*;

fn tree(routes: &str) -> RouteTree {
    let text = format!(
        "route:\n  receiver: root\n  group_by: [alertname]\n  routes:\n{routes}\nreceivers: [{{name: root}}, {{name: a}}, {{name: b}}, {{name: c}}]\n"
    );
    let document = Document::parse(Path::new("t.yml"), &text).unwrap();
    RouteTree::new(&AlertingConfig::load(&document).unwrap())
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs(text.split_whitespace().filter_map(|pair| pair.split_once('=')))
}

fn receivers(tree: &RouteTree, text: &str) -> Vec<String> {
    tree.matches(&labels(text)).iter().map(|id| tree.route(*id).options.receiver.to_string()).collect()
}

const ROUTES: &str = "
  - matchers: [severity=page]
    receiver: a
    continue: true
    group_wait: 1s
    routes:
    - {matchers: [team=x], group_by: ['...'], mute_time_intervals: []}
    - {matchers: [team=y], receiver: b, repeat_interval: 1h}
  - {matchers: ['severity=~page|ticket'], receiver: c}
  - {matchers: [severity=ticket], receiver: b}
";

#[test]
fn the_first_that_matches_unless_it_says_continue() {
    let tree = tree(ROUTES);
    assert_eq!(receivers(&tree, "severity=page"), ["a", "c"]);
    assert_eq!(receivers(&tree, "severity=page team=x"), ["a", "c"]);
    assert_eq!(receivers(&tree, "severity=page team=y"), ["b", "c"]);
    assert_eq!(receivers(&tree, "severity=ticket"), ["c"]);
    assert_eq!(receivers(&tree, "severity=info"), ["root"]);
    assert_eq!(receivers(&tree, ""), ["root"]);
}

#[test]
fn options_are_inherited() {
    let tree = tree(ROUTES);
    let ids = tree.matches(&labels("severity=page team=x"));
    let options = &tree.route(ids[0]).options;
    assert_eq!((options.group_wait_ms, options.group_interval_ms), (1000, 300_000));
    assert_eq!(options.group_by, GroupBy::All);
    let other = &tree.route(tree.matches(&labels("severity=page team=y"))[0]).options;
    assert_eq!(other.repeat_interval_ms, 3_600_000);
    assert_eq!(other.group_by, GroupBy::Labels(vec!["alertname".to_owned()]));
    assert_eq!(tree.route(RouteId(0)).options.group_wait_ms, 30_000);
}

/// As Alertmanager 0.33 names them.
#[test]
fn keys_with_unusual_characters() {
    let tree = tree(
        r#"
  - matchers: ['x=~"a|b\\n"', '"a b"!="q\"x"']
    routes: [{matchers: ['y!=1', 'y=~".*"', 'y=2', 'b!~ü', 'a=~b.c']}]
  - match_re: {z: '[a-z]+|"'}
"#,
    );
    for (pairs, key) in [
        (&[("größe", "1")][..], r#"{}:{größe="1"}"#),
        (&[("a", "b\"c"), ("d", "e\\f")], r#"{}:{a="b\"c", d="e\\f"}"#),
        (&[("n", "l1\nl2\tx\r\u{7}")], r#"{}:{n="l1\nl2\tx\r\a"}"#),
        (&[("c", "\u{1}\u{7f}\u{80}")], r#"{}:{c="\x01\x7f\u0080"}"#),
        (&[("w", "\u{a0}\u{200b}\u{feff}\u{ad}")], r#"{}:{w="\u00a0\u200b\ufeff\u00ad"}"#),
        (&[("e", "\u{1f600}\u{e0001}\u{e000}")], "{}:{e=\"\u{1f600}\\U000e0001\\ue000\"}"),
        (&[("a b", "c"), ("x", "a")], r#"{}/{"a b"!="q\"x",x=~"a|b\\n"}:{a b="c", x="a"}"#),
        (
            &[("x", "a"), ("y", "2"), ("a", "b.c")],
            r#"{}/{"a b"!="q\"x",x=~"a|b\\n"}/{a=~"b.c",b!~"ü",y=~".*",y!="1",y="2"}:{a="b.c", x="a", y="2"}"#,
        ),
        (&[("z", "abc")], r#"{}/{z=~"^(?:[a-z]+|\")$"}:{z="abc"}"#),
    ] {
        let labels = Labels::from_pairs(pairs.iter().copied());
        let route = tree.route(tree.matches(&labels)[0]);
        assert_eq!(group_key(&route.key, &labels), key);
    }
}

#[test]
fn keys_of_routes_and_groups() {
    let tree = tree(ROUTES);
    let alert = labels("severity=page team=y alertname=X");
    let route = tree.route(tree.matches(&alert)[0]);
    assert_eq!(&*route.key, r#"{}/{severity="page"}/{team="y"}"#);
    assert_eq!(&*route.id, r#"{}/{severity="page"}/0/{team="y"}/1"#);
    let group = route.options.group_labels(&alert);
    assert_eq!(group_key(&route.key, &group), r#"{}/{severity="page"}/{team="y"}:{alertname="X"}"#);
    assert_eq!(group_key("{}", &labels("b=2 a=1")), r#"{}:{a="1", b="2"}"#);
    assert_eq!(group_key("{}", &Labels::empty()), "{}:{}");
    assert_eq!(route.options.group_labels(&labels("severity=page")), Labels::empty());
}

proptest! {
    /// The index of a wide node finds what asking every child finds.
    #[test]
    fn a_wide_tree_routes_as_asked_one_by_one(
        children in proptest::collection::vec((0..5_usize, 0..4_u32, any::<bool>()), 1..30),
        team in 0..5_u32,
    ) {
        let mut text = String::new();
        for (kind, value, goes_on) in &children {
            let matcher = match kind {
                0 => format!("team={value}"),
                1 => format!("team=~\"{value}|4\""),
                2 => format!("team!={value}"),
                3 => "team=\"\"".to_owned(),
                _ => "team=~\".*\"".to_owned(),
            };
            writeln!(text, "  - {{matchers: ['{matcher}'], continue: {goes_on}}}").unwrap();
        }
        let tree = tree(&text);
        let alert = if team == 0 { Labels::empty() } else { labels(&format!("team={team}")) };
        let mut expected = Vec::new();
        for id in &tree.route(RouteId(0)).children {
            let route = tree.route(*id);
            if route.matchers.matches(&alert) {
                expected.push(*id);
                if !route.r#continue {
                    break;
                }
            }
        }
        if expected.is_empty() {
            expected.push(RouteId(0));
        }
        prop_assert_eq!(tree.matches(&alert), expected);
    }
}
