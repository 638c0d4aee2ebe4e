//! From chunk to chunk.

use model::Histogram;

use super::{HistogramChunk, HistogramKind, Refused};

/// Adds a histogram to the open chunk, or hands back the chunk that it begins because there is none, it has
/// `limit` samples, a `cut` is due, or the histogram does not continue it.
///
/// # Errors
/// When no chunk takes the histogram; the open one is then as before.
pub fn next_histogram(
    open: Option<&mut HistogramChunk>,
    limit: u16,
    cut: bool,
    t: i64,
    histogram: &Histogram,
) -> Result<Option<HistogramChunk>, Refused> {
    let (mut kind, mut header) = (HistogramKind::of(histogram), None);
    if let Some(chunk) = open {
        let outcome = if chunk.len() < limit && !cut {
            chunk.append(t, histogram)
        } else {
            Err(Refused::NewChunk(chunk.header_after_cut(histogram)))
        };
        match outcome {
            Ok(()) => return Ok(None),
            // Once floats, always floats; a header is about a chunk of the same kind before.
            Err(Refused::NewChunk(next)) if chunk.kind() == kind || chunk.kind() == HistogramKind::Float => {
                (kind, header) = (chunk.kind(), Some(next));
            }
            Err(Refused::NewChunk(_) | Refused::Full | Refused::NotInteger) => {}
            Err(refused @ (Refused::Spans | Refused::Schema(_))) => return Err(refused),
        }
    }
    match header {
        Some(header) => HistogramChunk::begin(kind, header, t, histogram).map(Some),
        None => {
            let mut chunk = HistogramChunk::new(kind);
            chunk.append(t, histogram)?;
            Ok(Some(chunk))
        }
    }
}
