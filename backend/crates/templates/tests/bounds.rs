//! Whatever a template says, it is read or refused, and it ends.
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use templates::{
    Alert, Limits, Notification, NotificationTemplates, RuleData, RuleTemplate, SampleValue, Status,
};

static DEFAULTS: LazyLock<NotificationTemplates> = LazyLock::new(NotificationTemplates::with_defaults);

fn map(entries: &[(&str, &str)]) -> Arc<BTreeMap<String, String>> {
    Arc::new(entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn notification() -> Arc<Notification> {
    let alert = |status, instance| {
        Arc::new(Alert {
            status,
            labels: map(&[("alertname", "Down"), ("instance", instance)]),
            annotations: map(&[("summary", "a <b> & \"c\"")]),
            starts_at_ms: 1_704_207_845_123,
            ends_at_ms: None,
            generator_url: "http://p/?a=1&b=2".to_owned(),
            fingerprint: "0123456789abcdef".to_owned(),
        })
    };
    let alerts = vec![alert(Status::Firing, "a"), alert(Status::Resolved, "b")];
    Arc::new(Notification::new("team", map(&[("alertname", "Down")]), alerts, "http://watchfire"))
}

fn rendered(text: &str) -> Result<String, String> {
    DEFAULTS.render_text(text, &notification(), 1_704_211_445_123).map_err(|error| error.to_string())
}

fn page(text: &str) -> Result<String, String> {
    DEFAULTS.render_html(text, &notification(), 1_704_211_445_123).map_err(|error| error.to_string())
}

fn expanded(text: &str) -> Result<String, String> {
    let query = |_: &str| Ok(Vec::new());
    let data = RuleData {
        labels: map(&[("job", "node")]),
        external_labels: map(&[]),
        external_url: "http://watchfire.example.com/sub/".into(),
        value: SampleValue::Float(1.5),
        now_ms: 1_704_207_845_500,
        query: &query,
        limits: Limits::default(),
    };
    let template = RuleTemplate::parse("A", text).map_err(|error| error.to_string())?;
    template.expand(&data).map_err(|error| error.to_string())
}

#[test]
fn bombs_are_defused() {
    let doubling = format!(
        "{{{{ define \"a\" }}}}{{{{ $x := \"aaaaaaaa\" }}}}{}{{{{ len $x }}}}{{{{ end }}}}{{{{ template \"a\" }}}}",
        "{{ $x = print $x $x }}".repeat(60)
    );
    let calls: String = (0..80)
        .map(|i| format!("{{{{ define \"t{i}\" }}}}{{{{ template \"t{0}\" }}}}{{{{ template \"t{0}\" }}}}{{{{ end }}}}", i + 1))
        .collect();
    let calls = format!("{calls}{{{{ define \"t80\" }}}}{{{{ end }}}}{{{{ template \"t0\" }}}}");
    let bombs = [
        "{{ range 9223372036854775807 }}{{ end }}",
        "{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}",
        "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}",
        "{{ printf \"%1000000d%1000000d%1000000d\" 1 2 3 }}",
        "{{ $l := list 1 }}{{ range 1000000 }}{{ $l = append $l $l }}{{ end }}",
        "{{ $l := list }}{{ range 1000000 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}",
        "{{ range 1000000 }}{{ match \"(a|b)*c{1,100}\" \"ababab\" }}{{ end }}",
        "{{ $x := printf \"%100000d\" 1 }}{{ reReplaceAll \" \" \"xxxxxxxxxxxxxxxx\" $x }}",
        doubling.as_str(),
        calls.as_str(),
    ];
    let templates = DEFAULTS.clone().limited(Limits { work: 1 << 21, ..Limits::default() });
    for bomb in bombs {
        assert!(templates.render_text(bomb, &notification(), 0).is_err(), "{bomb}");
        assert!(templates.render_html(bomb, &notification(), 0).is_err(), "{bomb}");
    }
    let parens = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(rendered(&parens).unwrap_err().contains("nested deeper"));
    let ifs = format!("{}{}", "{{ if true }}".repeat(5000), "{{ end }}".repeat(5000));
    assert!(rendered(&ifs).unwrap_err().contains("nested deeper"));
    let deep = format!("{}x{}", "{{ if true }}".repeat(90), "{{ end }}".repeat(90));
    assert_eq!(rendered(&deep).as_deref(), Ok("x"));
}

#[test]
fn recursion_within_reason_works() {
    let text = "{{ define \"d\" }}{{ if . }}x{{ template \"d\" (slice . 1) }}{{ end }}{{ end }}{{ template \"d\" \"123456789012345678901234567890\" }}";
    assert_eq!(rendered(text).unwrap().len(), 30);
    assert_eq!(page(text).unwrap().len(), 30);
}

#[test]
fn output_is_bounded() {
    let templates = NotificationTemplates::empty().limited(Limits { output: 100, ..Limits::default() });
    let text = "{{ range 60 }}xx{{ end }}";
    let data = notification();
    assert!(templates.render_text(text, &data, 0).unwrap_err().to_string().contains("longer than 100 bytes"));
    assert!(templates.render_html(text, &data, 0).unwrap_err().to_string().contains("longer than 100 bytes"));
}

#[test]
fn now_is_what_the_caller_says() {
    let text = "{{ now }} {{ since (index .Alerts 0).StartsAt }} {{ since (index .Alerts 0).StartsAt | humanizeDuration }}";
    assert_eq!(rendered(text).unwrap(), "2024-01-02 16:04:05.123 +0000 UTC 1h0m0s 1h 0m 0s");
    assert_eq!(
        expanded("{{ now }} {{ now | toTime }} {{ toDuration 90 }} {{ (toDuration \"1.5\").Milliseconds }}")
            .unwrap(),
        "1.7042078455e+09 2024-01-02 15:04:05.5 +0000 UTC 1m30s 1500"
    );
    assert_eq!(
        expanded("{{ externalURL }} {{ pathPrefix }} {{ urlQueryEscape \"a b&\" }} {{ parseDurationTime \"1h30m\" }}").unwrap(),
        "http://watchfire.example.com/sub/ /sub/ a+b%26 1h30m0s"
    );
}

#[test]
fn files_define_and_replace() {
    let mut templates = NotificationTemplates::with_defaults();
    templates
        .add("a.tmpl", "{{ define \"slack.default.text\" }}mine: {{ .Status }}{{ end }}outside")
        .unwrap();
    templates.add("b.tmpl", "{{ define \"slack.default.text\" }}  {{ end }}").unwrap();
    let data = notification();
    let text = |text: &str| templates.render_text(text, &data, 0).unwrap();
    assert_eq!(
        text("{{ template \"slack.default.text\" . }} {{ template \"a.tmpl\" }}"),
        "mine: firing outside"
    );
    assert!(templates.names().any(|name| name == "email.default.html"));
    let error = templates.add("c.tmpl", "line\n{{ nope }}").unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.line()),
        ("template: c.tmpl:2: function \"nope\" not defined", Some(2))
    );
    let error = templates.render_text("a\n{{ .Nope }}", &data, 0).unwrap_err();
    assert_eq!(error.line(), Some(2));
}

#[test]
fn mail_is_escaped_and_whole() {
    let mail = page("{{ template \"email.default.html\" . }}").unwrap();
    assert!(mail.contains("summary = a &lt;b&gt; &amp; &#34;c&#34;<br>"), "{mail}");
    assert!(mail.contains("<a href=\"http://p/?a=1&amp;b=2\">Source</a>"), "{mail}");
    assert!(mail.contains("2 alerts for alertname=Down"), "{mail}");
    assert!(mail.contains("<a href=\"http://watchfire/#/alerts?receiver=team\">"), "{mail}");
    assert!(mail.contains("Firing: 1") && mail.contains("Resolved: 1"), "{mail}");
    assert_eq!(mail.matches("<div").count(), mail.matches("</div>").count());
}

#[test]
fn constant_texts_cost_nothing() {
    let template = RuleTemplate::parse("A", "just }} text").unwrap();
    assert!(template.is_constant());
    assert_eq!(expanded("just }} text").unwrap(), "just }} text");
    assert!(RuleTemplate::parse("A", &"{{ 1 }}".repeat(1 << 20)).is_err());
}

/// Pieces that templates are made of.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    " ",
    "-",
    "(",
    ")",
    "|",
    ".",
    "$",
    "$x",
    ":=",
    "=",
    ",",
    "\"",
    "`",
    "'a'",
    "\\",
    "/*",
    "*/",
    "if ",
    "else ",
    "end",
    "range ",
    "with ",
    "define \"x\"",
    "template \"x\" ",
    "block \"y\" ",
    "break",
    "continue",
    "nil",
    "true",
    "1",
    "-2.5",
    "0x",
    "1e9",
    ".Alerts",
    ".Firing",
    ".Labels",
    ".StartsAt",
    ".Format",
    ".Sub ",
    ".SortedPairs",
    ".Remove ",
    ".CommonLabels",
    ".x",
    "printf ",
    "\"%5.2f %v %[1]d %*d %q\" ",
    "index ",
    "slice ",
    "len ",
    "eq ",
    "lt ",
    "and ",
    "join ",
    "dict ",
    "list ",
    "toJson ",
    "reReplaceAll ",
    "match ",
    "humanizeDuration ",
    "date ",
    "tz ",
    "title ",
    "html ",
    "urlquery ",
    "<a href=\"",
    "<script>",
    "</script>",
    "é",
    "\n",
    "\"a\" ",
    "\"(\" ",
];

fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = rendered(&text);
        let _ = expanded(&text);
    }

    #[test]
    fn any_soup_is_read_or_refused(text in soup()) {
        let _ = rendered(&text);
        let _ = page(&text);
        let _ = expanded(&text);
    }

    #[test]
    fn any_action_is_read_or_refused(inner in soup()) {
        let text = format!("{{{{ {} }}}}", inner.replace("{{", "").replace("}}", ""));
        let _ = rendered(&text);
        let _ = page(&text);
    }
}
