//! Bodies of remote write 2.0, uncompressed: any bytes are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use remote::write::{WriteMessage, fuzz};

fuzz_target!(|body: &[u8]| {
    let _ = fuzz(WriteMessage::V2, body);
});
