//! Services whose address is fixed, told through a network that only remembers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alerting::TellReason;
use alerting::config::AlertingConfig;
use alerting::notify::{Answer, Notifier, NotifierParts, deliver};
use platform::http_client::{
    Fetching, HttpClientOptions, HttpError, HttpFetch, HttpMessage, HttpNet, HttpReply, HttpRequest, Sending,
};
use platform::{Clock, SeededEntropy, SimulatedClock};
use templates::NotificationTemplates;

use crate::support::{EXTERNAL_URL, config, send, yaml};

/// What is answered, one after another; the last for ever.
#[derive(Clone, Default)]
struct Net {
    answers: Vec<(u16, Option<&'static str>, &'static str)>,
    told: Arc<Mutex<Vec<(String, String)>>>,
    hangs: bool,
}

impl HttpNet for Net {
    fn client(&self, _: &HttpClientOptions) -> Result<Arc<dyn HttpFetch>, HttpError> {
        Ok(Arc::new(self.clone()))
    }
}

impl HttpFetch for Net {
    fn get<'a>(&'a self, _: HttpRequest<'a>, _: &'a mut Vec<u8>) -> Fetching<'a> {
        Box::pin(async { Err(HttpError::Options("nothing to fetch".to_owned())) })
    }

    fn send<'a>(&'a self, message: HttpMessage<'a>, answer: &'a mut Vec<u8>) -> Sending<'a> {
        Box::pin(async move {
            let number = {
                let mut told = self.told.lock().unwrap();
                let body = String::from_utf8(message.body).unwrap();
                told.push((format!("{:?} {}", message.method, message.url), body));
                told.len() - 1
            };
            if self.hangs {
                std::future::pending::<()>().await;
            }
            let (status, retry_after, body) =
                *self.answers.get(number).or(self.answers.last()).unwrap_or(&(200, None, "ok"));
            answer.extend_from_slice(body.as_bytes());
            let content_type = if body.starts_with('{') { "application/json" } else { "text/plain" };
            let retry_after = retry_after.map(str::to_owned);
            Ok(HttpReply { status, content_type: content_type.to_owned(), retry_after, complete: true })
        })
    }
}

impl Net {
    fn told(&self) -> Vec<(String, String)> {
        self.told.lock().unwrap().clone()
    }

    fn notifier(&self, config: &AlertingConfig, clock: &SimulatedClock) -> Notifier {
        let parts = NotifierParts {
            net: Arc::new(self.clone()),
            clock: Arc::new(clock.clone()),
            entropy: SeededEntropy::shared(1),
            templates: NotificationTemplates::with_defaults(),
            external_url: EXTERNAL_URL.to_owned(),
        };
        Notifier::new(config, parts).unwrap()
    }
}

/// What is told by receivers with these settings, firing and resolved.
async fn told(settings: &str) -> Vec<(String, String)> {
    let config = config(&yaml(&[("r", settings.to_owned())]));
    let net = Net::default();
    let notifier = net.notifier(&config, &SimulatedClock::new(0));
    for resolved in [false, true] {
        notifier.notify(&send(&config, "r", resolved), 0).await.unwrap();
    }
    net.told()
}

#[tokio::test]
async fn pushover() {
    let more = "  title: t & t\n  message: ' m~* '\n  url: http://u\n  url_title: ut\n  device: d\n  sound: s\n  retry: 1m\n  \
                expire: 90s\n  ttl: 1h\n  html: true\n";
    let told = told(&format!("pushover_configs:\n- user_key: u\n  token: k\n{more}")).await;
    let expected = |priority| {
        format!(
            "Post https://api.pushover.net/1/messages.json?device=d&expire=90&html=1&message=m~%2A&priority={priority}\
             &retry=60&sound=s&title=t+%26+t&token=k&ttl=3600&url=http%3A%2F%2Fu&url_title=ut&user=u"
        )
    };
    assert_eq!(told, [(expected(2), String::new()), (expected(0), String::new())]);
    let told = self::told("pushover_configs:\n- user_key: u\n  token: k\n  message: ' '\n").await;
    assert!(told[0].0.contains("&message=%28no+details%29&"), "{}", told[0].0);
}

#[tokio::test]
async fn pagerduty_version_1() {
    let details = "  details: {firing: a, resolved: b, own: '{{ .Status }}'}\n";
    let told = told(&format!("pagerduty_configs:\n- service_key: key\n  description: d\n{details}")).await;
    let key = "0418292c760544221c18bd34a52111fd346032b7e6db52bd9ae741cb3aa17fe5";
    let url = "Post https://events.pagerduty.com/generic/2010-04-15/create_event.json".to_owned();
    let event = |kind: &str, client: &str, details: &str| {
        format!(
            "{{\"service_key\":\"key\",\"incident_key\":\"{key}\",\"event_type\":\"{kind}\",\"description\":\"d\",\
             \"event_action\":\"\",\"payload\":null,{client}\"details\":{{\"firing\":\"a\",{details},\"resolved\":\"b\"}}}}\n"
        )
    };
    let client =
        "\"client\":\"Alertmanager\",\"client_url\":\"http://am.example.org/x/#/alerts?receiver=r\",";
    let firing = event("trigger", client, r#""num_firing":2,"num_resolved":0,"own":"firing""#);
    let resolved = event("resolve", "", r#""num_firing":0,"num_resolved":2,"own":"resolved""#);
    assert_eq!(told, [(url.clone(), firing), (url, resolved)]);
}

#[tokio::test]
async fn an_event_that_is_too_large_loses_its_details() {
    let details = format!("  details: {{own: '{}'}}\n", "x".repeat(600_000));
    let told = told(&format!("pagerduty_configs:\n- routing_key: key\n{details}")).await;
    let removed = r#""custom_details":{"error":"Custom details have been removed because the original event exceeds the maximum size of 512KB"}"#;
    assert!(told[0].1.len() < 2000 && told[0].1.contains(removed), "{}", told[0].1.len());
}

#[tokio::test]
async fn html_that_is_too_long_for_telegram_is_not_cut() {
    let settings = "telegram_configs:\n- {bot_token: t, chat_id: 1, message: '<b>{{ printf \"%4096s\" .Status }}</b>'}\n";
    let config = config(&yaml(&[("r", settings.to_owned())]));
    let net = Net { answers: vec![(200, None, r#"{"ok":true}"#)], ..Net::default() };
    net.notifier(&config, &SimulatedClock::new(0)).notify(&send(&config, "r", false), 0).await.unwrap();
    let (url, body) = &net.told()[0];
    assert_eq!(url, "Post https://api.telegram.org/bott/sendMessage");
    assert!(
        body.contains(r#""text":"There is a notification, but it is longer than Telegram takes."#),
        "{body}"
    );
}

#[tokio::test]
async fn slack_changes_the_message_of_a_group() {
    let url = "https://slack.com/api/chat.postMessage";
    let settings = format!(
        "slack_configs:\n- api_url: {url}\n  update_message: true\n  channel: '#a'\n  http_config: {{authorization: {{credentials: t}}}}\n"
    );
    let config = config(&yaml(&[("r", settings)]));
    let net =
        Net { answers: vec![(200, None, r#"{"ok":true,"channel":"C1","ts":"1.2"}"#)], ..Net::default() };
    let notifier = net.notifier(&config, &SimulatedClock::new(0));
    let mut send = send(&config, "r", false);
    for reason in [TellReason::First, TellReason::NewAlerts, TellReason::First] {
        send.reason = reason;
        notifier.notify(&send, 0).await.unwrap();
    }
    let told = net.told();
    let urls: Vec<&str> = told.iter().map(|(url, _)| url.as_str()).collect();
    let post = format!("Post {url}");
    assert_eq!(urls, [post.as_str(), "Post https://slack.com/api/chat.update", post.as_str()]);
    assert!(told[0].1.starts_with(r##"{"channel":"#a","username""##), "{}", told[0].1);
    assert!(told[1].1.starts_with(r#"{"channel":"C1","ts":"1.2","username""#), "{}", told[1].1);
    assert!(told[2].1.starts_with(r##"{"channel":"#a","username""##), "{}", told[2].1);
}

/// Delivers while time goes on, a tenth of a second at a time.
async fn delivered(net: &Net, deadline_ms: i64) -> (alerting::notify::Delivery, i64) {
    let config = config(&yaml(&[("r", "webhook_configs:\n- url: http://x/\n".to_owned())]));
    let clock = SimulatedClock::new(0);
    let notifier = net.notifier(&config, &clock);
    let mut send = send(&config, "r", false);
    send.deadline_ms = deadline_ms;
    let entropy = SeededEntropy::new(1);
    let delivery = deliver(&notifier, &send, &clock, &entropy);
    let time = async {
        loop {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_millis(100));
        }
    };
    let delivery = tokio::select! {
        biased;
        delivery = delivery => delivery,
        () = time => unreachable!("time goes on for ever"),
    };
    (delivery, clock.now_ms())
}

#[tokio::test]
async fn attempts_go_on_until_one_is_taken() {
    let busy = (503, None, "busy");
    let net = Net { answers: vec![busy, busy, (200, None, "ok")], ..Net::default() };
    let (delivery, _) = delivered(&net, 60_000).await;
    assert_eq!((delivery.count, delivery.attempts.len(), net.told().len()), (3, 3, 3));
    assert_eq!(delivery.outcome, Ok(Answer { status: 200, text: String::new() }));
    let waits: Vec<i64> = delivery.attempts.windows(2).map(|two| two[1].at_ms - two[0].at_ms).collect();
    assert!((250..=900).contains(&waits[0]) && (370..=1300).contains(&waits[1]), "{waits:?}");

    let net = Net { answers: vec![(503, Some("20"), ""), (404, None, "gone")], ..Net::default() };
    let (delivery, _) = delivered(&net, 60_000).await;
    assert_eq!(delivery.count, 2);
    assert!(delivery.attempts[1].at_ms >= 20_000, "it comes back when it is told to");
    assert_eq!(delivery.outcome.unwrap_err().reason, "unexpected status code 404: gone");
}

#[tokio::test]
async fn attempts_end_with_the_time_of_the_sending() {
    let net = Net { answers: vec![(500, None, "down")], ..Net::default() };
    let (delivery, now_ms) = delivered(&net, 10_000).await;
    assert!((4..20).contains(&delivery.count), "{}", delivery.count);
    assert!(now_ms <= 10_000);
    assert_eq!(delivery.outcome.unwrap_err().reason, "unexpected status code 500: down");
    let (delivery, now_ms) = delivered(&Net { hangs: true, ..Net::default() }, 10_000).await;
    assert_eq!((delivery.count, now_ms), (1, 10_000));
    assert_eq!(delivery.outcome.unwrap_err().reason, "no answer in time");
    assert_eq!(delivery.attempts[0].took, Duration::from_secs(10));
}
