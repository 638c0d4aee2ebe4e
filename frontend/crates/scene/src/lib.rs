//! What a view of data is, without a browser: the time range, the variables, what a panel asks, how its
//! answer becomes names, numbers and rows, and how all of this stands in an address.
//!
//! Pure: the clock, the time zone and regular expressions come in as arguments.

pub mod civil;
pub mod complete;
pub mod grid;
pub mod highlight;
pub mod history;
pub mod interpolate;
pub mod legend;
pub mod link;
pub mod markdown;
pub mod natural;
pub mod order;
pub mod reduce;
pub mod refresh;
pub mod rows;
pub mod step;
pub mod time;
pub mod url;
pub mod variables;
pub mod words;

/// Tells the offset of local time from UTC, in milliseconds, at a moment in milliseconds since the epoch.
pub type Zone<'a> = &'a dyn Fn(i64) -> i64;
