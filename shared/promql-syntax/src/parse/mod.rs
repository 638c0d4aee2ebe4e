//! From text to a checked tree.
//!
//! promql-parser reads the grammar of expressions: precedence, associativity, signs, nesting. It knows
//! neither all of Prometheus' language nor where things stand, aborts on deep nesting, and reports errors
//! without a position. So the work is split:
//!
//! 1. `outline` walks our own tokens once: every token that cannot stand where it does is an error with a
//!    place. What stands between operators (selectors, literals, calls with their grouping, and the
//!    modifiers behind each) is taken out into lists, in order.
//! 2. The outline leaves a skeleton: the same query with a bare name for each operand, every operator and
//!    every parenthesis in its place. promql-parser parses that; it has nothing left to refuse.
//! 3. `convert` walks promql-parser's tree and puts everything back by ordinal: the k-th name is the k-th
//!    operand, the k-th operator the k-th operator. That gives every node its span.
//! 4. `check` checks types, arguments and modifiers.

mod check;
mod convert;
mod cursor;
mod duration;
mod modifiers;
mod outline;
mod selector;
mod suffix;

use model::Matcher;

use crate::ast::{Expr, Span};
use crate::error::ParseError;
use crate::options::{MAX_QUERY_BYTES, ParseOptions};

/// Reads an expression.
///
/// # Errors
/// When the text is not a query Prometheus would accept, uses a feature that is not switched on, or is
/// longer or nested deeper than the bounds in `options`.
pub fn parse(query: &str, options: &ParseOptions) -> Result<Expr, ParseError> {
    bound_length(query)?;
    let outline = outline::outline(query, options)?;
    let expr = convert::convert(query, options, outline)?;
    check::check(query, expr)
}

/// Reads one selector, such as a `match[]` parameter holds, into its matchers. Unlike in a query, all of
/// them may match the empty string: whether that is allowed is for the caller to say.
///
/// # Errors
/// When the text is not a selector, or a regular expression in it is not valid.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseError> {
    bound_length(text)?;
    let mut cursor = cursor::Cursor::new(text);
    let selector = selector::selector(&mut cursor)?;
    if !cursor.at_end() {
        return Err(cursor.unexpected("", ""));
    }
    Ok(selector.matchers.into_iter().map(|(matcher, _)| matcher).collect())
}

fn bound_length(query: &str) -> Result<(), ParseError> {
    if query.len() > MAX_QUERY_BYTES {
        let message = format!(
            "the query has {} bytes, at most {MAX_QUERY_BYTES} are read; split it into recording rules",
            query.len()
        );
        return Err(ParseError::new(query, Span::default(), message));
    }
    Ok(())
}
