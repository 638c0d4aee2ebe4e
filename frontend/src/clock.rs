//! The browser's clock and time zone. The clock is put right by the server's, so that "last 5 minutes"
//! means the same on a machine whose clock is off.

use std::sync::atomic::{AtomicI64, Ordering};

static SKEW_MS: AtomicI64 = AtomicI64::new(0);
/// Differences that a slow answer explains are not corrected.
const SKEW_MS_MIN: i64 = 2_000;

/// Now, milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    js_sys::Date::now() as i64 + SKEW_MS.load(Ordering::Relaxed)
}

/// Takes note of the server's clock.
pub(crate) fn set_server_now(server_ms: i64) {
    let skew = server_ms - js_sys::Date::now() as i64;
    if server_ms > 0 && skew.abs() > SKEW_MS_MIN {
        SKEW_MS.store(skew, Ordering::Relaxed);
    }
}

/// Offset of local time from UTC at `t`, in milliseconds.
pub(crate) fn zone(t: i64) -> i64 {
    let date = js_sys::Date::new(&(t as f64).into());
    -(date.get_timezone_offset() * 60_000.0) as i64
}

/// Name of the time zone, such as `Europe/Berlin`.
pub(crate) fn zone_name() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into())
        .ok()
        .and_then(|v| v.as_string())
        .unwrap_or_default()
}

/// `2026-11-21 14:05:09` in local time.
pub(crate) fn local(t: i64) -> String {
    scene::civil::format_local(t, &zone)
}

/// The same with the zone.
pub(crate) fn absolute(t: i64) -> String {
    scene::words::absolute(t, &zone)
}
