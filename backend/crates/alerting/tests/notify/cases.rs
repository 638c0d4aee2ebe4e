//! The receivers that are compared.

/// Names and settings. Each receiver has a path of its own on the server at `address`.
pub fn all(address: &str) -> Vec<(&'static str, String)> {
    let cases = [
        ("webhook", "webhook_configs:\n- url: $U\n"),
        ("webhook-cut", "webhook_configs:\n- url: $U/{{ .GroupLabels.alertname | len }}\n  max_alerts: 1\n"),
        (
            "webhook-payload",
            "webhook_configs:\n- url: $U\n  payload:\n    text: '{{ .Status }}: {{ .CommonLabels.job }}'\n    \
             list: [1, 1.50, true, null, '{{ .Alerts | len }}', yes]\n    '{{ .Status }}': {b: '{{ .CommonLabels | toJson }}'}\n",
        ),
        ("slack", "slack_configs:\n- api_url: $U\n  channel: '#ops'\n  send_resolved: true\n"),
        (
            "slack-full",
            "slack_configs:\n- api_url: $U\n  send_resolved: true\n  channel: '#{{ .CommonLabels.job }}'\n  \
             title: '{{ .CommonLabels.alertname }}'\n  text: '{{ range .Alerts }}{{ .Annotations.summary }} {{ end }}'\n  \
             message_text: hello\n  pretext: pre\n  footer: foot\n  icon_emoji: ':fire:'\n  icon_url: http://i\n  \
             image_url: http://im\n  thumb_url: http://th\n  link_names: true\n  mrkdwn_in: [text]\n  \
             callback_id: cb\n  short_fields: true\n  fields:\n  - {title: Sev, value: '{{ .CommonLabels.severity }}'}\n  \
             - {title: Long, value: v, short: false}\n  actions:\n  - {type: button, text: Go, url: 'http://go', style: danger}\n  \
             - {type: button, text: Ask, name: n, value: v, confirm: {text: sure, title: t, ok_text: ok, dismiss_text: no way}}\n",
        ),
        ("pagerduty", "pagerduty_configs:\n- url: $U\n  routing_key: key\n"),
        (
            "pagerduty-full",
            "pagerduty_configs:\n- url: $U\n  routing_key: '{{ .CommonLabels.job }}-key'\n  client: c\n  \
             client_url: http://c\n  description: '{{ .CommonLabels.alertname }}'\n  severity: '{{ .CommonLabels.severity }}'\n  \
             class: cl\n  component: co\n  group: gr\n  source: so\n  details: {own: '{{ .Status }}', nested: {a: ['{{ .Status }}', 2]}}\n  \
             images:\n  - {src: 'http://s', alt: a, href: 'http://h'}\n  - {alt: left out}\n  links:\n  - {href: 'http://l', text: t}\n",
        ),
        ("opsgenie", "opsgenie_configs:\n- api_url: $U\n  api_key: key\n"),
        (
            "opsgenie-full",
            "opsgenie_configs:\n- api_url: $U/\n  api_key: ' k '\n  message: '{{ .Status }} m'\n  description: d\n  source: s\n  \
             details: {own: '{{ .Status }}'}\n  entity: e\n  actions: 'one,two,'\n  tags: 'x, y,,{{ .CommonLabels.job }}'\n  \
             note: n\n  priority: P1\n  update_alerts: true\n  responders:\n  - {name: 'a,b', type: teams}\n  \
             - {id: i, type: user}\n  - {username: u@x, type: escalation}\n",
        ),
        ("msteams", "msteams_configs:\n- webhook_url: $U\n"),
        ("msteamsv2", "msteamsv2_configs:\n- webhook_url: $U\n"),
        ("telegram", "telegram_configs:\n- api_url: $U\n  bot_token: 1:tok\n  chat_id: -5\n"),
        (
            "telegram-plain",
            "telegram_configs:\n- api_url: $U\n  bot_token: 1:tok\n  chat_id: 7\n  parse_mode: ''\n  message_thread_id: 3\n  \
             disable_notifications: true\n  message: '{{ .CommonLabels.alertname }}'\n",
        ),
        ("discord", "discord_configs:\n- webhook_url: $U\n"),
        (
            "discord-full",
            "discord_configs:\n- webhook_url: $U\n  content: '{{ .Status }}'\n  username: '{{ .Status }}'\n  \
             avatar_url: 'http://a/{{ .Status }}'\n  title: t\n  message: m\n",
        ),
        (
            "victorops",
            "victorops_configs:\n- api_url: $U\n  api_key: key\n  routing_key: '{{ .CommonLabels.job }} a/b'\n",
        ),
        (
            "victorops-full",
            "victorops_configs:\n- api_url: $U/\n  api_key: key\n  routing_key: r\n  message_type: '{{ .CommonLabels.severity }}'\n  \
             state_message: s\n  entity_display_name: e\n  monitoring_tool: m\n  custom_fields: {own: '{{ .Status }}'}\n",
        ),
        (
            "wechat",
            "wechat_configs:\n- api_url: $U\n  api_secret: 's &'\n  corp_id: c\n  agent_id: 1\n  to_user: u\n  send_resolved: true\n",
        ),
        (
            "wechat-markdown",
            "wechat_configs:\n- api_url: $U/\n  api_secret: s\n  corp_id: c\n  to_party: p\n  to_tag: t\n  message: m\n  \
             message_type: markdown\n  send_resolved: true\n",
        ),
        (
            "webex",
            "webex_configs:\n- api_url: $U\n  room_id: room\n  http_config: {authorization: {credentials: tok}}\n",
        ),
        (
            "rocketchat",
            "rocketchat_configs:\n- api_url: $U\n  token: t\n  token_id: i\n  channel: '#a'\n  send_resolved: true\n",
        ),
        (
            "rocketchat-full",
            "rocketchat_configs:\n- api_url: $U/\n  token: t\n  token_id: i\n  channel: '#a'\n  send_resolved: true\n  text: x\n  \
             emoji: ':e:'\n  icon_url: http://i\n  image_url: http://im\n  thumb_url: http://th\n  short_fields: true\n  \
             fields: [{title: a, value: b}, {title: c, value: d, short: false}]\n  \
             actions: [{type: button, text: t, url: 'http://u', msg: m}]\n",
        ),
        ("mattermost", "mattermost_configs:\n- webhook_url: $U\n"),
        (
            "mattermost-full",
            "mattermost_configs:\n- webhook_url: $U\n  channel: c\n  username: u\n  text: t\n  icon_url: http://i\n  icon_emoji: ':e:'\n  \
             type: custom_x\n  props: {card: '{{ .Status }}'}\n  priority: {priority: Important, requested_ack: true, persistent_notifications: true}\n  \
             attachments:\n  - {fallback: f, color: '#fff', pretext: p, text: t, author_name: a, author_link: 'http://al', author_icon: 'http://ai', title: ti, title_link: 'http://tl', thumb_url: 'http://th', footer: fo, footer_icon: 'http://fi', image_url: 'http://im', fields: [{title: x, value: y}, {title: x, value: y, short: true}]}\n",
        ),
        (
            "mattermost-text",
            "mattermost_configs:\n- webhook_url: $U\n  channel: c\n  text: t\n  pretext: p\n  author_name: a\n  \
             fields: [{title: x, value: y, short: false}]\n  thumb_url: http://th\n  footer: f\n  priority: {priority: odd, requested_ack: true}\n",
        ),
        (
            "mattermost-boxes",
            "mattermost_configs:\n- webhook_url: $U\n  attachments: [{text: '{{ .Status }}'}, {title: t}]\n  \
             priority: {priority: urgent, persistent_notifications: true}\n",
        ),
        ("jira", "jira_configs:\n- api_url: $U/rest/api/2\n  project: P\n  issue_type: Bug\n"),
        (
            "jira-full",
            "jira_configs:\n- api_url: $U/rest/api/2/\n  api_type: cloud\n  project: '{{ .CommonLabels.job }}'\n  issue_type: '{{ .Status }}'\n  \
             summary: s\n  description: ''\n  labels: [z, '{{ .CommonLabels.severity }}']\n  priority: ''\n  reopen_transition: Reopen\n  \
             resolve_transition: Done\n  wont_fix_resolution: \"Won't \\\"fix\\\"\"\n  reopen_duration: 90m\n  fields: {custom_1: '{{ .Status }}', custom_2: {value: 2}}\n",
        ),
        (
            "jira-there",
            "jira_configs:\n- api_url: $U/rest/api/2\n  project: P\n  issue_type: Bug\n  reopen_transition: Reopen\n  resolve_transition: Done\n",
        ),
        (
            "jira-kept-there",
            "jira_configs:\n- api_url: $U/rest/api/3\n  project: P\n  issue_type: Bug\n  resolve_transition: Done\n  \
             summary: {enable_update: false}\n  description: {template: '{\"type\": \"doc\"}', enable_update: false}\n",
        ),
        (
            "jira-3",
            "jira_configs:\n- api_url: $U/rest/api/3\n  project: P\n  issue_type: Bug\n  description: ' {\"a\": [1, \"<\"]}'\n",
        ),
        (
            "sns",
            "sns_configs:\n- api_url: $U/\n  topic_arn: 'arn:aws:sns:r:1:t'\n  sigv4: {region: r, access_key: a, secret_key: s}\n",
        ),
        (
            "sns-fifo",
            "sns_configs:\n- api_url: $U/\n  topic_arn: 'arn:aws:sns:r:1:t.fifo'\n  sigv4: {region: r, access_key: a, secret_key: s}\n  \
             subject: '{{ .CommonLabels.alertname }} {{ .CommonLabels.alertname }} {{ .CommonLabels.alertname }} {{ .CommonLabels.alertname }} {{ .CommonLabels.alertname }} end'\n  \
             message: m~*\n  attributes: {b: '{{ .Status }}', a: x y}\n",
        ),
        (
            "sns-phone",
            "sns_configs:\n- api_url: $U/\n  phone_number: '+1'\n  sigv4: {region: r, access_key: a, secret_key: s}\n  subject: ''\n  \
             message: '{{ range .Alerts }}{{ printf \"%900s\" .Status }}{{ end }}'\n",
        ),
        // Texts that are cut, with a character of two bytes.
        (
            "slack-long",
            "slack_configs:\n- {api_url: $U, send_resolved: true, title: '{{ printf \"é%1100s\" .Status }}'}\n",
        ),
        (
            "pagerduty-long",
            "pagerduty_configs:\n- {url: $U, routing_key: k, description: '{{ printf \"é%1100s\" .Status }}'}\n",
        ),
        (
            "opsgenie-long",
            "opsgenie_configs:\n- {api_url: $U, api_key: k, message: '{{ printf \"é%200s\" .Status }}', description: d}\n",
        ),
        (
            "discord-long",
            "discord_configs:\n- {webhook_url: $U, title: '{{ printf \"é%300s\" .Status }}', message: '{{ printf \"é%4200s\" .Status }}', content: '{{ printf \"é%2100s\" .Status }}'}\n",
        ),
        (
            "telegram-full",
            "telegram_configs:\n- {api_url: $U, bot_token: t, chat_id: 1, message: '{{ printf \"é%4095s\" .Status }}'}\n",
        ),
        (
            "telegram-long-plain",
            "telegram_configs:\n- {api_url: $U, bot_token: t, chat_id: 1, parse_mode: '', message: '{{ printf \"é%4096s\" .Status }}'}\n",
        ),
        (
            "telegram-long-markdown",
            "telegram_configs:\n- {api_url: $U, bot_token: t, chat_id: 1, parse_mode: MarkdownV2, message: '{{ printf \"é%4096s\" .Status }}'}\n",
        ),
        (
            "rocketchat-long",
            "rocketchat_configs:\n- {api_url: $U, token: t, token_id: i, send_resolved: true, title: '{{ printf \"é%1100s\" .Status }}'}\n",
        ),
        (
            "jira-long",
            "jira_configs:\n- {api_url: $U/rest/api/2, project: P, issue_type: B, summary: '{{ printf \"é%300s\" .Status }}', description: d}\n",
        ),
        (
            "webex-long",
            "webex_configs:\n- {api_url: $U, room_id: r, message: '{{ printf \"é%7500s\" .Status }}', http_config: {authorization: {credentials: tok}}}\n",
        ),
        ("incidentio", "incidentio_configs:\n- url: $U\n  alert_source_token: tok\n"),
    ];
    let settings =
        |(name, text): (&'static str, &str)| (name, text.replace("$U", &format!("http://{address}/{name}")));
    cases.into_iter().map(settings).collect()
}
