//! Requests of remote read, compressed: any bytes are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let _ = remote::read::decode(body);
    if let Ok(packed) = snap::raw::Encoder::new().compress_vec(body) {
        let _ = remote::read::decode(&packed);
    }
});
