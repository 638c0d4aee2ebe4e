//! When a view asks again.

/// Intervals that the refresh menu offers, as durations; the empty one is off.
pub const INTERVALS: &[&str] = &["", "5s", "10s", "30s", "1m", "5m", "15m", "1h"];

/// Interval of the live tail in milliseconds, before the scrape interval is minded.
const LIVE_MS: i64 = 1_000;

/// What the refresh setting of an address means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Only when asked.
    #[default]
    Off,
    /// Every so many milliseconds.
    Every(i64),
    /// As often as new samples can come.
    Live,
}

impl Refresh {
    /// Reads `live`, a duration, or anything else as off.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "live" {
            return Self::Live;
        }
        match model::parse_duration(text) {
            Ok(ms) if ms >= 1_000 => Self::Every(ms),
            _ => Self::Off,
        }
    }

    /// The text for the address; empty for off.
    #[must_use]
    pub fn print(self) -> String {
        match self {
            Self::Off => String::new(),
            Self::Live => "live".to_owned(),
            Self::Every(ms) => model::format_duration(ms),
        }
    }

    /// The interval in milliseconds, if there is one.
    #[must_use]
    pub fn interval_ms(self, scrape_interval_ms: i64) -> Option<i64> {
        match self {
            Self::Off => None,
            Self::Every(ms) => Some(ms),
            Self::Live => Some(scrape_interval_ms.clamp(LIVE_MS, 15_000)),
        }
    }
}

/// What the scheduler knows.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The clock.
    pub now_ms: i64,
    /// When the last round began.
    pub last_ms: i64,
    /// Whether the tab is hidden.
    pub hidden: bool,
    /// Whether the last round has not ended.
    pub busy: bool,
}

/// Milliseconds until the next round may begin; 0 is now, `None` is not before something changes (the tab
/// is shown, the round ends, an interval is chosen). Rounds never pile up.
#[must_use]
pub fn wait_ms(interval_ms: Option<i64>, at: Moment) -> Option<i64> {
    if at.hidden || at.busy {
        return None;
    }
    let interval = interval_ms?;
    // A clock that was put back must not stop the refresh.
    let elapsed = (at.now_ms - at.last_ms).clamp(0, interval);
    Some(interval - elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        assert_eq!(Refresh::parse("10s"), Refresh::Every(10_000));
        assert_eq!(Refresh::parse("live"), Refresh::Live);
        assert_eq!(Refresh::parse("1ms"), Refresh::Off);
        assert_eq!(Refresh::parse("x"), Refresh::Off);
        for text in INTERVALS {
            assert_eq!(Refresh::parse(text).print(), *text);
        }
        assert_eq!(Refresh::Live.interval_ms(5_000), Some(5_000));
    }

    #[test]
    fn rounds() {
        let at = Moment { now_ms: 12_000, last_ms: 10_000, hidden: false, busy: false };
        assert_eq!(wait_ms(Some(5_000), at), Some(3_000));
        assert_eq!(wait_ms(Some(1_000), at), Some(0));
        assert_eq!(wait_ms(None, at), None);
        assert_eq!(wait_ms(Some(5_000), Moment { hidden: true, ..at }), None);
        assert_eq!(wait_ms(Some(5_000), Moment { busy: true, ..at }), None);
        assert_eq!(wait_ms(Some(5_000), Moment { now_ms: 0, ..at }), Some(5_000));
    }
}
