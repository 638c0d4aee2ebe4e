//! The samples of a chunk, by its encoding. Each encoding that the crate `chunk` learns to read plugs in
//! here, and nowhere else.

use chunk::Encoding;
use model::Value;

/// Whether [`decode`] can read the encoding. Samples of other chunks are taken from the log.
pub(super) fn is_readable(encoding: u8) -> bool {
    encoding == Encoding::Xor.id()
}

/// Visits the samples of a chunk in order; `Err` where its bytes make no sense.
pub(super) fn decode(
    encoding: u8,
    bytes: &[u8],
    visit: &mut dyn FnMut(i64, Value),
) -> Result<(), &'static str> {
    match Encoding::try_from(encoding) {
        Ok(Encoding::Xor) => chunk::decode_xor(bytes, |t, value| {
            visit(t, Value::Float(value));
            true
        })
        .map(drop)
        .map_err(|_| "a chunk's samples cannot be decoded"),
        Ok(Encoding::Histogram | Encoding::FloatHistogram) | Err(_) => Err("a chunk's encoding is not known"),
    }
}
