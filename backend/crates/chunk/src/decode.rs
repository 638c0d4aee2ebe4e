//! Reading a chunk of any encoding.

use std::sync::Arc;

use model::Value;

use crate::{ChunkError, Encoding, HistogramKind, HistogramReader, decode_xor};

/// Calls `visit` with each sample of a chunk, oldest first, until it returns `false`.
///
/// # Errors
/// When the bytes are not a chunk of that encoding; `visit` has then seen the samples before the fault.
pub fn decode(
    encoding: Encoding,
    data: &[u8],
    mut visit: impl FnMut(i64, Value) -> bool,
) -> Result<(), ChunkError> {
    let kind = match encoding {
        Encoding::Xor => return decode_xor(data, |t, value| visit(t, Value::Float(value))),
        Encoding::Histogram => HistogramKind::Integer,
        Encoding::FloatHistogram => HistogramKind::Float,
    };
    let mut reader = HistogramReader::new(kind, data)?;
    while let Some((t, histogram)) = reader.next()? {
        if !visit(t, Value::Histogram(Arc::new(histogram))) {
            break;
        }
    }
    Ok(())
}
