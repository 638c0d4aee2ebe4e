//! Blocks: finished stretches of time on disk, in Prometheus' format, so that it and its kin read what we
//! write and we read what they wrote. `backend/docs/format/block.md` and its neighbours have the format.
//!
//! A block is a directory named by a ULID: `meta.json`, `index`, `chunks/000001` …, `tombstones`. It is
//! written once, by [`BlockWriter`], and never changed but for its tombstones. [`Block`] reads one;
//! [`Blocks`] is all of a data directory; `compact` makes few large blocks out of many small ones. `batch`
//! makes blocks from elsewhere, `cardinality` and `findings` look at one without serving it.

mod batch;
mod blocks;
mod cardinality;
mod chunks;
mod codec;
mod codecs;
mod compact;
mod dirs;
mod error;
mod file;
mod findings;
mod fuzz;
mod index;
mod meta;
mod querier;
mod reader;
mod retention;
mod select;
mod tombstones;
mod ulid_text;
mod writer;

pub use batch::BlockBatch;
pub use blocks::{Blocks, LoadReport, SetAside};
pub use cardinality::{Cardinality, ChunkTally, Counted};
pub use chunks::{ChunkBytes, EncodedChunk};
pub(crate) use codecs::{DecodeError, decode as decode_samples, encode as encode_samples};
pub use compact::{
    Plan, PlanReason, Progress, SeriesSource, SourceSeries, block_ranges, max_block_range, plan,
};
pub use error::BlockError;
pub use findings::Findings;
pub use fuzz::{fuzz_chunks, fuzz_index, fuzz_meta, fuzz_tombstones};
pub use meta::{BlockDesc, BlockMeta, BlockStats, Compaction};
pub use querier::BlockQuerier;
pub use reader::Block;
pub use retention::{Expiry, Retention};
pub use ulid::Ulid;
pub use writer::BlockWriter;
