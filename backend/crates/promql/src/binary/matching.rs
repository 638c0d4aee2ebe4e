//! Arithmetic and comparison between vectors: who meets whom, and under which labels.

use hashbrown::HashMap;
use model::{Labels, LabelsBuilder, METRIC_NAME};
use promql_syntax::ast::{Binary, Cardinality, Span, VectorMatching};

use crate::binary::{Remarks, arith, drops_name, store};
use crate::column::{Cell, Column, Row, merge_equal};
use crate::context::Context;
use crate::error::{EvalError, Result, SAME_LABELSET};
use crate::steps::Steps;

/// The labels by which a series finds its partner.
pub(super) fn signature(matching: &VectorMatching, labels: &Labels) -> Labels {
    let named = |name: &str| matching.labels.iter().any(|n| n == name);
    if matching.on {
        labels.filtered(named)
    } else {
        labels.filtered(|name| name != METRIC_NAME && !named(name))
    }
}

/// A set of series that meet: row numbers on either side.
#[derive(Default)]
struct Group {
    many: Vec<usize>,
    one: Vec<usize>,
}

impl Context<'_> {
    pub(super) fn matched(
        &self,
        binary: &Binary,
        span: Span,
        lhs: &[Row],
        rhs: &[Row],
        steps: Steps,
    ) -> Result<Vec<Row>> {
        let default = VectorMatching::default();
        let matching = binary.matching.as_ref().unwrap_or(&default);
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
        let groups = meet(matching, many, one);
        let mut operation = Operation {
            binary,
            matching,
            span,
            swapped,
            many,
            one,
            steps,
            // As in Prometheus, "left" is the many side here, wherever it stands.
            fill_many: matching.fill_left,
            fill_one: matching.fill_right,
            remarks: Remarks::default(),
            many_present: None,
            rows: Vec::new(),
        };
        for group in &groups {
            self.check()?;
            operation.group(group)?;
        }
        let rows = std::mem::take(&mut operation.rows);
        self.tell(binary, span, &operation.remarks);
        self.release_rows(lhs);
        self.release_rows(rhs);
        self.hold(rows.iter().map(|row| row.values.len()).sum())?;
        merge_equal(rows).map_err(|()| {
            if matching.cardinality == Cardinality::OneToOne {
                EvalError::at(SAME_LABELSET, span)
            } else {
                EvalError::at("multiple matches for labels: grouping labels must ensure unique matches", span)
            }
        })
    }
}

fn meet(matching: &VectorMatching, many: &[Row], one: &[Row]) -> Vec<Group> {
    let mut places: HashMap<Labels, usize> = HashMap::with_capacity(one.len());
    let mut groups: Vec<Group> = Vec::new();
    let mut place = |labels: &Labels, groups: &mut Vec<Group>| {
        *places.entry(signature(matching, labels)).or_insert_with(|| {
            groups.push(Group::default());
            groups.len() - 1
        })
    };
    for (index, row) in many.iter().enumerate() {
        let at = place(&row.labels, &mut groups);
        groups[at].many.push(index);
    }
    for (index, row) in one.iter().enumerate() {
        let at = place(&row.labels, &mut groups);
        groups[at].one.push(index);
    }
    groups
}

struct Operation<'a> {
    binary: &'a Binary,
    matching: &'a VectorMatching,
    span: Span,
    swapped: bool,
    many: &'a [Row],
    one: &'a [Row],
    steps: Steps,
    fill_many: Option<f64>,
    fill_one: Option<f64>,
    remarks: Remarks,
    /// Whether any series of the many side has a sample, per step; made when it is first asked for.
    many_present: Option<Vec<bool>>,
    rows: Vec<Row>,
}

impl Operation<'_> {
    fn group(&mut self, group: &Group) -> Result<()> {
        if group.one.len() > 1 {
            self.check_unique(&group.one)?;
        }
        // Steps at which a series of the many side already found its partner.
        let mut taken = vec![false; if group.many.len() > 1 { self.steps.count } else { 0 }];
        let exclusive = self.matching.cardinality == Cardinality::OneToOne;
        for many in &group.many {
            let mut alone = vec![true; if self.fill_one.is_some() { self.steps.count } else { 0 }];
            for one in &group.one {
                let (a, b) = (&self.many[*many].values, &self.one[*one].values);
                let mut out = Column::absent(self.steps.count);
                for step in 0..self.steps.count {
                    if !a.is_present(step) || !b.is_present(step) {
                        continue;
                    }
                    if let Some(alone) = alone.get_mut(step) {
                        *alone = false;
                    }
                    self.remarks_store(&mut out, step, a.cell(step), b.cell(step));
                }
                self.check_taken(&mut taken, &out, exclusive)?;
                self.push(Some(*many), Some(*one), out);
            }
            if let Some(fill) = self.fill_one {
                let a = &self.many[*many].values;
                let mut out = Column::absent(self.steps.count);
                for step in (0..self.steps.count).filter(|step| alone[*step] && a.is_present(*step)) {
                    self.remarks_store(&mut out, step, a.cell(step), Cell::Float(fill));
                }
                self.check_taken(&mut taken, &out, exclusive)?;
                self.push(Some(*many), None, out);
            }
        }
        if let Some(fill) = self.fill_many {
            for one in &group.one {
                let b = &self.one[*one].values;
                let mut out = Column::absent(self.steps.count);
                for step in 0..self.steps.count {
                    let met = group.many.iter().any(|many| self.many[*many].values.is_present(step));
                    if b.is_present(step) && !met {
                        self.remarks_store(&mut out, step, Cell::Float(fill), b.cell(step));
                    }
                }
                self.push(None, Some(*one), out);
            }
        }
        Ok(())
    }

    fn remarks_store(&mut self, out: &mut Column, step: usize, many: Cell<'_>, one: Cell<'_>) {
        let (a, b) = if self.swapped { (one, many) } else { (many, one) };
        let outcome = arith::apply(self.binary.op, a, b);
        self.remarks.note(&outcome, a, b);
        store(out, step, outcome, self.binary, a);
    }

    fn check_taken(&self, taken: &mut [bool], out: &Column, exclusive: bool) -> Result<()> {
        if !exclusive {
            return Ok(());
        }
        for (step, taken) in taken.iter_mut().enumerate() {
            if out.is_present(step) && std::mem::replace(taken, true) {
                return Err(EvalError::at(
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                    self.span,
                ));
            }
        }
        Ok(())
    }

    fn push(&mut self, many: Option<usize>, one: Option<usize>, values: Column) {
        if values.is_empty() {
            return;
        }
        let many = many.map(|index| &self.many[index]);
        let one = one.map(|index| &self.one[index]);
        let labels = self.result_labels(many.map(|r| &r.labels), one.map(|r| &r.labels));
        let kept = many.or(one).is_some_and(|row| row.drop_name);
        self.rows.push(Row { labels, drop_name: kept || self.binary.return_bool, values });
    }

    /// The labels of a result: those of the many side, less what did not take part, plus what
    /// `group_left` or `group_right` asks for. Where a side was filled in, the other one's matching labels.
    fn result_labels(&self, many: Option<&Labels>, one: Option<&Labels>) -> Labels {
        let base = match (many, one) {
            (Some(many), _) => many.clone(),
            (None, Some(one)) => signature(self.matching, one),
            (None, None) => Labels::empty(),
        };
        let named = |name: &str| self.matching.labels.iter().any(|n| n == name);
        let drop_name = drops_name(self.binary.op);
        let one_to_one = self.matching.cardinality == Cardinality::OneToOne;
        let kept = base.filtered(|name| {
            let matched = !one_to_one || named(name) == self.matching.on;
            matched && !(drop_name && name == METRIC_NAME)
        });
        if self.matching.include.is_empty() {
            return kept;
        }
        let mut builder = LabelsBuilder::new(&kept);
        for name in &self.matching.include {
            builder.set(name, one.and_then(|labels| labels.get(name)).unwrap_or(""));
        }
        builder.build()
    }

    /// A series of the many side must find one partner at most.
    fn check_unique(&mut self, group: &[usize]) -> Result<()> {
        for step in 0..self.steps.count {
            let mut present = group.iter().filter(|index| self.one[**index].values.is_present(step));
            let (Some(first), Some(second)) = (present.next(), present.next()) else { continue };
            let (first, second) = (*first, *second);
            let (many, steps) = (self.many, self.steps.count);
            let any_many = self.many_present.get_or_insert_with(|| {
                (0..steps).map(|step| many.iter().any(|row| row.values.is_present(step))).collect()
            });
            if !any_many[step] {
                continue; // nobody to be confused
            }
            let side = if self.swapped { "left" } else { "right" };
            let labels = &self.one[first].labels;
            return Err(EvalError::at(
                format!(
                    "found duplicate series for the match group {} on the {side} hand-side of the operation: [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
                    braced(&signature(self.matching, labels)),
                    braced(&self.one[second].labels),
                    braced(labels),
                ),
                self.span,
            ));
        }
        Ok(())
    }
}

/// Labels as Go prints a label set: all in braces, the name among them.
fn braced(labels: &Labels) -> String {
    let parts: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", parts.join(", "))
}
