//! Both protobuf schemas: any bytes are read or refused.
#![no_main]

use exposition::{Format, summary};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let _ = summary(body, Format::Protobuf);
    let _ = summary(body, Format::OpenMetricsProtobuf);
});
