//! Prometheus' write-ahead log: any bytes are read as a segment, and decoded as a record of each kind.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = tsdb::fuzz_prometheus_records(data);
});
