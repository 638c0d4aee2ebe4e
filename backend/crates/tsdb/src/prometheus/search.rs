//! How much work the search for readable bytes behind a damage may be.

/// Bytes that may still be summed to see whether they are what they look like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(usize);

impl Budget {
    /// A budget for a file of `length` bytes: a few times the work of reading it, and always enough for one
    /// page in which every byte looks like the begin of a fragment.
    pub(super) fn of(length: usize) -> Self {
        Self(length.saturating_mul(16).max(512 << 20))
    }

    /// Takes `bytes`; `false` when the budget is spent.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}
