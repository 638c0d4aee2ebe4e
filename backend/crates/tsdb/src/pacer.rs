//! Long work that lets others run.

use std::time::Duration;

use platform::Clock;

/// Work between two moments in which others may run. To yield at every chance would be to stand still: on a
/// busy machine each time costs a turn of everybody else.
const TURN: Duration = Duration::from_millis(2);

/// Yields once per turn of work.
pub(crate) struct Pacer<'a> {
    clock: &'a dyn Clock,
    yielded: Duration,
}

impl<'a> Pacer<'a> {
    pub(crate) fn new(clock: &'a dyn Clock) -> Self {
        Self { clock, yielded: clock.monotonic() }
    }

    /// To be called often: between two series, say. Whether a turn ended.
    pub(crate) fn step(&mut self) -> bool {
        let due = self.is_due();
        if due {
            std::thread::yield_now();
            self.yielded = self.clock.monotonic();
        }
        due
    }

    fn is_due(&self) -> bool {
        self.clock.monotonic().saturating_sub(self.yielded) >= TURN
    }
}

#[cfg(test)]
mod tests {
    use platform::SimulatedClock;

    use super::*;

    #[test]
    fn a_turn_ends_by_the_clock() {
        let clock = SimulatedClock::new(0);
        let mut pacer = Pacer::new(&clock);
        assert!(!pacer.is_due());
        clock.advance(TURN);
        assert!(pacer.is_due());
        assert!(pacer.step());
        assert!(!pacer.step());
    }
}
