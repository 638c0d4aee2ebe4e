//! A segment of chunks: any bytes are read as one, and each chunk in it as samples.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    tsdb::block::fuzz_chunks(data);
});
