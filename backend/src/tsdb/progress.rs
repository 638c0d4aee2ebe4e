//! How far a chore is, on the standard error: a line every few seconds, or one that is written over and over on
//! a terminal. What takes less than a second says nothing.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use platform::{Clock, SystemClock};

/// Quiet time at the beginning.
const QUIET: Duration = Duration::from_secs(1);
/// Time between two lines.
const LINE_INTERVAL: Duration = Duration::from_secs(3);
/// Time between two states of the line on a terminal.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);

/// Tells how far a piece of work is.
pub(super) struct Progress {
    clock: Arc<dyn Clock>,
    terminal: bool,
    next: Duration,
    /// Whether something stands on the terminal's line.
    shown: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let clock = SystemClock::shared();
        Self { next: clock.monotonic() + QUIET, clock, terminal: io::stderr().is_terminal(), shown: false }
    }

    /// Tells that so much of so much is done.
    pub(super) fn tell(&mut self, what: &str, done: u64, total: u64) {
        let percent = u128::from(done.min(total)) * 100 / u128::from(total.max(1));
        self.say(|| format!("{what}: {percent} % ({done} of {total})"));
    }

    /// Says a line if it is time for one.
    pub(super) fn say(&mut self, line: impl FnOnce() -> String) {
        let now = self.clock.monotonic();
        if now < self.next {
            return;
        }
        self.next = now + if self.terminal { TERMINAL_INTERVAL } else { LINE_INTERVAL };
        self.shown = self.terminal;
        let line = line();
        let _ = match self.terminal {
            true => write!(io::stderr(), "\r\x1b[K{line}"),
            false => writeln!(io::stderr(), "{line}"),
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
