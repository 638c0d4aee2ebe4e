//! Order as people sort: runs of digits by their number, the rest without regard to case.

use std::cmp::Ordering;

/// Compares two texts; equal only when the texts are.
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        match (left.first(), right.first()) {
            (None, None) => return a.cmp(b),
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, y) = (digits(left), digits(right));
                let (xs, ys) = (trim_zeros(x), trim_zeros(y));
                let order = xs.len().cmp(&ys.len()).then_with(|| xs.cmp(ys));
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (&left[x.len()..], &right[y.len()..]);
            }
            (Some(x), Some(y)) => {
                let order = x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase());
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (&left[1..], &right[1..]);
            }
        }
    }
}

fn digits(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len());
    &bytes[..end]
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|b| *b != b'0').unwrap_or(digits.len());
    &digits[start..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_within_text() {
        let mut names = ["gpu10", "gpu2", "GPU1", "gpu01", "a", "gpu"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["a", "gpu", "GPU1", "gpu01", "gpu2", "gpu10"]);
    }

    proptest! {
        #[test]
        fn a_total_order(a in "[a-bA0-2]{0,5}", b in "[a-bA0-2]{0,5}", c in "[a-bA0-2]{0,5}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater);
            }
        }
    }
}
