//! Histogram chunks: any bytes are read or refused; what can be read can be taken up, goes on, and its last
//! sample begins a chunk of its own.
#![no_main]

use chunk::{HistogramChunk, HistogramKind, decode_histograms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, data)) = data.split_first() else { return };
    let kind = if first & 1 == 0 { HistogramKind::Integer } else { HistogramKind::Float };
    let mut count = 0usize;
    let mut last = None;
    let outcome = decode_histograms(kind, data, |t, histogram| {
        count += 1;
        last = Some((t, histogram.clone()));
        true
    });
    assert!(count <= data.len() * 8);
    let taken_up = HistogramChunk::from_bytes(kind, data.to_vec());
    assert_eq!(taken_up.is_ok(), outcome.is_ok());
    let (Ok(mut chunk), Some((t, mut histogram))) = (taken_up, last) else { return };
    assert!(chunk.heap_bytes() < 4096 + data.len() * 256);

    // Another bucket, so that the chunk is written again.
    if first & 2 != 0 && !histogram.positive_spans.is_empty() {
        histogram.positive_spans[0].offset = histogram.positive_spans[0].offset.wrapping_sub(1);
        histogram.positive_spans[0].length = histogram.positive_spans[0].length.wrapping_add(1);
        histogram.positive_buckets.insert(0, 3.0);
    }
    let header = chunk.header_after_cut(&histogram);
    if chunk.append(t, &histogram).is_ok() {
        count += 1;
    }
    let mut again = 0usize;
    let read = decode_histograms(kind, &chunk.to_bytes(), |_, _| {
        again += 1;
        true
    });
    assert_eq!((read, again), (Ok(()), count));
    if let Ok(next) = HistogramChunk::begin(kind, header, t, &histogram) {
        assert!(decode_histograms(kind, &next.to_bytes(), |_, _| true).is_ok());
    }
});
