//! How finely a panel asks: the step of a range query from its range and width, and the intervals that
//! queries may use.

use model::TimeRange;

/// Most points per series that Prometheus answers.
pub const POINTS_MAX: i64 = 11_000;

/// Steps that are taken, in milliseconds; beyond the last one, whole days.
const NICE_MS: [i64; 26] = [
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 900_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
    86_400_000,
];

/// The step for a panel `width_px` CSS pixels wide: about one point per 1.5 pixels, not finer than data is
/// collected, and a round number so that a moving range asks for the same moments again.
#[must_use]
pub fn choose_step_ms(range: TimeRange, width_px: f64, scrape_interval_ms: i64) -> i64 {
    let length = (range.end_ms - range.start_ms).max(1);
    let points = ((width_px / 1.5) as i64).clamp(50, 2_000);
    let wanted = (length / points).max(scrape_interval_ms).max(1);
    let step = round_up(wanted);
    if length / step < POINTS_MAX { step } else { round_up(length / (POINTS_MAX - 1) + 1) }
}

fn round_up(wanted: i64) -> i64 {
    // A scrape interval that is itself no round number (7 s) is kept by going to the next round one.
    match NICE_MS.iter().find(|nice| **nice >= wanted) {
        Some(nice) => *nice,
        None => (wanted + 86_399_999) / 86_400_000 * 86_400_000,
    }
}

/// The range with both ends put on multiples of the step, so that neighbouring questions share their
/// moments and the server may use what it computed before.
#[must_use]
pub fn align(range: TimeRange, step_ms: i64) -> TimeRange {
    TimeRange::new(range.start_ms.div_euclid(step_ms) * step_ms, range.end_ms.div_euclid(step_ms) * step_ms)
}

/// `$__rate_interval`: wide enough that a rate sees at least four scrapes.
#[must_use]
pub fn rate_interval_ms(step_ms: i64, scrape_interval_ms: i64) -> i64 {
    (step_ms + scrape_interval_ms).max(4 * scrape_interval_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_ranges() {
        let step = |hours: i64, width| choose_step_ms(TimeRange::new(0, hours * 3_600_000), width, 5_000);
        assert_eq!(step(1, 600.0), 10_000);
        assert_eq!(step(6, 1_200.0), 30_000);
        assert_eq!(step(24 * 7, 1_200.0), 900_000);
        assert_eq!(choose_step_ms(TimeRange::new(0, 60_000), 600.0, 5_000), 5_000);
        assert_eq!(rate_interval_ms(10_000, 5_000), 20_000);
        assert_eq!(rate_interval_ms(60_000, 5_000), 65_000);
    }

    proptest! {
        #[test]
        fn never_more_than_the_server_answers(length in 1i64..4_000_000_000_000, width in 0.0..20_000.0f64,
                scrape in 1i64..600_000) {
            let step = choose_step_ms(TimeRange::new(0, length), width, scrape);
            prop_assert!(step >= scrape);
            prop_assert!(length / step < POINTS_MAX);
        }
        #[test]
        fn aligned_ends_lie_on_the_step(start in -1_000_000i64..1_000_000, length in 0i64..1_000_000, step in 1i64..10_000) {
            let a = align(TimeRange::new(start, start + length), step);
            prop_assert!(a.start_ms % step == 0 && a.end_ms % step == 0);
            prop_assert!(a.start_ms <= start && start - a.start_ms < step && a.end_ms <= start + length);
        }
    }
}
