//! Remote write 2.0: `io.prometheus.write.v2.Request`, with all texts in one table of symbols.
//!
//! Source: the Remote-Write 2.0 specification; `io/prometheus/write/v2/types.proto` of Prometheus.

use crate::labels::RawPair;
use crate::wire::{Reader, WireError, bytes, fixed64, varint};
use crate::write::cache::{Key, KeyMaker};
use crate::write::protocol::{Entry, Located, Protocol, RawExemplar, RawMetadata, read_sample};

/// Name of the message.
pub(crate) const MESSAGE: &str = "io.prometheus.write.v2.Request";

/// More symbols are refused; a symbol takes 32 bytes of memory while its request is read.
const SYMBOLS_MAX: usize = 1 << 20;

const SYMBOL: u32 = bytes(4);
const SERIES: u32 = bytes(5);

const LABEL_REFS: u32 = bytes(1);
const LABEL_REF: u32 = varint(1);
const SAMPLE: u32 = bytes(2);
const HISTOGRAM: u32 = bytes(3);
const EXEMPLAR: u32 = bytes(4);
const METADATA: u32 = bytes(5);
/// Of a whole series: as senders wrote it before samples had one each.
const START: u32 = varint(6);

/// The protocol, and the symbols of one request.
pub(crate) struct V2<'a, 'k> {
    symbols: Vec<(&'a [u8], Key)>,
    keys: &'k KeyMaker,
}

impl<'a, 'k> V2<'a, 'k> {
    /// Reads the symbols, wherever in the request they stand.
    pub(crate) fn new(
        mut request: Reader<'a>,
        of_symbols: &KeyMaker,
        keys: &'k KeyMaker,
    ) -> Result<Self, WireError> {
        let mut symbols = Vec::new();
        while let Some(tag) = request.tag()? {
            if tag != SYMBOL {
                request.skip(tag)?;
                continue;
            }
            if symbols.len() >= SYMBOLS_MAX {
                return Err(request.error("there are more than 1048576 symbols"));
            }
            let symbol = request.message()?.rest();
            symbols.push((symbol, of_symbols.of_bytes(symbol)));
        }
        Ok(Self { symbols, keys })
    }

    /// The next series of the request.
    #[inline]
    pub(crate) fn series(&self, request: &mut Reader<'a>) -> Result<Option<Reader<'a>>, WireError> {
        while let Some(tag) = request.tag()? {
            if tag == SERIES {
                return request.message().map(Some);
            }
            request.skip(tag)?;
        }
        Ok(None)
    }

    #[inline]
    fn symbol(&self, number: u32, at: &Reader<'_>) -> Result<&(&'a [u8], Key), WireError> {
        self.symbols.get(number as usize).ok_or_else(|| at.error("a reference to a symbol that is not there"))
    }

    fn refs(&self, message: &mut Reader<'a>, tag: u32, pairs: &mut Pairs<'a>) -> Result<(), WireError> {
        if tag == LABEL_REF {
            let number = message.uint32()?;
            pairs.push(self.symbol(number, message)?.0);
            return Ok(());
        }
        let mut packed = message.message()?;
        while !packed.is_empty() {
            let number = packed.uint32()?;
            pairs.push(self.symbol(number, &packed)?.0);
        }
        Ok(())
    }
}

/// Pairs that come as a list of names and values in turn.
#[derive(Default)]
struct Pairs<'a> {
    pairs: Vec<RawPair<'a>>,
    name: Option<&'a [u8]>,
}

impl<'a> Pairs<'a> {
    fn push(&mut self, symbol: &'a [u8]) {
        match self.name.take() {
            None => self.name = Some(symbol),
            Some(name) => self.pairs.push((name, symbol)),
        }
    }

    fn finish(self, at: &Reader<'_>) -> Result<Vec<RawPair<'a>>, WireError> {
        match self.name {
            None => Ok(self.pairs),
            Some(_) => Err(at.error("a list of labels has a name without a value")),
        }
    }
}

/// Keys of the symbols that packed references name; an error ends it and is kept.
struct Keys<'s, 'a, 'k> {
    protocol: &'s V2<'a, 'k>,
    packed: Reader<'a>,
    error: &'s mut Option<WireError>,
}

impl Iterator for Keys<'_, '_, '_> {
    type Item = Key;

    #[inline]
    fn next(&mut self) -> Option<Key> {
        if self.packed.is_empty() {
            return None;
        }
        let number = self.packed.uint32();
        match number.and_then(|number| self.protocol.symbol(number, &self.packed)) {
            Ok((_, key)) => Some(*key),
            Err(error) => {
                *self.error = Some(error);
                None
            }
        }
    }
}

impl<'a> Protocol<'a> for V2<'a, '_> {
    const EXEMPLARS_COUNT: bool = true;

    #[inline]
    fn locate(&self, message: Reader<'a>) -> Result<Located<'a>, WireError> {
        let mut rest = message;
        if rest.tag()? != Some(LABEL_REFS) {
            return Ok(Located { message, rest: message, key: None });
        }
        let packed = rest.message()?;
        let mut error = None;
        let key = self.keys.of_keys(Keys { protocol: self, packed, error: &mut error });
        match error {
            None => Ok(Located { message, rest, key: Some(key) }),
            Some(error) => Err(error),
        }
    }

    fn pairs(&self, mut message: Reader<'a>) -> Result<Vec<RawPair<'a>>, WireError> {
        let mut pairs = Pairs::default();
        while let Some(tag) = message.tag()? {
            match tag {
                LABEL_REF | LABEL_REFS => self.refs(&mut message, tag, &mut pairs)?,
                other => message.skip(other)?,
            }
        }
        pairs.finish(&message)
    }

    #[inline]
    fn entry(&self, rest: &mut Reader<'a>, set_apart: bool) -> Result<Option<Entry<'a>>, WireError> {
        while let Some(tag) = rest.tag()? {
            match tag {
                SAMPLE => return read_sample(rest.message()?).map(Some),
                HISTOGRAM => return rest.message().map(|message| Some(Entry::Histogram(message))),
                EXEMPLAR => return rest.message().map(|message| Some(Entry::Exemplar(message))),
                METADATA => return rest.message().map(|message| Some(Entry::Metadata(message))),
                LABEL_REF | LABEL_REFS if set_apart => {
                    return Err(rest.error("labels stand on both sides of samples"));
                }
                other => rest.skip(other)?,
            }
        }
        Ok(None)
    }

    fn start(&self, message: Reader<'a>) -> Result<i64, WireError> {
        message.int_of(START)
    }

    fn exemplar(&self, mut message: Reader<'a>) -> Result<RawExemplar<'a>, WireError> {
        const VALUE: u32 = fixed64(2);
        const TIMESTAMP: u32 = varint(3);
        let mut exemplar = RawExemplar::default();
        let mut pairs = Pairs::default();
        while let Some(tag) = message.tag()? {
            match tag {
                LABEL_REF | LABEL_REFS => self.refs(&mut message, tag, &mut pairs)?,
                VALUE => exemplar.value = message.double()?,
                TIMESTAMP => exemplar.t = message.int()?,
                other => message.skip(other)?,
            }
        }
        exemplar.pairs = pairs.finish(&message)?;
        Ok(exemplar)
    }

    fn metadata(&self, mut message: Reader<'a>) -> Result<RawMetadata<'a>, WireError> {
        const TYPE: u32 = varint(1);
        const HELP: u32 = varint(3);
        const UNIT: u32 = varint(4);
        let (mut kind, mut help, mut unit) = (0, 0, 0);
        while let Some(tag) = message.tag()? {
            match tag {
                TYPE => kind = message.number()?,
                HELP => help = message.uint32()?,
                UNIT => unit = message.uint32()?,
                other => message.skip(other)?,
            }
        }
        // Reference 0 means "not said", even where the table of symbols is missing.
        let text = |number| if number == 0 { Ok(None) } else { self.symbol(number, &message).map(Some) };
        let (help, unit) = (text(help)?, text(unit)?);
        let parts = [help, unit].map(|text| text.map(|(_, key)| *key));
        let hash = match (kind, parts) {
            (0, [None, None]) => 0,
            (kind, [help, unit]) => Key::digest(kind, help, unit) | 1,
        };
        let bytes = |text: Option<&(&'a [u8], Key)>| text.map_or(&[][..], |(bytes, _)| *bytes);
        Ok(RawMetadata { kind, help: bytes(help), unit: bytes(unit), hash })
    }
}
