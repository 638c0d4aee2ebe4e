//! A native histogram as text: `{count:4, sum:5, (0.5,1]:1, (1,2]:3}`, as Prometheus prints it.

use std::fmt::Write as _;

use model::Histogram;

use crate::histogram::buckets::{negative, positive, upper_bound};

/// The text, as it also becomes a label value in `count_values`.
pub(crate) fn text(h: &Histogram) -> String {
    let mut out = format!("{{count:{}, sum:{}", number(h.count), number(h.sum));
    // Writing into a String cannot fail.
    for (i, count) in negative(h).into_iter().rev().filter(|(_, c)| *c != 0.0) {
        let bounds = (-upper_bound(h, i), -upper_bound(h, i - 1));
        let _ = write!(out, ", [{},{}):{}", number(bounds.0), number(bounds.1), number(count));
    }
    if h.zero_count != 0.0 {
        let width = number(h.zero_threshold);
        let _ = write!(out, ", [-{width},{width}]:{}", number(h.zero_count));
    }
    for (i, count) in positive(h).into_iter().filter(|(_, c)| *c != 0.0) {
        let bounds = (upper_bound(h, i - 1), upper_bound(h, i));
        let open = if bounds.0 == f64::NEG_INFINITY { '[' } else { '(' };
        let _ = write!(out, ", {open}{},{}]:{}", number(bounds.0), number(bounds.1), number(count));
    }
    out.push('}');
    out
}

/// A float as Go's `%g` prints it.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_prints_them() {
        let want = ["0", "-0", "1.5", "1e+21", "123456789", "1e-05", "0.0001", "+Inf", "NaN"];
        let got = [0.0, -0.0, 1.5, 1e21, 123_456_789.0, 1e-5, 1e-4, f64::INFINITY, f64::NAN];
        assert_eq!(got.map(number), want);
    }
}
