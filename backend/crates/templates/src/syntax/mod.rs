//! The syntax of Go templates: text with actions in `{{ }}`, read into trees.

mod lexer;
mod number;
mod parser;
mod print;
mod unquote;

use std::sync::Arc;

pub(crate) use parser::{Parsed, is_empty, parse};
pub(crate) use print::quote;

/// A template: its body, and what messages about it need to know.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The name it is called by.
    pub(crate) name: Arc<str>,
    /// The source it stands in.
    pub(crate) source: Arc<Source>,
    /// What it says.
    pub(crate) body: Vec<Node>,
}

/// A text that templates were read from.
#[derive(Debug)]
pub(crate) struct Source {
    /// Name of the file or field.
    pub(crate) name: String,
    /// The text itself.
    pub(crate) text: String,
}

impl Source {
    /// Line and column of a byte as Go's messages count them: lines from 1, columns from 0.
    pub(crate) fn place(&self, pos: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..pos.min(self.text.len())];
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
        (line, before.len() - start)
    }
}

/// A part of a body.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Text outside of actions.
    Text(Arc<str>),
    /// A pipeline whose value is printed, unless it goes to a variable.
    Action(Pipe),
    /// `if`.
    If(Branch),
    /// `range`.
    Range(Branch),
    /// `with`.
    With(Branch),
    /// `template`, also what `block` leaves behind.
    Template(Call),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// What `if`, `range` and `with` have in common.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Option<Vec<Node>>,
}

/// A call of a template.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) pos: usize,
    pub(crate) name: Arc<str>,
    pub(crate) pipe: Option<Pipe>,
}

/// Commands, each handing its value to the next.
#[derive(Clone, Debug)]
pub(crate) struct Pipe {
    pub(crate) pos: usize,
    /// Variables that take the value, each with its `$`.
    pub(crate) variables: Vec<Arc<str>>,
    /// Whether the variables exist already (`=`) or begin here (`:=`).
    pub(crate) assigns: bool,
    pub(crate) commands: Vec<Command>,
}

/// A value, or a function or method with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) pos: usize,
    pub(crate) args: Vec<Expr>,
}

/// An operand with its place in the source.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) pos: usize,
    pub(crate) kind: ExprKind,
}

/// What an operand can be.
#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    /// `.`
    Dot,
    /// `nil`
    Nil,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A quoted string: how it is written, and what it says.
    Text { quoted: Arc<str>, value: Arc<str> },
    /// `.A.B`
    Field(Vec<Arc<str>>),
    /// `$x.A.B`
    Variable(Arc<str>, Vec<Arc<str>>),
    /// A function's name.
    Function(Arc<str>),
    /// `( )`
    Pipe(Pipe),
    /// `(…).A.B` or `function.A.B`
    Chain(Box<Expr>, Vec<Arc<str>>),
}

/// A number, which is what its place wants it to be, if it can.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    /// How it is written.
    pub(crate) text: Arc<str>,
    pub(crate) int: Option<i64>,
    pub(crate) float: Option<f64>,
    /// Whether it is a float where nothing is wanted of it.
    pub(crate) prefers_float: bool,
}
