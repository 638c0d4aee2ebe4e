//! `limitk` and `limit_ratio`: a part of the series, the same part every time.

use model::Labels;
use promql_syntax::ast::Aggregate;

use crate::aggregate::rank::limits;
use crate::annotations::Severity;
use crate::column::{Column, Row};
use crate::context::Context;
use crate::error::{EvalError, Result};
use crate::histogram::format::number;
use crate::steps::Steps;

impl Context<'_> {
    pub(super) fn limit_k(&self, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
        let (k, _) = self.parameter(aggregate, steps)?;
        let (rows, groups) = self.grouped(aggregate, steps)?;
        let limits = limits(&k, steps)?;
        self.release_rows(&rows);
        let mut out = Vec::new();
        for (_, members) in groups {
            let mut taken = vec![0; steps.count];
            for index in members {
                let row = &rows[index];
                let mut values = Column::absent(steps.count);
                for step in (0..steps.count).filter(|step| row.values.is_present(*step)) {
                    if taken[step] < limits[step] {
                        taken[step] += 1;
                        values.copy(step, &row.values);
                    }
                }
                out.push(Row { labels: row.labels.clone(), drop_name: row.drop_name, values });
            }
        }
        Ok(out)
    }

    /// A series is in by the hash of its labels: with a ratio r those below r, with −r those that are not
    /// below 1 − r, so that the two are complements.
    pub(super) fn limit_ratio(&self, aggregate: &Aggregate, steps: Steps) -> Result<Vec<Row>> {
        let (ratio, span) = self.parameter(aggregate, steps)?;
        let ratios: Vec<f64> = (0..steps.count)
            .map(|step| {
                let ratio = ratio.get(step);
                if ratio.is_nan() {
                    return Err(EvalError::execution("Ratio value is NaN"));
                }
                let capped = ratio.clamp(-1.0, 1.0);
                if capped != ratio {
                    let text = format!(
                        "ratio value should be between -1 and 1, got {}, capping to {}",
                        number(ratio),
                        number(capped)
                    );
                    self.annotate(Severity::Warning, text, span);
                }
                Ok(capped)
            })
            .collect::<Result<_>>()?;
        let mut out = Vec::new();
        self.stream(&aggregate.expr, steps, &mut |mut row| {
            let offset = hash(&row.labels) as f64 / u64::MAX as f64;
            for (step, ratio) in ratios.iter().enumerate() {
                let inside = if *ratio >= 0.0 { offset < *ratio } else { offset >= 1.0 + ratio };
                if !inside {
                    row.values.clear(step);
                }
            }
            if !row.values.is_empty() {
                self.hold(steps.count)?;
                out.push(row);
            }
            Ok(())
        })?;
        Ok(out)
    }
}

/// 64-bit FNV-1a over names and values, mixed so that the high bits vary too.
fn hash(labels: &Labels) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in labels {
        for byte in name.bytes().chain([0xff]).chain(value.bytes()).chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}
