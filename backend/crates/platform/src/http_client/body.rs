//! Reading a body into a buffer: unpacked on the way, and never larger than allowed.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use super::HttpError;

/// Takes the chunks of a body.
pub(super) enum BodyReader<'b> {
    Plain(Limited<'b>),
    Gzip(Box<MultiGzDecoder<Limited<'b>>>),
}

/// A buffer that refuses to grow beyond its limit.
pub(super) struct Limited<'b> {
    body: &'b mut Vec<u8>,
    limit: usize,
    exceeded: bool,
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.limit - self.body.len() {
            self.exceeded = true;
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.body.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'b> BodyReader<'b> {
    /// A reader for a body with this `Content-Encoding`; `body` is empty.
    pub(super) fn new(encoding: &str, limit: usize, body: &'b mut Vec<u8>) -> Result<Self, HttpError> {
        let limited = Limited { body, limit, exceeded: false };
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Plain(limited)),
            "gzip" | "x-gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(limited)))),
            _ => Err(HttpError::Encoding {
                encoding: encoding.to_owned(),
                reason: "only gzip is understood".to_owned(),
            }),
        }
    }

    fn limited(&self) -> &Limited<'b> {
        match self {
            Self::Plain(limited) => limited,
            Self::Gzip(decoder) => decoder.get_ref(),
        }
    }

    fn explain(&self, error: &io::Error) -> HttpError {
        let limited = self.limited();
        if limited.exceeded {
            return HttpError::BodyTooLarge { limit: limited.limit };
        }
        HttpError::Encoding { encoding: "gzip".to_owned(), reason: error.to_string() }
    }

    /// Takes a chunk.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), HttpError> {
        let written = match self {
            Self::Plain(limited) => limited.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
        };
        written.map_err(|error| self.explain(&error))
    }

    /// Says that the body is over.
    pub(super) fn finish(mut self) -> Result<(), HttpError> {
        let ended = match &mut self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
        };
        ended.map_err(|error| self.explain(&error))
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(encoding: &str, limit: usize, wire: &[u8]) -> Result<Vec<u8>, HttpError> {
        let mut body = Vec::new();
        let mut reader = BodyReader::new(encoding, limit, &mut body)?;
        for chunk in wire.chunks(7) {
            reader.push(chunk)?;
        }
        reader.finish()?;
        Ok(body)
    }

    #[test]
    fn plain_and_packed_bodies_arrive_whole() {
        let text = b"metric 1\n".repeat(1000);
        assert_eq!(read("", 9000, &text).unwrap(), text);
        assert_eq!(read("gzip", 9000, &gzip(&text)).unwrap(), text);
        let two_members = [gzip(b"a 1\n"), gzip(b"b 2\n")].concat();
        assert_eq!(read("GZIP", 9000, &two_members).unwrap(), b"a 1\nb 2\n");
    }

    #[test]
    fn the_limit_counts_unpacked_bytes() {
        let text = vec![b'x'; 1 << 20];
        let packed = gzip(&text);
        assert!(packed.len() < 20_000);
        assert_eq!(read("gzip", 20_000, &packed), Err(HttpError::BodyTooLarge { limit: 20_000 }));
        assert_eq!(read("", 10, b"elevenbytes"), Err(HttpError::BodyTooLarge { limit: 10 }));
    }

    #[test]
    fn broken_packing_is_an_error() {
        let packed = gzip(&b"metric 1\n".repeat(1000));
        for wire in [&packed[..packed.len() - 9], b"not gzip at all".as_slice()] {
            assert!(matches!(read("gzip", 1 << 20, wire), Err(HttpError::Encoding { .. })), "{wire:?}");
        }
        assert!(matches!(read("br", 10, b""), Err(HttpError::Encoding { .. })));
    }
}
