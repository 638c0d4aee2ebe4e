//! The write-ahead log: any bytes are searched for records, and decoded as each kind of record.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = tsdb::fuzz_records(data);
});
