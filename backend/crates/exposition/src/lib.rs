//! Text 0.0.4, OpenMetrics 1.0 and protobuf exposition to samples and back.
//!
//! [`Parser`] walks a scraped body and hands out one [`Entry`] per line (or per sample of a protobuf
//! message) without copying: a known series is recognised by its [`Series::raw`] bytes, and labels are
//! decoded only when asked for. [`write`] makes bodies, [`Format`] speaks the content types of both sides,
//! [`summary`] counts what a body holds. Fetching bodies and storing samples is not done here.

mod content_type;
mod created;
mod entry;
mod error;
mod labels;
mod metadata;
mod number;
mod openmetrics;
mod parser;
mod protobuf;
mod strict;
mod summary;
mod text;
pub mod write;

pub use content_type::{ContentType, ContentTypeError, Escaping, Format, accept_header};
pub use entry::{Entry, ExemplarEntry, HistogramEntry, Series};
pub use error::{ParseError, Position};
pub use labels::LabelScratch;
pub use number::{format_float, parse_float};
pub use parser::Parser;
pub use summary::{Summary, summary, summary_strict};
