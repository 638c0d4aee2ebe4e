//! Snappy's block format, with a bound on what comes out.
//!
//! Source: the format description of google/snappy.

use snap::raw::{Decoder, Encoder};

use crate::RequestError;

/// No element of the format makes more than this many bytes out of one.
const MOST_OUT_OF_ONE: usize = 32;

/// Unpacks `packed` into `buffer`, which only ever grows, and returns the filled part.
///
/// # Errors
/// When the bytes announce more than `limit`, or are not what they should be.
pub(crate) fn unpack<'b>(
    packed: &[u8],
    limit: usize,
    buffer: &'b mut Vec<u8>,
) -> Result<&'b [u8], RequestError> {
    let length = snap::raw::decompress_len(packed).map_err(not_snappy)?;
    if length > limit {
        return Err(RequestError::TooLarge { bytes: length, limit });
    }
    if length / MOST_OUT_OF_ONE > packed.len() {
        let why = format!("{length} bytes are announced, which {} cannot hold", packed.len());
        return Err(RequestError::Compression(why));
    }
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    let filled = Decoder::new().decompress(packed, &mut buffer[..length]).map_err(not_snappy)?;
    Ok(&buffer[..filled])
}

/// Packs `plain`.
///
/// # Errors
/// When it is longer than 4 GiB.
pub(crate) fn pack(plain: &[u8]) -> Result<Vec<u8>, RequestError> {
    Encoder::new().compress_vec(plain).map_err(not_snappy)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn not_snappy(error: snap::Error) -> RequestError {
    RequestError::Compression(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked_before_memory_is_taken() {
        let mut buffer = Vec::new();
        let packed = pack(&[7; 10_000]).unwrap();
        assert_eq!(unpack(&packed, 10_000, &mut buffer).unwrap(), [7; 10_000]);
        assert!(matches!(unpack(&packed, 9_999, &mut buffer), Err(RequestError::TooLarge { .. })));
        assert_eq!(unpack(&pack(b"x").unwrap(), 10, &mut buffer).unwrap(), b"x");
        let mut buffer = Vec::new();
        // 16 MiB announced by nothing.
        let error = unpack(&[0x80, 0x80, 0x80, 0x08], 1 << 30, &mut buffer).unwrap_err();
        assert!(error.to_string().contains("cannot hold"), "{error}");
        assert_eq!(buffer.capacity(), 0);
        assert!(unpack(&[], 10, &mut buffer).is_err());
        assert!(unpack(b"\xff\xff\xff\xff\xff\xff\xff", 10, &mut buffer).is_err());
    }
}
