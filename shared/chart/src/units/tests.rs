//! Golden table of written values.

use super::*;

fn one(unit: &str, value: f64) -> String {
    Unit::parse(unit).format(value, None).join().replace('\u{a0}', " ")
}

#[test]
fn values_are_written_in_their_unit() {
    let mut out = String::new();
    for (unit, values) in [
        ("short", &[0.0, 0.00123, 1.0, 12.345, 999.4, 999.6, 1234.0, 1.5e6, 2e9, 1e300, -1234.0][..]),
        ("none", &[0.0, 1.5, 1234.5, 123456.0, 1e15]),
        ("bytes", &[0.0, 512.0, 1024.0, 1536.0, 1_048_576.0, 8.5e9, 1e15, -2048.0]),
        ("decbytes", &[999.0, 1000.0, 1.5e9]),
        ("decmbytes", &[0.5, 1500.0]),
        ("mbytes", &[80.0, 81_920.0]),
        ("binBps", &[2048.0]),
        ("Bps", &[2500.0]),
        ("bps", &[1e9]),
        ("MBs", &[1.2]),
        ("pps", &[12.0, 12_000.0]),
        ("percent", &[0.0, 45.0, 99.5, 99.95, 99.9987, 100.0]),
        ("%", &[45.5]),
        ("percentunit", &[0.0, 0.4567, 1.0, 1.5]),
        ("s", &[0.0, 1.5e-9, 2.5e-6, 0.0345, 0.9999, 1.0, 90.0, 150.0, 5400.0, 9000.0, 200_000.0, -0.25]),
        ("ms", &[0.5, 12.0, 1500.0]),
        ("µs", &[0.5, 1500.0]),
        ("dtdurations", &[0.0, 0.0005, 0.25, 59.0, 3599.999, 3600.0, 7500.0, 90_061.0, 4e7, -300.0]),
        ("dthms", &[7510.0, 100_000.0]),
        ("dateTimeAsIso", &[0.0, 1.795_228_8e12]),
        ("locale", &[12.5, 1234.0, 1_234_567.8, -1_000_000.0]),
        ("ops", &[3.0, 4500.0]),
        ("reqps", &[120.0]),
        ("iops", &[1.0]),
        ("eps", &[1.0]),
        ("cps", &[1.0]),
        ("opm", &[1.0]),
        ("rowsps", &[1.0]),
        ("hertz", &[2.4e9, 0.5]),
        ("MHz", &[1980.0, 405.0]),
        ("watt", &[700.0, 12_500.0]),
        ("celsius", &[65.5]),
        ("currencyUSD", &[0.0, 12.5, 1_250.0, 3.2e6, -12.5]),
        ("GPUs", &[8.0]),
        ("tokens/s", &[950.0, 12_345.0]),
        ("suffix:cores", &[3.5]),
        ("bool", &[0.0, 1.0]),
    ] {
        out.push_str(unit);
        out.push(':');
        for value in values {
            out.push_str("  ");
            out.push_str(&one(unit, *value));
        }
        out.push('\n');
    }
    insta::assert_snapshot!(out);
}

#[test]
fn what_is_no_number_says_so() {
    for unit in ["short", "bytes", "s", "dtdurations", "dateTimeAsIso", "locale", "bool", "x"] {
        assert_eq!(one(unit, f64::NAN), "NaN");
        assert_eq!(one(unit, f64::INFINITY), "∞");
        assert_eq!(one(unit, f64::NEG_INFINITY), "-∞");
    }
}

#[test]
fn decimals_are_kept_exactly() {
    assert_eq!(Unit::parse("bytes").format(1536.0, Some(3)).join(), "1.500\u{a0}KiB");
    assert_eq!(Unit::parse("percentunit").format(0.5, Some(1)).join(), "50.0%");
    assert_eq!(Unit::parse("short").format(0.0, Some(2)).join(), "0.00");
    assert_eq!(fixed(-0.001, 2), "0.00");
    assert_eq!(fixed(1.0 / 3.0, 200), "0.333333333333");
    assert_eq!(fixed(999.995, 2), "1000.00");
}

#[test]
fn an_axis_has_one_scale() {
    let write = |unit: &str, max: f64, step: f64, values: &[f64]| {
        let axis = Unit::parse(unit).axis(max, step, None);
        values.iter().map(|v| axis.format(*v).join().replace('\u{a0}', " ")).collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(
        write("bytes", 3e9, 1_073_741_824.0, &[0.0, 1_073_741_824.0, 2_147_483_648.0]),
        "0 | 1 GiB | 2 GiB"
    );
    assert_eq!(write("s", 1.2, 0.5, &[0.0, 0.5, 1.0]), "0 | 0.5 s | 1.0 s");
    assert_eq!(write("s", 0.4, 0.1, &[0.0, 0.1, 0.4]), "0 | 100 ms | 400 ms");
    assert_eq!(write("percentunit", 1.0, 0.25, &[0.0, 0.25, 1.0]), "0% | 25% | 100%");
    assert_eq!(write("short", 1500.0, 500.0, &[0.0, 500.0, 1500.0]), "0 | 0.5 k | 1.5 k");
    assert_eq!(write("currencyUSD", 2.0, 0.5, &[0.0, 1.5]), "$0.0 | $1.5");
}
