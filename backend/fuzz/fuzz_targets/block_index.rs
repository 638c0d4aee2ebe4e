//! An index: any bytes are read as one, with all its values, postings and series.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    tsdb::block::fuzz_index(data);
});
