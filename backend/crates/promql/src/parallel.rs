//! Doing the same to many series on several threads, in order.

use std::thread;

use crate::error::Result;

/// Below this many items a second thread costs more than it brings.
const MIN_ITEMS_PER_THREAD: usize = 64;

/// Applies `f` to every item; the answers come in the order of the items. `f` gets a value of `S` that it
/// alone uses, so that buffers are reused from item to item.
pub(crate) fn map<T: Sync, R: Send, S: Default>(
    items: &[T],
    threads: usize,
    f: impl Fn(&mut S, &T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let threads = threads.min(items.len() / MIN_ITEMS_PER_THREAD).max(1);
    if threads == 1 {
        let mut state = S::default();
        return items.iter().map(|item| f(&mut state, item)).collect();
    }
    let share = items.len().div_ceil(threads);
    let parts: Vec<Result<Vec<R>>> = thread::scope(|scope| {
        let workers: Vec<_> = items
            .chunks(share)
            .map(|part| {
                let f = &f;
                scope.spawn(move || {
                    let mut state = S::default();
                    part.iter().map(|item| f(&mut state, item)).collect()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut out = Vec::with_capacity(items.len());
    for part in parts {
        out.extend(part?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::EvalError;

    #[test]
    fn keeps_the_order_and_the_first_error() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = map(&items, 4, |(), n| Ok(n * 2)).expect("no error is made");
        assert!(doubled.iter().enumerate().all(|(i, n)| *n == i * 2));
        let failed = map(&items, 4, |(), n| if *n == 900 { Err(EvalError::execution("no")) } else { Ok(*n) });
        assert_eq!(failed.expect_err("one item fails").to_string(), "no");
    }
}
