//! Scrapes of the past: bodies that were recorded or simulated go the way of every scrape, from parser to
//! commit, only that their time is given and nothing is fetched.

use std::sync::Arc;

use discovery::TargetGroup;
use model::{Labels, TimestampMs};
use storage::Storage;

use crate::append::{Counts, LoopState};
use crate::config::ScrapeConfig;
use crate::looping::LoopView;
use crate::metrics::Metrics;
use crate::target::{self, Outcome, Target};

/// One target's past. Series that vanish between two bodies are marked stale, and a body that is `None`
/// is a failed scrape, exactly as when the target is scraped live.
pub struct Replay {
    state: LoopState,
    target: Target,
    config: Arc<ScrapeConfig>,
    metrics: Metrics,
}

impl Replay {
    /// Begins the past of the target that `config` makes of the `discovered` labels.
    ///
    /// # Errors
    /// When relabelling drops the target, or no target can be made of the labels.
    pub fn new(
        storage: &dyn Storage,
        config: Arc<ScrapeConfig>,
        discovered: Labels,
        metrics: Metrics,
    ) -> Result<Self, String> {
        let group = TargetGroup { source: String::new(), labels: Labels::empty(), targets: vec![discovered] };
        let target = match target::from_group(&config, &group).pop() {
            Some(Outcome::Scrape(target)) => *target,
            Some(Outcome::Dropped { rule, .. }) => {
                return Err(format!("dropped by relabel rule {}", rule + 1));
            }
            Some(Outcome::Invalid { reason, .. }) => return Err(reason),
            None => return Err("no labels".to_owned()),
        };
        let state = LoopState::new(storage.appender(), Arc::clone(&LoopView::default().families));
        Ok(Self { state, target, config, metrics })
    }

    /// A scrape at `t` that took `seconds`.
    ///
    /// # Errors
    /// When the body is malformed (then it counts as a failed scrape), or the store refuses the batch.
    pub fn scrape(&mut self, t: TimestampMs, body: Option<&str>, seconds: f64) -> Result<(), String> {
        let Some(body) = body else {
            return self
                .state
                .finish(t, &self.target, Counts::default(), false, seconds)
                .map_err(|error| error.to_string());
        };
        let format = exposition::Format::Text;
        let (counts, result) =
            self.state.append(body.as_bytes(), format, t, &self.target, &self.config, &self.metrics);
        let finished = self.state.finish(t, &self.target, counts, result.is_ok(), seconds);
        result.map_err(|failure| failure.message)?;
        finished.map_err(|error| error.to_string())
    }

    /// The target is gone from `t` on.
    ///
    /// # Errors
    /// When the store refuses the batch.
    pub fn end(&mut self, t: TimestampMs) -> Result<(), String> {
        self.state.end(t).map_err(|error| error.to_string())
    }
}
