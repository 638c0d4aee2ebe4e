//! How much a template may do.

/// Bounds on one execution of a template, whatever its text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest output, and the longest text on the way to it, in bytes; at most 4 MiB.
    pub output: usize,
    /// All work together, about one for each byte handled and sixteen for each step.
    pub work: u64,
}

impl Default for Limits {
    /// 1 MiB of output and 32 million steps of work.
    fn default() -> Self {
        Self { output: 1 << 20, work: 32 << 20 }
    }
}

/// The longest source of templates, in bytes.
pub(crate) const LONGEST_SOURCE: usize = 1 << 20;
