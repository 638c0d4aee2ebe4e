//! Lets a bounded number of queries run at a time; the others wait their turn.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::error::Result;

/// How long a waiting query sleeps before it looks whether anybody still waits for it.
const NAP: Duration = Duration::from_millis(20);

/// Counts running queries.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: usize,
    running: Mutex<usize>,
    ended: Condvar,
}

/// The right to run, given back on drop.
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
}

impl Gate {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), running: Mutex::new(0), ended: Condvar::new() }
    }

    /// Waits for a place; `check` says when to give up.
    pub(crate) fn enter(&self, check: impl Fn() -> Result<()>) -> Result<Pass<'_>> {
        let mut running = self.running.lock();
        while *running >= self.limit {
            check()?;
            self.ended.wait_for(&mut running, NAP);
        }
        *running += 1;
        Ok(Pass { gate: self })
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.gate.running.lock() -= 1;
        self.gate.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::EvalError;

    #[test]
    fn a_full_gate_opens_when_a_pass_is_given_back() {
        let gate = Gate::new(1);
        let pass = gate.enter(|| Ok(())).expect("the gate is empty");
        let refused = gate.enter(|| Err(EvalError::Timeout("query queue")));
        assert_eq!(refused.err().map(|e| e.to_string()).as_deref(), Some("query timed out in query queue"));
        drop(pass);
        assert!(gate.enter(|| Ok(())).is_ok());
    }
}
