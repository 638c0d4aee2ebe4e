//! `and`, `or` and `unless`.

use hashbrown::HashMap;
use model::Labels;
use promql_syntax::ast::{Binary, BinaryOp, VectorMatching};

use crate::binary::matching::signature;
use crate::column::{Row, merge_equal};
use crate::context::Context;
use crate::error::{EvalError, Result, SAME_LABELSET};
use crate::steps::Steps;

impl Context<'_> {
    pub(super) fn set_operation(
        &self,
        binary: &Binary,
        mut lhs: Vec<Row>,
        mut rhs: Vec<Row>,
        steps: Steps,
    ) -> Result<Vec<Row>> {
        let default = VectorMatching::default();
        let matching = binary.matching.as_ref().unwrap_or(&default);
        if binary.op == BinaryOp::Or {
            let present = presence(matching, &lhs, steps);
            retain(matching, &mut rhs, &present, |there| !there);
            lhs.append(&mut rhs);
            return merge_equal(lhs).map_err(|()| EvalError::execution(SAME_LABELSET));
        }
        let present = presence(matching, &rhs, steps);
        self.release_rows(&rhs);
        let keep_matched = binary.op == BinaryOp::And;
        retain(matching, &mut lhs, &present, |there| there == keep_matched);
        Ok(lhs)
    }
}

/// For each signature, the steps at which any of its series has a sample.
fn presence(matching: &VectorMatching, rows: &[Row], steps: Steps) -> HashMap<Labels, Vec<bool>> {
    let mut present: HashMap<Labels, Vec<bool>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let there =
            present.entry(signature(matching, &row.labels)).or_insert_with(|| vec![false; steps.count]);
        (0..steps.count).for_each(|step| there[step] |= row.values.is_present(step));
    }
    present
}

/// Removes the samples for which `keep`, told whether the other side is there, says no.
fn retain(
    matching: &VectorMatching,
    rows: &mut [Row],
    present: &HashMap<Labels, Vec<bool>>,
    keep: impl Fn(bool) -> bool,
) {
    for row in rows {
        let there = present.get(&signature(matching, &row.labels));
        for step in 0..row.values.len() {
            if !keep(there.is_some_and(|there| there[step])) {
                row.values.clear(step);
            }
        }
    }
}
