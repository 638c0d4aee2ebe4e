//! Templates of rules and of notifications, as text and as HTML.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use templates::{
    Alert, Limits, Notification, NotificationTemplates, RuleData, RuleTemplate, SampleValue, Status,
};

static TEMPLATES: LazyLock<NotificationTemplates> =
    LazyLock::new(NotificationTemplates::with_defaults);
static DATA: LazyLock<Arc<Notification>> = LazyLock::new(|| {
    let labels = Arc::new([("alertname".to_owned(), "Down".to_owned())].into());
    let alert = Alert {
        status: Status::Firing,
        labels: Arc::clone(&labels),
        annotations: Arc::clone(&labels),
        starts_at_ms: 1_704_207_845_123,
        ends_at_ms: None,
        generator_url: "http://prometheus/?a=1&b=2".to_owned(),
        fingerprint: "0123456789abcdef".to_owned(),
    };
    Arc::new(Notification::new("team", labels, vec![Arc::new(alert)], "http://watchfire"))
});

fuzz_target!(|text: &str| {
    let limits = Limits { output: 1 << 16, work: 1 << 18 };
    let templates = TEMPLATES.clone().limited(limits);
    let _ = templates.render_text(text, &DATA, 0);
    let _ = templates.render_html(text, &DATA, 0);
    if let Ok(template) = RuleTemplate::parse("A", text) {
        let data = RuleData {
            labels: Arc::clone(&DATA.group_labels),
            external_labels: Arc::default(),
            external_url: "http://watchfire".into(),
            value: SampleValue::Float(1.5),
            now_ms: 0,
            query: &|_| Ok(Vec::new()),
            limits,
        };
        let _ = template.expand(&data);
    }
});
