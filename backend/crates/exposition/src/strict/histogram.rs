//! Whether the samples of one histogram fit together.

use super::family::Complaint;
use crate::number::parse_float;

/// One histogram (one group at one time) while its samples come in.
pub(super) struct HistogramCheck {
    name: String,
    starts_at: usize,
    bound: Option<f64>,
    bucket: f64,
    count: Option<f64>,
    sum: Option<f64>,
    gauge_sum: Option<f64>,
    has_negative_bound: bool,
}

impl HistogramCheck {
    pub(super) fn new(name: &str, starts_at: usize) -> Self {
        Self {
            name: name.to_owned(),
            starts_at,
            bound: None,
            bucket: 0.0,
            count: None,
            sum: None,
            gauge_sum: None,
            has_negative_bound: false,
        }
    }

    pub(super) fn sample(&mut self, suffix: &str, le: &str, value: f64) -> Result<(), String> {
        match suffix {
            "_bucket" => {
                let bound = parse_float(le.as_bytes()).unwrap_or(f64::NAN);
                if self.bound.is_some_and(|before| bound <= before) {
                    return Err(format!("the buckets of {} are not in ascending order", self.name));
                }
                if value < self.bucket {
                    return Err(format!("the buckets of {} are not cumulative", self.name));
                }
                self.has_negative_bound |= bound < 0.0;
                self.bound = Some(bound);
                self.bucket = value;
            }
            "_count" | "_gcount" => self.count = Some(value),
            "_sum" => self.sum = Some(value),
            "_gsum" => self.gauge_sum = Some(value),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Complaint> {
        let name = &self.name;
        let has_sum = self.sum.is_some() || self.gauge_sum.is_some();
        let why = if self.bound != Some(f64::INFINITY) {
            format!("{name} has no bucket le=\"+Inf\"")
        } else if self.count.is_some_and(|count| count != self.bucket) {
            format!("the count of {name} differs from its bucket le=\"+Inf\"")
        } else if has_sum && self.count.is_none() {
            format!("{name} has a sum but no count")
        } else if !has_sum && self.count.is_some() {
            format!("{name} has a count but no sum")
        } else if self.has_negative_bound && self.sum.is_some() {
            format!("{name} has buckets below zero and so cannot have a sum")
        } else if !self.has_negative_bound && self.gauge_sum.is_some_and(|sum| sum < 0.0) {
            format!("{name} has a negative sum without buckets below zero")
        } else {
            return Ok(());
        };
        Err((self.starts_at, why))
    }
}
