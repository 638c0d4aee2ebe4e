//! E-mail: a message in text and HTML, brought to a mail server.

mod address;
mod encode;
mod message;
mod smtp;

use std::sync::Arc;

use super::{Answer, NotifyError, Task};
use crate::config::receivers::EmailConfig;
use address::addresses;
use smtp::Smtp;

/// The port on which TLS begins with the connection, unless the settings say otherwise.
const TLS_PORT: &str = "465";

pub(super) async fn notify(task: &Task<'_>, config: &EmailConfig) -> Result<Answer, NotifyError> {
    // What can be wrong with the message itself is found out before anybody is bothered with it.
    let from = addresses(&task.render.text(&config.from)?).map_err(|error| error.under("from"))?;
    let [from] = &from[..] else {
        return Err(NotifyError::lasting(format!("from: {} addresses where one is needed", from.len())));
    };
    let to = addresses(&task.render.text(&config.to)?).map_err(|error| error.under("to"))?;
    let message = message::message(task, config, from)?;

    let implicit = config.force_implicit_tls.unwrap_or(config.smarthost.port == TLS_PORT);
    let mut smtp = Smtp::connect(config, implicit).await?;
    smtp.hello(&config.hello).await?;
    if config.require_tls && !implicit {
        smtp.start_tls(config).await?;
        smtp.hello(&config.hello).await?;
    }
    smtp.authenticate(config).await?;
    smtp.envelope(from, &to).await?;
    let said = smtp.data(&message).await?;
    smtp.quit().await;
    Ok(said)
}

/// Random bits as text, for what has to be unlike anything else.
fn unique(task: &Task<'_>, count: usize) -> String {
    let entropy = Arc::clone(&task.notifier.entropy);
    (0..count).map(|_| format!("{:016x}", entropy.next_u64())).collect()
}
