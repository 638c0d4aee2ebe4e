//! The answer as a stream of `ChunkedReadResponse` messages, each framed by its length and its checksum.
//!
//! A frame has chunks of one series; a long series takes several frames.

use model::Labels;
use storage::{Cancel, Samples, Storage};

use crate::labels;
use crate::read::answer::{read, select};
use crate::read::chunks::{Chunk, chunks};
use crate::read::{ReadError, ReadLimits, ReadRequest};
use crate::wire::{put_bytes, put_message, put_number, put_varint};

/// Frames are handed over when they are this many bytes together.
const HANDED_OVER_BYTES: usize = 64 << 10;

/// Answers `request`; bytes go to `send`, which says whether anybody takes more.
///
/// # Errors
/// When the store cannot be read or nobody waits any more.
pub fn stream(
    storage: &dyn Storage,
    request: &ReadRequest,
    limits: &ReadLimits,
    cancel: &Cancel,
    mut send: impl FnMut(Vec<u8>) -> bool,
) -> Result<(), ReadError> {
    let mut out = Vec::new();
    let (mut column, mut frame) = (Samples::default(), Vec::new());
    for (number, query) in request.queries.iter().enumerate() {
        for (labels, series) in select(storage, query, cancel)? {
            read(series.as_ref(), query, cancel, &mut column)?;
            let mut chunks = chunks(&column)?.into_iter().peekable();
            while chunks.peek().is_some() {
                frame.clear();
                put_message(&mut frame, 1, |out| put_series(out, &labels, &mut chunks, limits.frame_bytes));
                put_varint(&mut frame, 2, number as u64);
                put_frame(&mut out, &frame);
                if out.len() >= HANDED_OVER_BYTES && !send(std::mem::take(&mut out)) {
                    return Err(storage::QueryError::Cancelled.into());
                }
            }
        }
    }
    if !out.is_empty() && !send(out) {
        return Err(storage::QueryError::Cancelled.into());
    }
    Ok(())
}

/// A `ChunkedSeries` with as many chunks as fit.
fn put_series(
    out: &mut Vec<u8>,
    labels: &Labels,
    chunks: &mut impl Iterator<Item = Chunk>,
    frame_bytes: usize,
) {
    labels::put_labels(out, 1, labels);
    for chunk in chunks {
        put_message(out, 2, |out| {
            put_varint(out, 1, chunk.min_t.cast_unsigned());
            put_varint(out, 2, chunk.max_t.cast_unsigned());
            put_varint(out, 3, u64::from(chunk.encoding.id()));
            put_bytes(out, 4, &chunk.data);
        });
        if out.len() >= frame_bytes {
            return;
        }
    }
}

/// Length, CRC-32C (big-endian), message.
fn put_frame(out: &mut Vec<u8>, frame: &[u8]) {
    put_number(out, frame.len() as u64);
    out.extend_from_slice(&crc32c::crc32c(frame).to_be_bytes());
    out.extend_from_slice(frame);
}
