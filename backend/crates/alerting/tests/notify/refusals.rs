//! What is made of answers that are no success, and that no error tells a secret.

use std::time::Duration;

use alerting::notify::NotifyError;

use crate::support::{Recorder, config, send, yaml};
use crate::{cases, notifier};

/// The error that a receiver of `cases.rs` gives for an answer, and `None` if it takes it.
async fn refusal(
    name: &str,
    status: u16,
    content_type: &'static str,
    body: &'static str,
) -> Option<NotifyError> {
    let recorder = Recorder::answering(status, content_type, body).await;
    let mut cases = cases::all(&recorder.address);
    cases.retain(|(other, _)| *other == name);
    let config = config(&yaml(&cases));
    let send = send(&config, name, false);
    notifier(&config).notify(&send, send.at_ms).await.err()
}

#[tokio::test]
async fn statuses_by_kind() {
    let always: &[(u16, bool)] =
        &[(400, false), (403, false), (404, false), (302, false), (500, true), (503, true)];
    for (name, busy_is_retriable) in [
        ("webhook", false),
        ("slack", false),
        ("pagerduty", true),
        ("opsgenie", true),
        ("msteams", false),
        ("msteamsv2", false),
        ("discord", false),
        ("victorops", false),
        ("webex", false),
        ("rocketchat", false),
        ("mattermost", false),
        ("incidentio", true),
        ("jira", true),
        ("sns", false),
    ] {
        for (status, retriable) in always.iter().copied().chain([(429, busy_is_retriable)]) {
            let error = refusal(name, status, "text/plain", "why").await.unwrap();
            assert_eq!(error.retriable, retriable, "{name} {status}: {error}");
            let wait = retriable.then_some(Duration::from_secs(7));
            assert_eq!(error.retry_after, wait, "{name} {status}");
            assert!(error.reason.contains(&format!("unexpected status code {status}")), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn errors_with_a_good_status() {
    let json = "application/json; charset=utf-8";
    for (name, content_type, body, retriable, reason) in [
        (
            "slack",
            json,
            r#"{"ok":false,"error":"no_channel"}"#,
            false,
            "error response from Slack: no_channel",
        ),
        ("slack", json, "{", true, "cannot read the answer of Slack"),
        (
            "slack",
            "text/html",
            "invalid_token",
            false,
            "received an error response from Slack: invalid_token",
        ),
        ("rocketchat", json, r#"{"success":false,"error":"no room"}"#, false, "Rocket.Chat: no room"),
        ("rocketchat", json, "?", true, "cannot read the answer of Rocket.Chat"),
        (
            "telegram",
            json,
            r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#,
            true,
            "telegram: Bad Request: chat not found (400)",
        ),
        ("telegram", "text/html", "<html>", true, "status 200 with an answer that is not Telegram's"),
        ("wechat", json, r#"{"access_token":""}"#, false, "no token is given for the corporation"),
        ("wechat", json, r#"{"access_token":"t","errcode":42001,"errmsg":"expired"}"#, true, "expired"),
        ("wechat", json, r#"{"access_token":"t","errcode":1,"errmsg":"bad"}"#, false, "bad"),
    ] {
        let error = refusal(name, 200, content_type, body).await.unwrap();
        assert_eq!(error.retriable, retriable, "{name} {body}: {error}");
        assert!(error.reason.contains(reason), "{name} {body}: {error}");
    }
    assert_eq!(refusal("slack", 200, "text/plain", "ok").await, None);
}

#[tokio::test]
async fn telegram_says_when_to_come_again() {
    let body =
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}"#;
    let error = refusal("telegram", 429, "application/json", body).await.unwrap();
    assert_eq!((error.retriable, error.retry_after), (true, Some(Duration::from_secs(35))));
}

#[tokio::test]
async fn details_of_refusals_are_told() {
    let pagerduty = r#"{"status":"invalid event","message":"Event object is invalid","errors":["a","b"]}"#;
    let error = refusal("pagerduty", 400, "application/json", pagerduty).await.unwrap();
    assert_eq!(error.reason, "unexpected status code 400: Event object is invalid: a,b");
    let incidentio = r#"{"message":"m","errors":["a","b"],"error":"e"}"#;
    let error = refusal("incidentio", 422, "application/json", incidentio).await.unwrap();
    assert_eq!(error.reason, "unexpected status code 422: m: e: a, b");
    let error = refusal("slack", 404, "text/plain", "no_team").await.unwrap();
    assert_eq!(error.reason, "channel \"#ops\": unexpected status code 404: no_team");
}

#[tokio::test]
async fn no_error_tells_a_secret() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("127.0.0.1:{}/hidden", listener.local_addr().unwrap().port());
    drop(listener);
    let config = config(&yaml(&cases::all(&address)));
    let notifier = notifier(&config);
    for (name, _) in cases::all(&address) {
        let send = send(&config, name, false);
        let error = notifier.notify(&send, send.at_ms).await.unwrap_err();
        assert!(error.retriable, "{name}: {error}");
        for secret in ["hidden", "tok", "key"] {
            assert!(!error.reason.contains(secret), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn secrets_are_read_for_each_attempt() {
    let recorder = Recorder::start().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("url");
    let settings = format!("webhook_configs:\n- url_file: {}\n", file.display());
    let config = config(&yaml(&[("r", settings)]));
    let (notifier, send) = (notifier(&config), send(&config, "r", false));
    let error = notifier.notify(&send, 0).await.unwrap_err();
    assert!(!error.retriable && error.reason.contains("cannot read"), "{error}");
    for path in ["one", "two"] {
        std::fs::write(&file, format!(" http://{}/{path}\n", recorder.address)).unwrap();
        notifier.notify(&send, 0).await.unwrap();
        assert_eq!(recorder.told().last().unwrap().request, format!("POST /{path}"));
    }
}

#[tokio::test]
async fn settings_that_cannot_be_used() {
    let config = config(&yaml(&[
        ("empty", "webhook_configs:\n- url: '{{ .CommonLabels.none }}'\n".to_owned()),
        ("scheme", "webhook_configs:\n- url: 'ftp://{{ .CommonLabels.job }}'\n".to_owned()),
        ("fails", "webhook_configs:\n- url: 'http://x/{{ .CommonLabels.job | nope }}'\n".to_owned()),
        ("key", "pagerduty_configs:\n- routing_key: '{{ .CommonLabels.none }}'\n".to_owned()),
        ("late", "sns_configs:\n- {topic_arn: a, sigv4: {region: r}}\n".to_owned()),
    ]));
    let notifier = notifier(&config);
    for (name, reason) in [
        ("empty", "the address of the webhook is empty"),
        ("scheme", "the address is neither http nor https"),
        ("fails", "function \"nope\" not defined"),
        ("key", "the routing key is empty"),
        ("late", "sigv4: keys from the environment are not supported yet"),
    ] {
        let error = notifier.notify(&send(&config, name, false), 0).await.unwrap_err();
        assert!(!error.retriable && error.reason.contains(reason), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_timeout_of_the_settings_ends_an_attempt() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let settings = format!("webhook_configs:\n- url: {url}\n  timeout: 50ms\n");
    let config = config(&yaml(&[("r", settings)]));
    let error = notifier(&config).notify(&send(&config, "r", false), 0).await.unwrap_err();
    assert!(error.retriable, "{error}");
    assert_eq!(error.reason, "no answer within the timeout of 50ms");
}
