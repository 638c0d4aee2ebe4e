//! The write-ahead log: what was acknowledged and is not in a block yet, in files.
//!
//! `frame` is the envelope of a record and finds records in damaged files, `record` what they say,
//! `pack` many series in one of them, `codec` integers and texts, `writer` the one writer with group commit,
//! `files` names, `chunk_file` files of chunks beside the log, `checkpoint` the log rewritten from memory,
//! `recover` the way back into memory, `series` and `replay` its threads, `report` what it found.
//! `backend/docs/format/wal.md` has the format byte by byte.

mod checkpoint;
mod chunk_file;
mod codec;
mod decode;
mod files;
mod floats;
mod frame;
mod pack;
mod record;
mod recover;
mod replay;
mod report;
mod series;
mod writer;

pub use decode::fuzz_records;
pub use report::{Damage, RecoveryReport, TornTail};
pub use writer::Refusal;

pub(crate) use checkpoint::write_checkpoint;
pub(crate) use chunk_file::{ChunkFileWriter, ChunkPlace};
pub(crate) use files::chunk_files;
pub(crate) use record::{Encoder, LoggedSample, LoggedValue};
pub(crate) use recover::recover;
pub(crate) use writer::{Wal, WalSettings};
