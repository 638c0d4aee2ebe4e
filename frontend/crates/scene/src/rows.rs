//! Series as rows of a table: labels as columns, one value column per query; rows of several queries with
//! the same labels are joined.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use api::frame::Frame;
use dashboard::{Calc, TableOptions};

use crate::{natural, order, reduce};

/// A table's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// A label name, or the letter of a query.
    pub key: String,
    /// Heading.
    pub title: String,
    /// Unit of a value column, or "".
    pub unit: String,
    /// Holds numbers.
    pub is_value: bool,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A label's value; "" where the series has no such label.
    Text(String),
    /// A number; NaN where there is none.
    Number(f64),
}

/// Columns and rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, each with a cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// Builds the table from each query's letter and answer.
#[must_use]
pub fn build(answers: &[(String, &Frame)], options: &TableOptions) -> Rows {
    let columns = columns(answers, options);
    // Rows are joined by all labels but the metric name, which differs between queries by nature.
    let mut joined: BTreeMap<Vec<(&str, &str)>, Vec<Option<f64>>> = BTreeMap::new();
    let mut names: BTreeMap<Vec<(&str, &str)>, &str> = BTreeMap::new();
    for (i, (_, frame)) in answers.iter().enumerate() {
        for series in &frame.series {
            let Some(value) = reduce::reduce(&series.values, Calc::Last) else { continue };
            let pairs = series.labels.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let (name, key): (Vec<_>, Vec<_>) = pairs.partition(|(n, _)| *n == model::METRIC_NAME);
            if let Some((_, name)) = name.first() {
                names.insert(key.clone(), name);
            }
            joined.entry(key).or_insert_with(|| vec![None; answers.len()])[i] = Some(value);
        }
    }
    let cell = |key: &[(&str, &str)], values: &[Option<f64>], column: &Column| {
        if column.is_value {
            let at = answers.iter().position(|(letter, _)| *letter == column.key);
            return Cell::Number(at.and_then(|i| values[i]).unwrap_or(f64::NAN));
        }
        if column.key == model::METRIC_NAME {
            return Cell::Text(names.get(key).map_or(String::new(), |n| (*n).to_owned()));
        }
        Cell::Text(key.iter().find(|(n, _)| *n == column.key).map_or(String::new(), |(_, v)| (*v).to_owned()))
    };
    let mut rows: Vec<Vec<Cell>> =
        joined.iter().map(|(key, values)| columns.iter().map(|c| cell(key, values, c)).collect()).collect();
    let by = if options.sort_by.is_empty() {
        columns.iter().rposition(|c| c.is_value)
    } else {
        columns.iter().position(|c| c.key == options.sort_by)
    };
    if let Some(by) = by {
        sort(&mut rows, by, options.ascending);
    }
    Rows { columns, rows }
}

fn columns(answers: &[(String, &Frame)], options: &TableOptions) -> Vec<Column> {
    let is_value = |key: &str| answers.iter().any(|(letter, _)| letter == key);
    if !options.columns.is_empty() {
        return options
            .columns
            .iter()
            .map(|c| Column {
                key: c.key.clone(),
                title: if c.title.is_empty() { c.key.clone() } else { c.title.clone() },
                unit: c.unit.clone(),
                is_value: is_value(&c.key),
            })
            .collect();
    }
    let mut labels: Vec<&str> = answers
        .iter()
        .flat_map(|(_, f)| &f.series)
        .flat_map(|s| s.labels.iter().map(|(n, _)| n.as_str()))
        .collect();
    labels.sort_unstable();
    labels.dedup();
    let label = |name: &&str| Column {
        key: (*name).to_owned(),
        title: if *name == model::METRIC_NAME { "Metric".to_owned() } else { (*name).to_owned() },
        unit: String::new(),
        is_value: false,
    };
    let value = |(letter, _): &(String, &Frame)| Column {
        key: letter.clone(),
        title: if answers.len() == 1 { "Value".to_owned() } else { format!("Value {letter}") },
        unit: String::new(),
        is_value: true,
    };
    labels.iter().map(label).chain(answers.iter().map(value)).collect()
}

/// Sorts rows by a column; what has no number comes last either way.
pub fn sort(rows: &mut Vec<Vec<Cell>>, column: usize, ascending: bool) {
    let turn = |order: Ordering| if ascending { order } else { order.reverse() };
    order::sort_by(rows, |a, b| match (&a[column], &b[column]) {
        (Cell::Number(x), Cell::Number(y)) => match (x.is_nan(), y.is_nan()) {
            (false, false) => turn(x.total_cmp(y)),
            (x, y) => x.cmp(&y),
        },
        (Cell::Text(x), Cell::Text(y)) => turn(natural::compare(x, y)),
        (Cell::Number(_), Cell::Text(_)) => Ordering::Less,
        (Cell::Text(_), Cell::Number(_)) => Ordering::Greater,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::frame::FrameSeries;

    fn frame(series: &[(&[(&str, &str)], f64)]) -> Frame {
        let series = series.iter().map(|(labels, v)| FrameSeries {
            labels: labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            values: vec![*v],
        });
        Frame { steps: 1, series: series.collect(), ..Frame::default() }
    }

    fn show(rows: &Rows) -> Vec<String> {
        let cell = |c: &Cell| match c {
            Cell::Text(t) => t.clone(),
            Cell::Number(n) => n.to_string(),
        };
        let head = rows.columns.iter().map(|c| c.title.clone()).collect::<Vec<_>>().join("|");
        std::iter::once(head)
            .chain(rows.rows.iter().map(|r| r.iter().map(cell).collect::<Vec<_>>().join("|")))
            .collect()
    }

    #[test]
    fn one_query() {
        let a =
            frame(&[(&[("__name__", "up"), ("job", "a")], 0.0), (&[("__name__", "up"), ("job", "b")], 1.0)]);
        let rows = build(&[("A".into(), &a)], &TableOptions::default());
        assert_eq!(show(&rows), ["Metric|job|Value", "up|b|1", "up|a|0"]);
    }

    #[test]
    fn queries_are_joined_by_labels() {
        let a = frame(&[(&[("host", "x")], 1.0), (&[("host", "y")], 2.0)]);
        let b = frame(&[(&[("host", "y")], 20.0), (&[("host", "z")], 30.0)]);
        let answers = [("A".to_owned(), &a), ("B".to_owned(), &b)];
        let rows = build(
            &answers,
            &TableOptions { sort_by: "host".into(), ascending: true, ..TableOptions::default() },
        );
        assert_eq!(show(&rows), ["host|Value A|Value B", "x|1|NaN", "y|2|20", "z|NaN|30"]);
        let by_b = build(&answers, &TableOptions::default());
        assert_eq!(show(&by_b)[1..], ["z|NaN|30", "y|2|20", "x|1|NaN"]);
    }
}
