//! The inverted index of the head: from labels to series.
//!
//! A label name has its own index of values, with its own lock, so that writers of different labels do
//! not meet. A series is a slot number here; what a series holds is the head's affair.

mod labels;
mod postings;
mod ranks;
mod select;
mod values;

pub(crate) use labels::{LabelIndex, Neighbour, PackedLabels, Unpacker, pairs};
pub(crate) use select::SeriesSource;
