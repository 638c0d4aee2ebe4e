//! The PromQL editor: a text area over a coloured copy of its text, completion, and errors at their place.

mod names;
mod promql;

pub(crate) use promql::{Problem, PromqlEditor};
