//! `label_replace` and `label_join`.

use hashbrown::HashMap;
use model::{AnchoredRegex, Labels, LabelsBuilder, METRIC_NAME};
use promql_syntax::ast::Call;

use crate::column::{Row, merge_equal};
use crate::context::Context;
use crate::error::{EvalError, Result, SAME_LABELSET};
use crate::eval::give;
use crate::functions::{Sink, argument};
use crate::steps::Steps;

impl Context<'_> {
    pub(super) fn label_replace(&self, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let [target, template, source, pattern] =
            [1, 2, 3, 4].map(|i| argument(call, i).and_then(|e| self.string(e)));
        let (target, template, source, pattern) = (target?, template?, source?, pattern?);
        let regex = AnchoredRegex::new(&pattern).map_err(|e| {
            EvalError::execution(format!(
                "invalid regular expression in label_replace(): {pattern}: {}",
                e.reason
            ))
        })?;
        check_name(&target, "destination", "label_replace")?;
        let rows = self.relabel(
            call,
            steps,
            |labels| {
                let value = regex.expand(labels.get(&source).unwrap_or(""), &template)?;
                Some(with(labels, &target, &value))
            },
            &target,
        )?;
        give(rows, sink)
    }

    pub(super) fn label_join(&self, call: &Call, steps: Steps, sink: Sink<'_>) -> Result<()> {
        let target = self.string(argument(call, 1)?)?;
        let separator = self.string(argument(call, 2)?)?;
        let sources: Vec<String> = call.args.iter().skip(3).map(|e| self.string(e)).collect::<Result<_>>()?;
        check_name(&target, "destination", "label_join")?;
        for source in &sources {
            check_name(source, "source", "label_join")?;
        }
        let rows = self.relabel(
            call,
            steps,
            |labels| {
                let values: Vec<&str> = sources.iter().map(|s| labels.get(s).unwrap_or("")).collect();
                Some(with(labels, &target, &values.join(&separator)))
            },
            &target,
        )?;
        give(rows, sink)
    }

    /// Gives rows the labels that `change` makes of theirs, if any.
    fn relabel(
        &self,
        call: &Call,
        steps: Steps,
        change: impl Fn(&Labels) -> Option<Labels>,
        target: &str,
    ) -> Result<Vec<Row>> {
        let mut rows = self.vector(argument(call, 0)?, steps)?;
        self.release_rows(&rows);
        let mut known: HashMap<Labels, Option<Labels>> = HashMap::new();
        for row in &mut rows {
            let changed = known.entry(row.labels.clone()).or_insert_with(|| change(&row.labels));
            if let Some(labels) = changed {
                row.labels = labels.clone();
                // A name that was set on purpose stays.
                row.drop_name &= target != METRIC_NAME;
            }
        }
        merge_equal(rows).map_err(|()| EvalError::execution(SAME_LABELSET))
    }
}

fn with(labels: &Labels, name: &str, value: &str) -> Labels {
    let mut builder = LabelsBuilder::new(labels);
    builder.set(name, value);
    builder.build()
}

fn check_name(name: &str, which: &str, function: &str) -> Result<()> {
    if name.is_empty() {
        return Err(EvalError::execution(format!("invalid {which} label name in {function}(): {name}")));
    }
    Ok(())
}
