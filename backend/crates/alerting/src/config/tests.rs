//! Whole files: what is taken with which defaults, and what is refused where.

use std::path::Path;

use platform::http_client::TextSource;

use super::receivers::Settings;
use super::*;

fn load(text: &str) -> Result<AlertingConfig, String> {
    let document = Document::parse(Path::new("/etc/am/alertmanager.yml"), text).unwrap();
    AlertingConfig::load(&document).map_err(|error| error.to_string())
}

const SMALL: &str = "route: {receiver: a}\nreceivers: [{name: a}]\n";

/// The first integration of a receiver that is written as `kind_configs: [{…}]`.
fn integration(global: &str, kinds: &str) -> Result<Integration, String> {
    let text = format!("global: {global}\nroute: {{receiver: a}}\nreceivers:\n- name: a\n  {kinds}\n");
    load(&text).map(|config| config.receivers[0].integrations[0].clone())
}

#[test]
fn a_small_file_has_all_defaults() {
    let config = load(SMALL).unwrap();
    assert_eq!(config.global.resolve_timeout.as_ms(), 300_000);
    assert_eq!(config.global.smtp.hello, "localhost");
    assert!(config.global.smtp.require_tls);
    assert_eq!(config.global.pagerduty_url.as_str(), "https://events.pagerduty.com/v2/enqueue");
    assert_eq!(config.route.receiver.as_deref(), Some("a"));
    assert!(config.route.group_by.is_none() && config.warnings.is_empty());
    assert!(config.receivers[0].integrations.is_empty());
}

#[test]
fn routes_intervals_and_inhibition() {
    let config = load(
        "
route:
  receiver: a
  group_by: [alertname, cluster]
  routes:
  - matchers: ['severity=~warning|critical', 'team = db']
    match: {zone: eu}
    match_re: {zone: e.*}
    group_by: ['...']
    group_wait: 0s
    repeat_interval: 1d
    continue: true
    mute_time_intervals: [nights]
    active_time_intervals: [office]
    routes: [{receiver: b}]
receivers: [{name: a}, {name: b}]
templates: ['*.tmpl', /abs/x.tmpl]
mute_time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]
time_intervals: [{name: office, time_intervals: [{weekdays: ['monday:friday'], location: Europe/Berlin}]}]
inhibit_rules:
- name: down
  source_match: {alertname: Down}
  target_matchers: ['alertname!=Down']
  equal: [instance, cluster, instance]
",
    )
    .unwrap();
    let child = &config.route.routes[0];
    let expected = r#"{severity=~"warning|critical",team="db",zone=~"^(?:e.*)$",zone="eu"}"#;
    assert_eq!(child.matchers.to_string(), expected);
    assert_eq!(child.group_by, Some(GroupBy::All));
    assert_eq!(child.group_wait.map(::config::Duration::as_ms), Some(0));
    assert_eq!(child.repeat_interval.map(::config::Duration::as_ms), Some(86_400_000));
    assert!(child.r#continue && child.receiver.is_none());
    assert_eq!(config.time_intervals.len(), 2);
    assert_eq!(config.inhibit_rules[0].equal, ["cluster", "instance"]);
    assert_eq!(config.inhibit_rules[0].source.to_string(), r#"{alertname="Down"}"#);
    assert_eq!(config.templates, [Path::new("/etc/am/*.tmpl"), Path::new("/abs/x.tmpl")]);
}

#[test]
fn matchers_that_should_be_written_otherwise_are_told() {
    let text = "route: {receiver: a, routes: [{matchers: ['a=~[a-z]{2}x']}]}\nreceivers: [{name: a}]\n";
    let config = load(text).unwrap();
    assert_eq!(config.warnings.len(), 1);
    assert!(config.warnings[0].ends_with(r#"write a=~"[a-z]{2}x""#), "{}", config.warnings[0]);
}

#[test]
fn sections_without_effect_are_told() {
    let config = load(&format!("{SMALL}event_recorder: {{file_outputs: []}}\n")).unwrap();
    assert_eq!(config.warnings, ["3:17: event_recorder has no effect yet"]);
    assert!(config.event_recorder.is_some() && config.tracing.is_none());
}

#[test]
fn whole_files_that_are_refused() {
    for (text, why) in [
        ("", "route is missing"),
        ("receivers: [{name: a}]", "route is missing"),
        ("route: {}\nreceivers: [{name: a}]", "the root route needs a receiver"),
        ("route: {receiver: b}\nreceivers: [{name: a}]", "no receiver named \"b\""),
        ("route: {receiver: a, match: {b: c}}\nreceivers: [{name: a}]", "not for the root route"),
        ("route: {receiver: a, continue: true}\nreceivers: [{name: a}]", "not for the root route"),
        ("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]", "already a receiver named"),
        ("route: {receiver: a}\nreceivers: [{}]", "name is missing"),
        ("route: {receiver: a, group_by: [x, x]}\nreceivers: [{name: a}]", "is there twice"),
        ("route: {receiver: a, group_by: ['...', x]}\nreceivers: [{name: a}]", "goes with no other"),
        ("route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]", "greater than 0"),
        ("route: {receiver: a, repeat_interval: 0s}\nreceivers: [{name: a}]", "greater than 0"),
        ("route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]", "named \"x\""),
        ("route: {receiver: a, routes: [{matchers: ['a=~(']}]}\nreceivers: [{name: a}]", "matchers: "),
        ("route: {receiver: a, routes: [{match_re: {a: }}]}\nreceivers: [{name: a}]", "found nothing"),
        ("route: {receiver: a, recevier: b}\nreceivers: [{name: a}]", "did you mean \"receiver\""),
        ("route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals: [{name: ''}]", "must not be empty"),
        (
            "route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals: [{name: b}, {name: b}]",
            "already one",
        ),
        ("route: {receiver: a}\nreceivers: [{name: a}]\nglobal: {slack_api_url: 'x'}", "not a URL"),
        ("route: {receiver: a}\nreceivers: [{name: a}]\nglobal: {pagerduty_url: 'ftp://x'}", "http or https"),
        (
            "route: {receiver: a}\nreceivers: [{name: a}]\nglobal: {opsgenie_api_key: k, opsgenie_api_key_file: f}",
            "cannot be used together with opsgenie_api_key",
        ),
        (
            "route: {receiver: a}\nreceivers: [{name: a}]\nglobal: {slack_api_url: 'http://x', slack_app_token: t}",
            "cannot be used together with slack_api_url",
        ),
    ] {
        let error = load(text).unwrap_err();
        assert!(error.contains(why), "{text}\n{error}");
        assert!(error.starts_with("/etc/am/alertmanager.yml:"), "{error}");
    }
}

#[test]
fn every_kind_with_as_little_as_it_needs() {
    let auth = "http_config: {authorization: {credentials: t}}";
    let kinds = [
        ("{}", "webhook", "webhook_configs: [{url: 'http://x/'}]", true),
        ("{smtp_smarthost: 'h:25', smtp_from: f}", "email", "email_configs: [{to: t}]", false),
        ("{}", "pagerduty", "pagerduty_configs: [{routing_key: k}]", true),
        ("{opsgenie_api_key: k}", "opsgenie", "opsgenie_configs: [{}]", true),
        ("{wechat_api_secret: s, wechat_api_corp_id: c}", "wechat", "wechat_configs: [{}]", false),
        ("{slack_api_url: 'http://x/'}", "slack", "slack_configs: [{}]", false),
        ("{victorops_api_key: k}", "victorops", "victorops_configs: [{routing_key: r}]", true),
        ("{}", "pushover", "pushover_configs: [{user_key: u, token: t}]", true),
        ("{}", "sns", "sns_configs: [{topic_arn: t}]", true),
        ("{telegram_bot_token: t}", "telegram", "telegram_configs: [{chat_id: -5}]", true),
        ("{}", "discord", "discord_configs: [{webhook_url: 'http://x/'}]", true),
        ("{}", "webex", &format!("webex_configs: [{{room_id: r, {auth}}}]"), true),
        ("{}", "msteams", "msteams_configs: [{webhook_url_file: /f}]", true),
        ("{}", "msteamsv2", "msteamsv2_configs: [{webhook_url: 'http://x/'}]", true),
        ("{jira_api_url: 'http://x/'}", "jira", "jira_configs: [{project: p, issue_type: t}]", true),
        (
            "{rocketchat_token: t, rocketchat_token_id_file: /f}",
            "rocketchat",
            "rocketchat_configs: [{}]",
            false,
        ),
        ("{mattermost_webhook_url: 'http://x/'}", "mattermost", "mattermost_configs: [{}]", true),
        ("{}", "incidentio", "incidentio_configs: [{url: 'http://x/', alert_source_token: t}]", true),
    ];
    for (global, kind, text, resolved) in kinds {
        let found = integration(global, text).unwrap();
        assert_eq!(found.settings.kind(), kind);
        assert_eq!(found.send_resolved, resolved, "{kind}");
        assert!(!format!("{found:?}").contains("Inline"), "{kind} shows a secret");
        // A list element without anything, and an unknown key, are refused.
        assert!(integration(global, &format!("{kind}_configs: [null]")).is_err(), "{kind}");
        let unknown = text.replacen("[{", "[{colour: x, ", 1);
        assert!(integration(global, &unknown).unwrap_err().contains("colour"), "{kind}");
        if global != "{}" {
            assert!(integration("{}", text).is_err(), "{kind} needs something of global");
        }
    }
}

#[test]
fn texts_and_their_templates() {
    let slack = integration(
        "{}",
        "slack_configs: [{api_url: 'http://x/', text: '', fields: [{title: t, value: v, short: true}], \
         actions: [{type: button, text: go, url: 'http://y', name: gone}]}]",
    )
    .unwrap();
    let Settings::Slack(slack) = slack.settings else { panic!("no Slack") };
    assert_eq!(slack.title, r#"{{ template "slack.default.title" . }}"#);
    assert_eq!(slack.text, "", "an empty text overrides the default");
    assert_eq!(slack.fields[0].short, Some(true));
    assert_eq!(slack.actions[0].name, "", "a link carries no message");
    let pagerduty = integration("{}", "pagerduty_configs: [{service_key: k, details: {firing: x, a: [1]}}]");
    let Settings::Pagerduty(pagerduty) = pagerduty.unwrap().settings else { panic!("no PagerDuty") };
    assert_eq!(pagerduty.source, r#"{{ template "pagerduty.default.client" . }}"#);
    let names: Vec<&String> = pagerduty.details.keys().collect();
    assert_eq!(names, ["a", "firing", "num_firing", "num_resolved", "resolved"]);
    let pushover = integration("{}", "pushover_configs: [{user_key: u, token: t, retry: 1m30s}]").unwrap();
    let Settings::Pushover(pushover) = pushover.settings else { panic!("no Pushover") };
    assert_eq!((pushover.retry.as_secs(), pushover.expire.as_secs()), (90, 3600));
}

#[test]
fn client_settings_and_tokens() {
    let global = "{slack_app_token: secret, http_config: {proxy_url: 'http://proxy:1'}}";
    let slack = integration(global, "slack_configs: [{}]").unwrap();
    assert!(slack.http.proxy.is_some(), "taken from global");
    assert!(slack.http.authorization.is_some(), "the token of the app");
    let Settings::Slack(settings) = slack.settings else { panic!("no Slack") };
    assert_eq!(settings.api_url, TextSource::Inline("https://slack.com/api/chat.postMessage".to_owned()));
    let own = integration(global, "slack_configs: [{api_url: 'http://x/', http_config: {}}]").unwrap();
    assert!(own.http.authorization.is_none() && own.http.proxy.is_none());
    let email = integration(
        "{smtp_smarthost: '[::1]:25', smtp_from: f, smtp_require_tls: false, smtp_tls_config: {server_name: n}}",
        "email_configs: [{to: t, headers: {subject: s}, auth_password_file: p}]",
    );
    let Settings::Email(email) = email.unwrap().settings else { panic!("no e-mail") };
    assert_eq!(email.smarthost, HostPort { host: "::1".to_owned(), port: "25".to_owned() });
    assert_eq!(email.tls.server_name.as_deref(), Some("n"));
    assert_eq!(email.headers.get("Subject").map(String::as_str), Some("s"));
    assert!(!email.require_tls);
    assert_eq!(email.auth_password, Some(TextSource::File("p".into())), "as written");
}

#[test]
fn settings_that_do_not_go_together() {
    let mail = "{smtp_smarthost: 'h:25', smtp_from: f}";
    for (global, kinds, why) in [
        ("{}", "webhook_configs: [{}]", "url or url_file is needed"),
        ("{}", "webhook_configs: [{url: 'http://x', url_file: f}]", "together with url"),
        ("{}", "webhook_configs: [{url: 'http://x', timeout: 1d}]", "no duration"),
        ("{}", "email_configs: [{to: t, from: f}]", "smtp_smarthost in global"),
        (mail, "email_configs: [{to: t, headers: {a: b, A: c}}]", "A is there twice"),
        (mail, "email_configs: [{to: t, http_config: {}}]", "unknown key"),
        (mail, "email_configs: [{to: t, threading: {enabled: true}}]", "none or daily"),
        ("{}", "slack_configs: [{api_url: 'http://x', app_token: t}]", "together with api_url"),
        ("{}", "slack_configs: [{api_url: 'http://x', update_message: true}]", "needs a bot"),
        ("{}", "opsgenie_configs: [{api_key: k, responders: [{name: n, type: boss}]}]", "not one of team"),
        ("{}", "pushover_configs: [{user_key: u, token: t, html: true, monospace: true}]", "with html"),
        ("{}", "sns_configs: [{topic_arn: a, target_arn: b}]", "one of topic_arn"),
        ("{}", "telegram_configs: [{bot_token: t}]", "chat_id or chat_id_file"),
        ("{}", "telegram_configs: [{bot_token: t, chat_id: 1, parse_mode: html}]", "not one of Markdown"),
        ("{}", "webex_configs: [{room_id: r}]", "authorization"),
        (
            "{victorops_api_key: k}",
            "victorops_configs: [{routing_key: r, custom_fields: {entity_id: x}}]",
            "already",
        ),
        ("{}", "jira_configs: [{api_url: 'http://x', project: p}]", "issue_type is missing"),
        ("{}", "incidentio_configs: [{url: 'http://x', http_config: {}}]", "a token is needed"),
    ] {
        let error = integration(global, kinds).unwrap_err();
        assert!(error.contains(why), "{kinds}\n{error}");
    }
}
