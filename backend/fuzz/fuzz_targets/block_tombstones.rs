//! Tombstones: any bytes are read as such.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    tsdb::block::fuzz_tombstones(data);
});
