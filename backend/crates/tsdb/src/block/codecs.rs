//! From chunk bytes to samples and back: the one place that knows what the number of an encoding stands for.

use chunk::{ChunkError, Encoding, XorChunk, decode_xor};
use model::TimeRange;
use storage::Samples;
use thiserror::Error;

use super::BlockError;
use super::chunks::EncodedChunk;

/// Samples of a chunk that is written anew.
const SAMPLES_PER_CHUNK: usize = 120;

/// Why a chunk could not be decoded.
#[derive(Debug, Error)]
pub(crate) enum DecodeError {
    #[error("unknown chunk encoding {0}")]
    Unknown(u8),
    #[error(transparent)]
    Broken(#[from] ChunkError),
}

/// Appends the samples of a chunk that lie within `range`.
pub(crate) fn decode(
    encoding: u8,
    data: &[u8],
    range: TimeRange,
    out: &mut Samples,
) -> Result<(), DecodeError> {
    match Encoding::try_from(encoding) {
        Ok(Encoding::Xor) => {
            decode_xor(data, |t, value| {
                if t >= range.start_ms && t <= range.end_ms {
                    out.push(t, value);
                }
                t <= range.end_ms
            })?;
            Ok(())
        }
        // Histogram chunks join here when their codec does.
        Ok(Encoding::Histogram | Encoding::FloatHistogram) | Err(_) => Err(DecodeError::Unknown(encoding)),
    }
}

/// Encodes samples into chunks of 120.
pub(crate) fn encode(samples: &Samples, out: &mut Vec<EncodedChunk>) -> Result<(), BlockError> {
    if !samples.histograms.is_empty() {
        // As above.
        return Err(BlockError::Unwritable("histograms cannot be encoded".to_owned()));
    }
    let times = samples.timestamps.chunks(SAMPLES_PER_CHUNK);
    for (times, values) in times.zip(samples.floats.chunks(SAMPLES_PER_CHUNK)) {
        let mut chunk = XorChunk::new();
        for (t, value) in times.iter().zip(values) {
            // A chunk takes far more samples than these.
            let _ = chunk.append(*t, *value);
        }
        let (Some(min_t), Some(max_t)) = (times.first(), times.last()) else { continue };
        out.push(EncodedChunk {
            min_t: *min_t,
            max_t: *max_t,
            encoding: Encoding::Xor.id(),
            data: chunk.into_bytes().into(),
        });
    }
    Ok(())
}
