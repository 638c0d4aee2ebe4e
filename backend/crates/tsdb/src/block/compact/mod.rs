//! Compaction: few large blocks out of many small ones, without what was deleted.
//!
//! `plan` says which blocks, `merge` walks over their series in order of labels, `overlap` makes one run of
//! chunks out of several, `run` writes the outcome. Who replaces what with it is [`super::Blocks`]' affair.

mod merge;
mod overlap;
mod plan;
mod run;
mod source;

pub use plan::{Plan, PlanReason, block_ranges, max_block_range, plan};
pub use run::Progress;
pub(crate) use run::{Pace, write_merged};
pub(crate) use source::BlockSource;
pub use source::{SeriesSource, SourceSeries};
