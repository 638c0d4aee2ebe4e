//! The expressions that were asked for last: a dashboard asks the same again at each refresh, and a query's
//! expressions are needed when it is read and when it is answered. To compile one takes as long as to match
//! thousands of texts.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{AnchoredRegex, RegexError};

/// Expressions that are kept.
const KEPT: usize = 32;
/// Larger programs are not kept, so that all together take 8 MiB at most.
const LARGEST_KEPT_BYTES: usize = 256 << 10;

static RECENT: Mutex<Recent> = Mutex::new(Recent(VecDeque::new()));

impl AnchoredRegex {
    /// As [`AnchoredRegex::new`], for expressions of queries: one of the last that were asked for is not
    /// compiled again.
    ///
    /// # Errors
    /// As for [`AnchoredRegex::new`].
    pub fn recent(pattern: &str) -> Result<Self, RegexError> {
        let recent = || RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = recent().get(pattern) {
            return Ok(known);
        }
        let new = Self::new(pattern)?;
        recent().keep(&new);
        Ok(new)
    }
}

/// The one used last is first.
struct Recent(VecDeque<AnchoredRegex>);

impl Recent {
    fn get(&mut self, pattern: &str) -> Option<AnchoredRegex> {
        let at = self.0.iter().position(|known| known.as_str() == pattern)?;
        let known = self.0.remove(at)?;
        self.0.push_front(known.clone());
        Some(known)
    }

    fn keep(&mut self, new: &AnchoredRegex) {
        if new.heap_bytes() <= LARGEST_KEPT_BYTES {
            self.0.truncate(KEPT - 1);
            self.0.push_front(new.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept_and_no_more() {
        let mut recent = Recent(VecDeque::new());
        let patterns: Vec<String> = (0..=KEPT).map(|number| format!("pod-{number}-[a-f]+")).collect();
        for (at, pattern) in patterns.iter().enumerate() {
            assert!(recent.get(pattern).is_none());
            recent.keep(&AnchoredRegex::new(pattern).unwrap());
            // The first is asked for again and again.
            assert!(recent.get(&patterns[0]).is_some(), "{at}");
        }
        assert_eq!(recent.0.len(), KEPT);
        assert!(recent.get(&patterns[1]).is_none());
        assert!(recent.get(&patterns[KEPT]).is_some_and(|regex| regex.is_match("pod-32-b")));
    }

    #[test]
    fn large_programs_are_not_kept() {
        let large = AnchoredRegex::new(r"(\pL{20}|.{300}x)+").unwrap();
        assert!(large.heap_bytes() > LARGEST_KEPT_BYTES, "{}", large.heap_bytes());
        let mut recent = Recent(VecDeque::new());
        recent.keep(&large);
        assert!(recent.0.is_empty());
    }

    #[test]
    fn the_same_as_a_new_one() {
        for _ in 0..2 {
            assert!(AnchoredRegex::recent("a[0-9]+").unwrap().is_match("a7"));
            assert!(AnchoredRegex::recent("(").is_err());
        }
    }
}
