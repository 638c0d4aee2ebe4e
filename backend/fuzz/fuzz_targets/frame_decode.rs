//! Frames: whatever is decoded is encoded to the same bytes' meaning, and nothing panics.
#![no_main]

use api::frame::Frame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(frame) = Frame::decode(bytes) {
        let again = Frame::decode(&frame.encode()).expect("what was read can be written and read");
        assert_eq!(frame.series.len(), again.series.len());
        for (a, b) in frame.series.iter().zip(&again.series) {
            assert_eq!(a.labels, b.labels);
            assert!(a.values.iter().map(|v| v.to_bits()).eq(b.values.iter().map(|v| v.to_bits())));
        }
    }
});
