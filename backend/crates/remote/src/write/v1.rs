//! Remote write 1.0: `prometheus.WriteRequest`.
//!
//! Source: the Remote-Write 1.0 specification; `prompb/remote.proto` and `types.proto` of Prometheus.

use crate::labels::{RawPair, read_pair};
use crate::wire::{Reader, WireError, bytes, fixed64, varint};
use crate::write::cache::KeyMaker;
use crate::write::protocol::{Entry, Located, Protocol, RawExemplar, RawMetadata, read_sample};

/// Name of the message.
pub(crate) const MESSAGE: &str = "prometheus.WriteRequest";

const SERIES: u32 = bytes(1);
const METADATA: u32 = bytes(3);

const LABEL: u32 = bytes(1);
const SAMPLE: u32 = bytes(2);
const EXEMPLAR: u32 = bytes(3);
const HISTOGRAM: u32 = bytes(4);

/// What stands at the top of a request.
pub(crate) enum Part<'a> {
    /// A `TimeSeries` message.
    Series(Reader<'a>),
    /// A `MetricMetadata` message.
    Metadata(Reader<'a>),
}

/// The next part of a request.
#[inline]
pub(crate) fn part<'a>(request: &mut Reader<'a>) -> Result<Option<Part<'a>>, WireError> {
    while let Some(tag) = request.tag()? {
        match tag {
            SERIES => return request.message().map(|message| Some(Part::Series(message))),
            METADATA => return request.message().map(|message| Some(Part::Metadata(message))),
            other => request.skip(other)?,
        }
    }
    Ok(None)
}

/// Reads a `MetricMetadata` message: the name of the family and what is said about it.
pub(crate) fn family_metadata(mut message: Reader<'_>) -> Result<(&[u8], RawMetadata<'_>), WireError> {
    const TYPE: u32 = varint(1);
    const FAMILY: u32 = bytes(2);
    const HELP: u32 = bytes(4);
    const UNIT: u32 = bytes(5);
    let mut family: &[u8] = &[];
    let mut metadata = RawMetadata { kind: 0, help: &[], unit: &[], hash: 1 };
    while let Some(tag) = message.tag()? {
        match tag {
            TYPE => metadata.kind = message.number()?,
            FAMILY => family = message.message()?.rest(),
            HELP => metadata.help = message.message()?.rest(),
            UNIT => metadata.unit = message.message()?.rest(),
            other => message.skip(other)?,
        }
    }
    Ok((family, metadata))
}

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct V1<'k> {
    pub(crate) keys: &'k KeyMaker,
}

impl<'a> Protocol<'a> for V1<'_> {
    const EXEMPLARS_COUNT: bool = false;

    #[inline]
    fn locate(&self, message: Reader<'a>) -> Result<Located<'a>, WireError> {
        let mut rest = message;
        while let [first, ..] = rest.rest()
            && u32::from(*first) == LABEL
        {
            rest.tag()?;
            rest.message()?;
        }
        let whole = message.rest();
        let labels = &whole[..whole.len() - rest.rest().len()];
        let key = (!labels.is_empty()).then(|| self.keys.of_bytes(labels));
        Ok(Located { message, rest, key })
    }

    fn pairs(&self, mut message: Reader<'a>) -> Result<Vec<RawPair<'a>>, WireError> {
        let mut pairs = Vec::with_capacity(16);
        while let Some(tag) = message.tag()? {
            match tag {
                LABEL => pairs.push(read_pair(message.message()?)?),
                other => message.skip(other)?,
            }
        }
        Ok(pairs)
    }

    #[inline]
    fn entry(&self, rest: &mut Reader<'a>, set_apart: bool) -> Result<Option<Entry<'a>>, WireError> {
        while let Some(tag) = rest.tag()? {
            match tag {
                SAMPLE => return read_sample(rest.message()?).map(Some),
                EXEMPLAR => return rest.message().map(|message| Some(Entry::Exemplar(message))),
                HISTOGRAM => return rest.message().map(|message| Some(Entry::Histogram(message))),
                LABEL if set_apart => return Err(rest.error("labels stand on both sides of samples")),
                other => rest.skip(other)?,
            }
        }
        Ok(None)
    }

    fn start(&self, _message: Reader<'a>) -> Result<i64, WireError> {
        Ok(0)
    }

    fn exemplar(&self, mut message: Reader<'a>) -> Result<RawExemplar<'a>, WireError> {
        const VALUE: u32 = fixed64(2);
        const TIMESTAMP: u32 = varint(3);
        let mut exemplar = RawExemplar::default();
        while let Some(tag) = message.tag()? {
            match tag {
                LABEL => exemplar.pairs.push(read_pair(message.message()?)?),
                VALUE => exemplar.value = message.double()?,
                TIMESTAMP => exemplar.t = message.int()?,
                other => message.skip(other)?,
            }
        }
        Ok(exemplar)
    }

    fn metadata(&self, _message: Reader<'a>) -> Result<RawMetadata<'a>, WireError> {
        Ok(RawMetadata { kind: 0, help: &[], unit: &[], hash: 0 })
    }
}
