//! Pushover: everything stands in the query.

use platform::http_client::HttpMethod;
use platform::http_client::header::{CONTENT_TYPE, HeaderValue};

use super::text::{query, truncate_chars};
use super::{Answer, NotifyError, Task};
use crate::config::receivers::PushoverConfig;

const URL: &str = "https://api.pushover.net/1/messages.json";
/// Most characters of a title, a message and a link.
const MOST: [usize; 3] = [250, 1024, 512];

pub(super) async fn notify(task: &Task<'_>, config: &PushoverConfig) -> Result<Answer, NotifyError> {
    let text = |template: &str| task.render.text(template);
    let message = if config.html { task.render.html(&config.message)? } else { text(&config.message)? };
    let message = truncate_chars(message, MOST[1]);
    // An empty message would be refused.
    let message = if message.trim().is_empty() { "(no details)" } else { message.trim() };
    let mut pairs = vec![
        ("token", text(&Task::secret(&config.token)?)?),
        ("user", text(&Task::secret(&config.user_key)?)?),
        ("title", truncate_chars(text(&config.title)?, MOST[0])),
        ("message", message.to_owned()),
        ("url", truncate_chars(text(&config.url)?, MOST[2])),
        ("url_title", text(&config.url_title)?),
        ("priority", text(&config.priority)?),
        ("retry", config.retry.as_secs().to_string()),
        ("expire", config.expire.as_secs().to_string()),
        ("device", text(&config.device)?),
        ("sound", text(&config.sound)?),
    ];
    let switches = [("html", config.html), ("monospace", config.monospace)];
    pairs.extend(switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name, "1".to_owned())));
    if config.ttl.as_secs() > 0 {
        pairs.push(("ttl", config.ttl.as_secs().to_string()));
    }
    let mut url = Task::url(URL)?;
    url.set_query(Some(&query(pairs)));
    let plain = vec![(CONTENT_TYPE, HeaderValue::from_static("text/plain"))];
    task.request(HttpMethod::Post, &url, plain, Vec::new()).await?.check(&[])
}
