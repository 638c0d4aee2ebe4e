//! The samples of a chunk, by its encoding. What encodings there are is the business of the crate `chunk`.

use chunk::Encoding;
use model::Value;

/// Whether [`decode`] can read the encoding. Samples of other chunks are taken from the log.
pub(super) fn is_readable(encoding: u8) -> bool {
    Encoding::try_from(encoding).is_ok()
}

/// Visits the samples of a chunk in order; `Err` where its bytes make no sense.
pub(super) fn decode(
    encoding: u8,
    bytes: &[u8],
    visit: &mut dyn FnMut(i64, Value),
) -> Result<(), &'static str> {
    let encoding = Encoding::try_from(encoding).map_err(|_| "a chunk's encoding is not known")?;
    let all = |t, value| {
        visit(t, value);
        true
    };
    chunk::decode(encoding, bytes, all).map_err(|_| "a chunk's samples cannot be decoded")
}
