//! The series of a panel's answers with their names and looks.

use std::sync::Arc;

use chart::color::{Look, assign, hash_labels};
use scene::legend::{self, Labels};

use super::data::Answers;

/// A series to show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Name.
    pub(crate) name: String,
    /// All labels, written out.
    pub(crate) full: String,
    /// By which it is known in the legend, over reloads.
    pub(crate) key: String,
    /// Colour and dash.
    pub(crate) look: Look,
    /// Which answer.
    pub(crate) answer: usize,
    /// Which series of it.
    pub(crate) series: usize,
}

/// Answers with the names of their series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lines {
    /// The answers.
    pub(crate) answers: Arc<Answers>,
    /// Series in the order of the answers.
    pub(crate) list: Vec<Line>,
}

impl Lines {
    /// Names the series of answers.
    pub(crate) fn new(answers: Arc<Answers>) -> Self {
        let mut places: Vec<(usize, usize)> = Vec::new();
        let mut labels: Vec<&Labels> = Vec::new();
        let mut exprs: Vec<&str> = Vec::new();
        for (a, answer) in answers.list.iter().enumerate() {
            for (s, series) in answer.frame.series.iter().enumerate() {
                places.push((a, s));
                labels.push(&series.labels);
                exprs.push(&answer.expr);
            }
        }
        let defaults = legend::default_names(&labels, &exprs);
        let names: Vec<String> = places
            .iter()
            .zip(defaults)
            .zip(&labels)
            .map(|(((a, _), default), labels)| match answers.list[*a].query.legend.as_str() {
                "" => default,
                template => legend::from_template(template, labels),
            })
            .collect();
        let hashes: Vec<u64> = labels
            .iter()
            .zip(&names)
            .map(|(labels, name)| {
                let own = labels.iter().map(|(n, v)| (n.as_str(), v.as_str()));
                // Without labels the name tells the series apart; two queries over the same labels differ by name too.
                if answers.list.len() > 1 || labels.is_empty() {
                    hash_labels([("", name.as_str())])
                } else {
                    hash_labels(own)
                }
            })
            .collect();
        let looks = assign(&hashes);
        let list = places
            .into_iter()
            .zip(names)
            .zip(looks)
            .zip(&labels)
            .map(|((((answer, series), name), look), labels)| {
                let full = legend::full_name(labels);
                let full = if full.is_empty() { name.clone() } else { full };
                let key = format!("{} {full}", answers.list[answer].query.ref_id);
                Line { name, full, key, look, answer, series }
            })
            .collect();
        Self { answers, list }
    }

    /// Values of a series.
    pub(crate) fn values(&self, line: &Line) -> &[f64] {
        &self.answers.list[line.answer].frame.series[line.series].values
    }

    /// Times of a series' values.
    pub(crate) fn grid(&self, line: &Line) -> chart::Grid {
        let frame = &self.answers.list[line.answer].frame;
        chart::Grid { start_ms: frame.start_ms, step_ms: frame.step_ms }
    }

    /// Value of a series at the moment nearest to `t`, if there is one within a step.
    pub(crate) fn value_at(&self, line: &Line, t: f64) -> Option<f64> {
        let frame = &self.answers.list[line.answer].frame;
        let index = self.grid(line).nearest(t as i64, frame.steps as usize)?;
        let off = (frame.time_ms(index) as f64 - t).abs();
        let value = *frame.series[line.series].values.get(index)?;
        (!value.is_nan() && off <= frame.step_ms.max(1) as f64).then_some(value)
    }
}
