//! Dashboard documents: reading and checking never panics, and a right document survives a round trip.
#![no_main]

use dashboard::Dashboard;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = serde_json::from_slice::<Dashboard>(bytes)
        && dashboard::validate(&document).is_empty()
    {
        let text = serde_json::to_string(&document).expect("a document can be written");
        let again: Dashboard = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(serde_json::to_string(&again).expect("a document can be written"), text);
    }
});
