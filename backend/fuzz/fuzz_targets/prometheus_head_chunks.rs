//! Prometheus' head chunks: any bytes are read as a file of them, and decoded as a chunk of each encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = tsdb::fuzz_prometheus_head_chunks(data);
});
