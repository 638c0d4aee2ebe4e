//! Keeping within the memory budget: queries go first, then new series, samples of known series never.

use crate::serve::parts::Parts;

/// Milliseconds between two looks.
const INTERVAL_MS: i64 = 500;

/// What has to be done without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shed {
    queries: bool,
    new_series: bool,
}

impl Shed {
    /// What a process that uses so many bytes of its budget has to shed. What is shed already stays so until a
    /// twentieth of the budget is free below its bound: otherwise each query that ends would let one in.
    fn at(used: u64, budget: u64, now: Self) -> Self {
        let twentieth = budget / 20;
        let over =
            |bound: u64, already: bool| used >= if already { bound.saturating_sub(twentieth) } else { bound };
        Self { queries: over(budget - budget / 10, now.queries), new_series: over(budget, now.new_series) }
    }
}

/// Watches the memory of the process. Returns at once where there is no budget or no way to tell.
pub(super) async fn watch(parts: Parts, budget: u64) {
    if budget == 0 {
        return;
    }
    let mut shed = Shed::default();
    loop {
        let Some(used) = platform::anonymous_bytes() else {
            tracing::warn!(
                "--memory.budget has no effect: this system does not tell how much memory is used"
            );
            return;
        };
        let next = Shed::at(used, budget, shed);
        if next != shed {
            tracing::warn!(
                used,
                budget,
                queries_refused = next.queries,
                new_series_refused = next.new_series,
                "memory budget"
            );
            parts.app.set_short_of_memory(next.queries);
            parts.store.tsdb().refuse_new_series(next.new_series);
            shed = next;
        }
        parts.clock.sleep_until(parts.clock.now_ms() + INTERVAL_MS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_go_first_and_come_back_only_with_room() {
        let at = |used, now| Shed::at(used, 1000, now);
        let none = Shed::default();
        let queries = Shed { queries: true, new_series: false };
        let all = Shed { queries: true, new_series: true };
        assert_eq!(at(899, none), none);
        assert_eq!(at(900, none), queries);
        assert_eq!(at(1000, queries), all);
        assert_eq!(at(960, all), all);
        assert_eq!(at(949, all), queries);
        assert_eq!(at(860, queries), queries);
        assert_eq!(at(849, queries), none);
    }
}
