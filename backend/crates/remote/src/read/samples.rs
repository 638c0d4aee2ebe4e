//! The answer as one `ReadResponse` with all samples.

use storage::{Cancel, Samples, Storage};

use crate::read::answer::{read, select};
use crate::read::{ReadError, ReadLimits, ReadRequest};
use crate::wire::{put_double, put_message, put_varint};
use crate::{histogram, labels, snappy};

/// Answers `request`, packed with snappy.
///
/// # Errors
/// When there are too many samples, the store cannot be read, or nobody waits any more.
pub fn samples(
    storage: &dyn Storage,
    request: &ReadRequest,
    limits: &ReadLimits,
    cancel: &Cancel,
) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    let (mut column, mut total) = (Samples::default(), 0);
    for query in &request.queries {
        let mut result = Vec::new();
        for (labels, series) in select(storage, query, cancel)? {
            read(series.as_ref(), query, cancel, &mut column)?;
            if column.is_empty() {
                continue;
            }
            total += column.len() as u64;
            if limits.samples > 0 && total > limits.samples {
                return Err(ReadError::TooManySamples(limits.samples));
            }
            put_message(&mut result, 1, |out| {
                labels::put_labels(out, 1, &labels);
                put_samples(out, &column);
            });
        }
        put_message(&mut body, 1, |out| out.append(&mut result));
    }
    Ok(snappy::pack(&body)?)
}

fn put_samples(out: &mut Vec<u8>, column: &Samples) {
    let mut histograms = column.histograms.iter().peekable();
    for (at, (t, value)) in column.timestamps.iter().zip(&column.floats).enumerate() {
        match histograms.next_if(|(place, _)| *place as usize == at) {
            Some((_, histogram)) => histogram::put(out, 4, *t, histogram),
            None => put_message(out, 2, |out| {
                put_double(out, 1, *value);
                put_varint(out, 2, t.cast_unsigned());
            }),
        }
    }
}
