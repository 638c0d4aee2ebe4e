//! PromQL as text and as a tree.
//!
//! Always there: the lexer with spans and the table of functions (highlighting and completion in the
//! browser). Behind the feature `parse`, on the host only: desugaring, promql-parser, our own tree with
//! spans, checker and printer. Engine, rules, API and UI see only the tree defined here; promql-parser
//! is known to this crate alone.

pub mod aggregations;
pub mod ast;
pub mod complete;
mod durations;
#[cfg(feature = "parse")]
mod error;
pub mod functions;
mod lexer;
mod literal;
#[cfg(feature = "parse")]
mod options;
#[cfg(feature = "parse")]
mod parse;
#[cfg(feature = "parse")]
mod pretty;
#[cfg(feature = "parse")]
mod printer;
mod scan;
mod token;
mod visit;

pub use durations::DurationExprError;
#[cfg(feature = "parse")]
pub use error::ParseError;
pub use lexer::tokenize;
pub use literal::{quote, quote_bytes};
#[cfg(feature = "parse")]
pub use options::{Features, MAX_DEPTH, MAX_QUERY_BYTES, ParseOptions};
#[cfg(feature = "parse")]
pub use parse::{parse, parse_selector};
#[cfg(feature = "parse")]
pub use pretty::pretty;
pub use token::{Keyword, LexError, Token, TokenClass, TokenKind};
pub use visit::SelectorRef;
