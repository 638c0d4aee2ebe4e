//! Printing numbers with fixed or significant digits, without the standard library's float formatting
//! (which would be a large part of the browser's download).

/// Beyond this, digits after the point mean nothing and numbers are written with an exponent.
const LARGEST_FIXED: f64 = 1e15;

/// A finite number with exactly `digits` after the point (at most 12); `-0` is written `0`.
#[must_use]
pub fn fixed(value: f64, digits: u8) -> String {
    let digits = u32::from(digits.min(12));
    let mut power = 10_u64.pow(digits) as f64;
    let mut digits = digits;
    let magnitude = value.abs();
    if !value.is_finite() {
        return String::from(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "∞"
        } else {
            "-∞"
        });
    }
    if magnitude >= LARGEST_FIXED {
        return exponent(value);
    }
    while magnitude * power >= 9e15 && digits > 0 {
        digits -= 1;
        power /= 10.0;
    }
    let scaled = (magnitude * power).round() as u64;
    let mut out = String::with_capacity(20);
    if value < 0.0 && scaled > 0 {
        out.push('-');
    }
    push_integer(&mut out, scaled / power as u64);
    if digits > 0 {
        out.push('.');
        let mut fraction = scaled % power as u64;
        let mut place = power as u64 / 10;
        while place > 0 {
            out.push(char::from(b'0' + (fraction / place) as u8));
            fraction %= place;
            place /= 10;
        }
    }
    out
}

/// Three significant digits, zeros at the end left out: `0.00123`, `1.5`, `12.3`, `1230`.
pub(super) fn significant(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= LARGEST_FIXED || (magnitude > 0.0 && magnitude < 1e-9) {
        return exponent(value);
    }
    let digits = if magnitude == 0.0 { 0.0 } else { (2.0 - magnitude.log10().floor()).clamp(0.0, 12.0) };
    let mut text = fixed(value, digits as u8);
    trim_zeros(&mut text);
    text
}

/// Just under a hundred: as many digits as tell it from a hundred, at most five.
pub(super) fn below_hundred(value: f64) -> String {
    let rest = 100.0 - value.abs();
    let digits = (1.0 - rest.log10().floor()).clamp(1.0, 5.0);
    let mut text = fixed(value, digits as u8);
    trim_zeros(&mut text);
    text
}

/// Grouped by thousands: `1,234,567.8`.
#[must_use]
pub fn grouped(value: f64, decimals: Option<u8>) -> String {
    let text = match decimals {
        Some(digits) => fixed(value, digits),
        None if value.abs() < 1000.0 => significant(value),
        None => fixed(value, 0),
    };
    if text.contains(['e', '∞', 'N']) {
        return text;
    }
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, whole) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut out = String::with_capacity(text.len() + whole.len() / 3);
    out.push_str(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

/// Digits that tell multiples of `step` apart.
pub(super) fn digits_for_step(step: f64) -> u8 {
    if !step.is_finite() || step <= 0.0 {
        return 0;
    }
    let mut digits = 0;
    let mut scaled = step;
    // 0.25 needs two digits although its magnitude says one.
    while digits < 9 && (scaled - scaled.round()).abs() > 1e-6 * scaled.max(1.0) {
        scaled *= 10.0;
        digits += 1;
    }
    digits
}

fn exponent(value: f64) -> String {
    let mut power = value.abs().log10().floor();
    // In two steps, as 10^308 times something overflows.
    let mut mantissa =
        value / 10_f64.powf((power / 2.0).trunc()) / 10_f64.powf(power - (power / 2.0).trunc());
    if mantissa.abs() >= 9.995 {
        mantissa /= 10.0;
        power += 1.0;
    }
    let mut out = fixed(mantissa, 2);
    trim_zeros(&mut out);
    out.push('e');
    if power < 0.0 {
        out.push('-');
    }
    push_integer(&mut out, power.abs() as u64);
    out
}

fn trim_zeros(text: &mut String) {
    if text.contains('.') {
        let kept = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(kept);
    }
}

/// Appends a whole number.
pub(crate) fn push_integer(out: &mut String, mut n: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|&b| char::from(b)));
}

/// Appends a whole number with at least two digits.
pub(crate) fn push_two(out: &mut String, n: u64) {
    if n < 10 {
        out.push('0');
    }
    push_integer(out, n);
}
