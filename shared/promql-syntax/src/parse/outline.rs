//! One walk over the tokens: what cannot stand where it does is refused, operands and modifiers are taken
//! out into lists, and what remains is a skeleton for promql-parser (see the module's head).

use super::cursor::{Cursor, too_deep};
use super::modifiers::{self, Operator, labels, plain_number};
use super::selector::{Selector, selector, string};
use super::suffix::{Suffix, Suffixes};
use crate::aggregations::Aggregation;
use crate::ast::{AggregateOp, BinaryOp, Grouping, Span, UnaryOp};
use crate::error::ParseError;
use crate::functions::{FUNCTIONS, Function, function};
use crate::literal;
use crate::options::{Features, MAX_DEPTH, ParseOptions};
use crate::token::{Keyword, TokenKind};

/// The name that stands for an operand in the skeleton.
const OPERAND: &str = "x";
/// The function that stands for every call and aggregation there: takes any number of vectors.
pub(super) const CALL: &str = "watchfire_call";

/// What has been taken out of a query, each list in order of the text, and what remains.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) skeleton: String,
    pub(super) leaves: Vec<Operand<Leaf>>,
    pub(super) parens: Vec<Operand<()>>,
    pub(super) calls: Vec<Operand<Callee>>,
    pub(super) signs: Vec<(UnaryOp, Span)>,
    pub(super) operators: Vec<Operator>,
}

/// An operand: what it is, where it stands, and the modifiers behind it.
pub(super) struct Operand<T> {
    pub(super) what: T,
    /// Without the modifiers.
    pub(super) span: Span,
    pub(super) suffixes: Vec<Suffix>,
}

/// An operand without operands of its own.
pub(super) enum Leaf {
    Number(f64),
    String(String),
    Bytes(Vec<u8>),
    Selector(Selector),
}

/// What is called.
pub(super) enum Callee {
    Function(&'static Function),
    Aggregate(AggregateOp, Grouping),
}

/// Takes a query apart.
pub(super) fn outline(query: &str, options: &ParseOptions) -> Result<Outline, ParseError> {
    let mut walk = Walk { cursor: Cursor::new(query), features: options.features, out: Outline::default() };
    if walk.cursor.at_end() {
        return Err(walk.cursor.error(Span::default(), "no expression found in input"));
    }
    let height = walk.expression()?;
    if !walk.cursor.at_end() {
        return Err(walk.cursor.unexpected("", ""));
    }
    if height > MAX_DEPTH {
        let end = query.len() as u32; // bounded by MAX_QUERY_BYTES
        return Err(too_deep(query, Span { start: 0, end }));
    }
    Ok(walk.out)
}

struct Walk<'q> {
    cursor: Cursor<'q>,
    features: Features,
    out: Outline,
}

impl Walk<'_> {
    /// Reads operands and operators in turn. Returns how high the tree can be at most.
    fn expression(&mut self) -> Result<usize, ParseError> {
        self.cursor.enter()?;
        let mut height = self.signed_operand()?;
        let mut operators = 0;
        while let Some(TokenKind::Operator(op)) = self.cursor.peek() {
            let span = self.cursor.bump();
            let operator = modifiers::operator(&mut self.cursor, op, span)?;
            self.out.operators.push(operator);
            self.out.skeleton.push_str(skeleton_operator(op));
            height = height.max(self.signed_operand()?);
            operators += 1;
        }
        self.cursor.leave();
        Ok(height + operators)
    }

    fn signed_operand(&mut self) -> Result<usize, ParseError> {
        let mut signs = 0;
        while let Some(TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Sub))) = self.cursor.peek() {
            let sign = if op == BinaryOp::Add { UnaryOp::Plus } else { UnaryOp::Minus };
            let span = self.cursor.bump();
            self.out.signs.push((sign, span));
            self.out.skeleton.push('-'); // promql-parser forgets a plus
            signs += 1;
            if signs > MAX_DEPTH {
                return Err(too_deep(self.cursor.query, span));
            }
        }
        Ok(self.operand()? + signs)
    }

    fn operand(&mut self) -> Result<usize, ParseError> {
        match self.cursor.peek() {
            Some(TokenKind::Number | TokenKind::Duration) => {
                let span = self.cursor.span();
                let value = plain_number(&mut self.cursor)?.unwrap_or(f64::NAN); // a number is next
                self.leaf(Leaf::Number(value), span)
            }
            Some(TokenKind::String) => {
                let span = self.cursor.span();
                let text = span.of(self.cursor.query);
                match literal::unquote_bytes(text).map(String::from_utf8) {
                    Ok(Err(not_utf8)) => {
                        self.cursor.bump();
                        self.leaf(Leaf::Bytes(not_utf8.into_bytes()), span)
                    }
                    _ => {
                        let text = string(&mut self.cursor)?;
                        self.leaf(Leaf::String(text), span)
                    }
                }
            }
            Some(TokenKind::Metric | TokenKind::LeftBrace) => {
                let selector = selector(&mut self.cursor)?;
                let span = selector.span;
                self.leaf(Leaf::Selector(selector), span)
            }
            Some(TokenKind::LeftParen) => self.paren(),
            Some(TokenKind::Function) => self.call(),
            Some(TokenKind::Aggregation(op)) => self.aggregate(op.info()),
            _ => Err(self.cursor.unexpected("", "")),
        }
    }

    fn leaf(&mut self, what: Leaf, span: Span) -> Result<usize, ParseError> {
        let suffixes = self.suffixes()?;
        let height = 1 + suffixes.len();
        self.out.leaves.push(Operand { what, span, suffixes });
        self.out.skeleton.push_str(OPERAND);
        Ok(height)
    }

    fn paren(&mut self) -> Result<usize, ParseError> {
        let start = self.cursor.bump();
        let index = self.out.parens.len();
        self.out.parens.push(Operand { what: (), span: start, suffixes: Vec::new() });
        self.out.skeleton.push('(');
        let height = self.expression()?;
        self.close()?;
        self.out.skeleton.push(')');
        self.out.parens[index].span.end = self.cursor.last_end();
        let suffixes = self.suffixes()?;
        let height = height + 1 + suffixes.len();
        self.out.parens[index].suffixes = suffixes;
        Ok(height)
    }

    fn call(&mut self) -> Result<usize, ParseError> {
        let span = self.cursor.bump();
        let name = span.of(self.cursor.query);
        // `start()`, `end()`, `step()` … are keywords elsewhere, so their case does not matter.
        let lower = name.to_ascii_lowercase();
        let any_case = matches!(lower.as_str(), "start" | "end" | "step" | "range" | "min_of" | "max_of");
        let name = if any_case { lower.as_str() } else { name };
        let known = function(name);
        // What is wrong with the arguments is said before what is wrong with the name.
        let (index, height, _) = self.arguments(Callee::Function(known.unwrap_or(&FUNCTIONS[0])), span)?;
        let Some(function) = known else {
            let message = format!("unknown function with name {}", literal::quote(name));
            return Err(self.cursor.error(span, message));
        };
        if function.experimental && !self.features.experimental_functions {
            let message = format!("function {} is not enabled", literal::quote(name));
            return Err(self.cursor.error(span, message));
        }
        let suffixes = self.suffixes()?;
        let height = height + suffixes.len();
        self.out.calls[index].suffixes = suffixes;
        Ok(height)
    }

    fn aggregate(&mut self, aggregation: &'static Aggregation) -> Result<usize, ParseError> {
        let start = self.cursor.bump();
        let before = self.grouping()?;
        if self.cursor.peek() != Some(TokenKind::LeftParen) {
            return Err(self.cursor.unexpected("aggregation", ""));
        }
        let callee = Callee::Aggregate(aggregation.op, Grouping::All);
        let (index, height, count) = self.arguments(callee, start)?;
        let grouping = match before {
            Some(grouping) => grouping,
            None => self.grouping()?.unwrap_or(Grouping::All),
        };
        let span = Span { start: start.start, end: self.cursor.last_end() };
        let wanted = 1 + usize::from(aggregation.param.is_some());
        if count == 0 {
            return Err(self.cursor.error(span, "no arguments for aggregate expression provided"));
        }
        if aggregation.experimental && !self.features.experimental_functions {
            let message = format!(
                "{}() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
                aggregation.name
            );
            return Err(self.cursor.error(span, message));
        }
        if count != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {count}"
            );
            return Err(self.cursor.error(span, message));
        }
        let suffixes = self.suffixes()?;
        let height = height + suffixes.len();
        self.out.calls[index] = Operand { what: Callee::Aggregate(aggregation.op, grouping), span, suffixes };
        Ok(height)
    }

    /// Reads `by (…)` or `without (…)`, if one is next. `by ()` means the same as nothing.
    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        Ok(match self.cursor.peek() {
            Some(TokenKind::Keyword(Keyword::By)) => {
                self.cursor.bump();
                let labels = labels(&mut self.cursor)?;
                Some(if labels.is_empty() { Grouping::All } else { Grouping::By(labels) })
            }
            Some(TokenKind::Keyword(Keyword::Without)) => {
                self.cursor.bump();
                Some(Grouping::Without(labels(&mut self.cursor)?))
            }
            _ => None,
        })
    }

    /// Reads `(a, b)`. Returns the call's place in the list, the height of the tree and how many
    /// arguments there are.
    fn arguments(&mut self, what: Callee, start: Span) -> Result<(usize, usize, usize), ParseError> {
        let index = self.out.calls.len();
        self.out.calls.push(Operand { what, span: start, suffixes: Vec::new() });
        self.out.skeleton.push_str(CALL);
        self.out.skeleton.push('(');
        self.cursor.expect(TokenKind::LeftParen, "", "")?;
        let (mut height, mut count) = (0, 0);
        if self.cursor.eat(TokenKind::RightParen).is_none() {
            loop {
                height = height.max(self.expression()?);
                count += 1;
                let Some(comma) = self.cursor.eat(TokenKind::Comma) else {
                    self.close()?;
                    break;
                };
                if !self.operand_is_next() {
                    let message = "trailing commas not allowed in function call args";
                    return Err(self.cursor.error(comma, message));
                }
                self.out.skeleton.push(',');
            }
        }
        self.out.skeleton.push(')');
        self.out.calls[index].span.end = self.cursor.last_end();
        Ok((index, height + 1, count))
    }

    /// Whether an operand, a sign, or something that is no token at all is next.
    fn operand_is_next(&self) -> bool {
        matches!(
            self.cursor.peek(),
            None | Some(
                TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub)
                    | TokenKind::Number
                    | TokenKind::Duration
                    | TokenKind::String
                    | TokenKind::Metric
                    | TokenKind::LeftBrace
                    | TokenKind::LeftParen
                    | TokenKind::Function
                    | TokenKind::Aggregation(_)
                    | TokenKind::Error(_)
            )
        )
    }

    fn suffixes(&mut self) -> Result<Vec<Suffix>, ParseError> {
        Suffixes { cursor: &mut self.cursor, features: self.features }.all()
    }

    fn close(&mut self) -> Result<(), ParseError> {
        self.cursor.expect(TokenKind::RightParen, "", "").map(|_| ())
    }
}

/// The operator that binds as tightly in promql-parser.
fn skeleton_operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::And => " and ",
        BinaryOp::Or => " or ",
        BinaryOp::Unless => " unless ",
        BinaryOp::Atan2 => " atan2 ",
        BinaryOp::TrimUpper | BinaryOp::TrimLower => ">",
        other => other.as_str(),
    }
}
