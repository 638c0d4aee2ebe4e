//! XOR chunks: any bytes are read or refused; what can be read can be taken up and goes on.
#![no_main]

use chunk::{XorChunk, decode_xor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut samples = Vec::new();
    let outcome = decode_xor(data, |t, value| {
        samples.push((t, value.to_bits()));
        true
    });
    assert!(samples.len() <= data.len() * 8);
    let taken_up = XorChunk::from_bytes(data.to_vec());
    assert_eq!(taken_up.is_ok(), outcome.is_ok());
    let Ok(mut chunk) = taken_up else { return };
    if chunk.append(1, 0.5).is_ok() {
        samples.push((1, 0.5f64.to_bits()));
    }
    let mut again = Vec::new();
    let read = decode_xor(&chunk.to_bytes(), |t, value| {
        again.push((t, value.to_bits()));
        true
    });
    assert!(read.is_ok());
    assert_eq!(again, samples);
});
