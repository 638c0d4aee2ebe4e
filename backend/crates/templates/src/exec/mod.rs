//! Runs templates.

mod call;
pub(crate) mod html;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::TemplateError;
use crate::funcs::{Context, Function};
use crate::syntax::{Branch, Call, Command, Expr, ExprKind, Node, Number, Pipe, Tree, quote};
use crate::value::{Value, show};

/// How deep templates, bodies and parentheses may be inside each other while they run.
const MOST_DEPTH: usize = 250;
/// What a step costs, in units of work.
const STEP: usize = 16;

/// Templates by the names they are called by.
pub(crate) type Trees = BTreeMap<Arc<str>, Arc<Tree>>;

/// Functions, the more special ones first.
pub(crate) type Functions = &'static [&'static [Function]];

/// A function by its name.
pub(crate) fn function(functions: Functions, name: &str) -> Option<&'static Function> {
    functions.iter().flat_map(|set| set.iter()).find(|function| function.name == name)
}

/// Runs a tree with `dot` as its data and gives what it prints.
///
/// # Errors
/// Where Go's executor fails, and when the limits are reached.
pub(crate) fn run(
    tree: &Tree,
    trees: &Trees,
    functions: Functions,
    context: &Context<'_>,
    dot: &Value,
) -> Result<String, TemplateError> {
    let mut executor = Executor::new(tree, trees, functions, context);
    executor.variables.push(("$", dot.clone()));
    executor.walk(dot, &tree.body)?;
    Ok(executor.out)
}

/// Evaluates a pipeline of a tree on its own, with the variables it needs.
pub(crate) fn evaluate<'a>(
    tree: &'a Tree,
    pipe: &'a Pipe,
    functions: Functions,
    context: &'a Context<'a>,
    dot: &Value,
    variables: Vec<(&'a str, Value)>,
) -> Result<Value, TemplateError> {
    let none = Trees::new();
    let mut executor = Executor { variables, ..Executor::new(tree, &none, functions, context) };
    executor.commands(dot, pipe)
}

/// The same for a pipeline that `range` goes over.
pub(crate) fn evaluate_items<'a>(
    tree: &'a Tree,
    pipe: &'a Pipe,
    functions: Functions,
    context: &'a Context<'a>,
    dot: &Value,
    variables: Vec<(&'a str, Value)>,
) -> Result<(Value, Items), TemplateError> {
    let none = Trees::new();
    let mut executor = Executor { variables, ..Executor::new(tree, &none, functions, context) };
    let value = executor.commands(dot, pipe)?;
    let items = executor.items(&value, pipe)?;
    Ok((value, items))
}

type Result<T, E = TemplateError> = std::result::Result<T, E>;

/// What a body ended with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// The part of the template that is to blame for an error, as Go chooses it: the last one looked at.
#[derive(Clone, Copy)]
enum At<'a> {
    Nothing,
    Expr(&'a Expr),
    Command(&'a Command),
    Pipe(&'a Pipe),
    Call(&'a Call),
}

struct Executor<'a> {
    trees: &'a Trees,
    functions: Functions,
    context: &'a Context<'a>,
    tree: &'a Tree,
    at: At<'a>,
    variables: Vec<(&'a str, Value)>,
    depth: usize,
    out: String,
}

impl<'a> Executor<'a> {
    fn new(tree: &'a Tree, trees: &'a Trees, functions: Functions, context: &'a Context<'a>) -> Self {
        let (variables, out) = (Vec::new(), String::new());
        Self { trees, functions, context, tree, at: At::Nothing, variables, depth: 0, out }
    }

    fn error(&self, message: impl std::fmt::Display) -> TemplateError {
        let (pos, shown) = match self.at {
            At::Nothing => (0, String::new()),
            At::Expr(Expr { pos, kind: ExprKind::Pipe(pipe) }) => (*pos, pipe.to_string()),
            At::Expr(expr) => (expr.pos, expr.to_string()),
            At::Command(command) => (command.pos, command.to_string()),
            At::Pipe(pipe) => (pipe.pos, pipe.to_string()),
            At::Call(call) => (call.pos, call.to_string()),
        };
        let (line, column) = self.tree.source.place(pos);
        let (source, name) = (&self.tree.source.name, quote(&self.tree.name));
        let place = format!("template: {source}:{line}:{column}: executing {name} at <{shown}>");
        TemplateError::run(format!("{place}: {message}"), Some(line))
    }

    fn step(&self) -> Result<()> {
        self.context.charge(STEP).map_err(|message| self.error(message))
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.error(format!("exceeded maximum template depth ({MOST_DEPTH})")));
        }
        self.step()
    }

    fn print(&mut self, text: &str) -> Result<()> {
        let limit = self.context.limits().output;
        if self.out.len() + text.len() > limit {
            return Err(self.error(format!("the output is longer than {limit} bytes")));
        }
        self.context.charge(text.len()).map_err(|message| self.error(message))?;
        self.out.push_str(text);
        Ok(())
    }

    fn walk(&mut self, dot: &Value, body: &'a [Node]) -> Result<Flow> {
        for node in body {
            let flow = match node {
                Node::Text(text) => {
                    self.print(text)?;
                    Flow::Next
                }
                Node::Action(pipe) => {
                    let value = self.pipeline(dot, pipe)?;
                    if pipe.variables.is_empty() {
                        let text =
                            if matches!(value, Value::Nil) { "<no value>".to_owned() } else { show(&value) };
                        self.print(&text)?;
                    }
                    Flow::Next
                }
                Node::If(branch) => self.branch(dot, branch, false)?,
                Node::With(branch) => self.branch(dot, branch, true)?,
                Node::Range(branch) => self.range(dot, branch)?,
                Node::Template(call) => {
                    self.call_template(dot, call)?;
                    Flow::Next
                }
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn branch(&mut self, dot: &Value, branch: &'a Branch, moves_dot: bool) -> Result<Flow> {
        self.deeper()?;
        let scope = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = if value.truth() {
            self.walk(if moves_dot { &value } else { dot }, &branch.body)?
        } else if let Some(otherwise) = &branch.otherwise {
            self.walk(dot, otherwise)?
        } else {
            Flow::Next
        };
        self.variables.truncate(scope);
        self.depth -= 1;
        Ok(flow)
    }

    fn range(&mut self, dot: &Value, branch: &'a Branch) -> Result<Flow> {
        self.deeper()?;
        let scope = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let items = self.items(&value, &branch.pipe)?;
        let count = match &items {
            Items::Nothing => 0,
            Items::Numbers(count) => usize::try_from(*count).unwrap_or(0),
            Items::List => value.len().unwrap_or(0),
            Items::Entries(entries) => entries.len(),
        };
        let mut flow = Flow::Next;
        if count == 0
            && let Some(otherwise) = &branch.otherwise
        {
            flow = self.walk(dot, otherwise)?;
        }
        let inner = self.variables.len();
        for at in 0..count {
            self.step()?;
            let number = Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
            let (index, element) = match &items {
                Items::Nothing | Items::Numbers(_) => (number.clone(), number),
                Items::List => (number, value.element(at).unwrap_or(Value::Nil)),
                Items::Entries(entries) => (Value::Text(Arc::clone(&entries[at].0)), entries[at].1.clone()),
            };
            self.bind(&branch.pipe, scope, index, &element)?;
            let ended = self.walk(&element, &branch.body)?;
            self.variables.truncate(inner);
            if ended == Flow::Break {
                break;
            }
        }
        self.variables.truncate(scope);
        self.depth -= 1;
        Ok(flow)
    }

    /// What `range` over a value goes over, paid for.
    fn items(&self, value: &Value, pipe: &Pipe) -> Result<Items> {
        let items = items(value).map_err(|message| self.error(message))?;
        if matches!(items, Items::Numbers(_)) && pipe.variables.len() > 1 {
            let shown = show(value);
            return Err(self.error(format!("can't use {shown} to iterate over more than one variable")));
        }
        self.context.charge(value.len().unwrap_or(0)).map_err(|message| self.error(message))?;
        Ok(items)
    }

    /// Gives the variables of a `range` their values for one round.
    fn bind(&mut self, pipe: &'a Pipe, scope: usize, index: Value, element: &Value) -> Result<()> {
        let values = match pipe.variables.len() {
            0 => return Ok(()),
            1 => vec![element.clone()],
            _ => vec![index, element.clone()],
        };
        for (at, (name, value)) in pipe.variables.iter().zip(values).enumerate() {
            if pipe.assigns {
                self.assign(name, value)?;
            } else if let Some(variable) = self.variables.get_mut(scope + at) {
                variable.1 = value;
            }
        }
        Ok(())
    }

    fn call_template(&mut self, dot: &Value, call: &'a Call) -> Result<()> {
        self.at = At::Call(call);
        let Some(tree) = self.trees.get(&call.name) else {
            return Err(self.error(format!("template {} not defined", quote(&call.name))));
        };
        self.deeper()?;
        let data = match &call.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Nil,
        };
        let variables = std::mem::replace(&mut self.variables, vec![("$", data.clone())]);
        let caller = std::mem::replace(&mut self.tree, tree);
        self.walk(&data, &tree.body)?;
        self.tree = caller;
        self.variables = variables;
        self.depth -= 1;
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value) -> Result<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some(variable) => {
                variable.1 = value;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    fn pipeline(&mut self, dot: &Value, pipe: &'a Pipe) -> Result<Value> {
        let value = self.commands(dot, pipe)?;
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        Ok(value)
    }

    fn commands(&mut self, dot: &Value, pipe: &'a Pipe) -> Result<Value> {
        self.at = At::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        Ok(value.unwrap_or(Value::Nil))
    }

    fn command(&mut self, dot: &Value, command: &'a Command, piped: Option<Value>) -> Result<Value> {
        self.step()?;
        let [first, args @ ..] = command.args.as_slice() else { return Ok(Value::Nil) };
        match &first.kind {
            ExprKind::Field(names) => {
                self.at = At::Expr(first);
                return self.chain(dot, first, dot.clone(), names, args, piped);
            }
            ExprKind::Variable(name, fields) => {
                self.at = At::Expr(first);
                let value = self.variable(name)?;
                if fields.is_empty() {
                    self.no_arguments(first, args, piped.as_ref())?;
                    return Ok(value);
                }
                return self.chain(dot, first, value, fields, args, piped);
            }
            ExprKind::Chain(inner, fields) => {
                self.at = At::Expr(first);
                let value = self.argument(dot, None, inner)?;
                return self.chain(dot, first, value, fields, args, piped);
            }
            ExprKind::Function(name) => {
                return self.function(dot, first, At::Command(command), name, args, piped);
            }
            ExprKind::Pipe(pipe) => {
                self.no_arguments(first, args, piped.as_ref())?;
                return self.nested(dot, pipe);
            }
            _ => {}
        }
        self.at = At::Expr(first);
        self.no_arguments(first, args, piped.as_ref())?;
        match &first.kind {
            ExprKind::Dot => Ok(dot.clone()),
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Text { value, .. } => Ok(Value::Text(Arc::clone(value))),
            ExprKind::Number(number) => self.number(number),
            _ => Err(self.error("nil is not a command")),
        }
    }

    fn nested(&mut self, dot: &Value, pipe: &'a Pipe) -> Result<Value> {
        self.deeper()?;
        let value = self.pipeline(dot, pipe)?;
        self.depth -= 1;
        Ok(value)
    }

    fn no_arguments(&self, first: &Expr, args: &[Expr], piped: Option<&Value>) -> Result<()> {
        if args.is_empty() && piped.is_none() {
            return Ok(());
        }
        let shown = match &first.kind {
            ExprKind::Pipe(pipe) => pipe.to_string(),
            _ => first.to_string(),
        };
        Err(self.error(format!("can't give argument to non-function {shown}")))
    }

    /// A number where nothing is wanted of it.
    fn number(&self, number: &Number) -> Result<Value> {
        match number {
            Number { float: Some(float), prefers_float: true, .. } => Ok(Value::Float(*float)),
            Number { int: Some(int), .. } => Ok(Value::Int(*int)),
            Number { text, .. } => Err(self.error(format!("{text} overflows int"))),
        }
    }

    fn variable(&self, name: &str) -> Result<Value> {
        match self.variables.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }
}

/// What `range` goes over.
pub(crate) enum Items {
    /// Nothing.
    Nothing,
    /// The numbers below this one.
    Numbers(i64),
    /// The elements of a list.
    List,
    /// The entries of a map.
    Entries(Vec<(Arc<str>, Value)>),
}

/// What `range` over a value goes over.
fn items(value: &Value) -> Result<Items, String> {
    match value {
        Value::Nil => Ok(Items::Nothing),
        Value::Int(count) => Ok(Items::Numbers(*count)),
        Value::Byte(count) => Ok(Items::Numbers(i64::from(*count))),
        Value::Texts(_) | Value::List { .. } | Value::Pairs(_) | Value::Alerts { .. } | Value::Samples(_) => {
            Ok(Items::List)
        }
        value => match value.entries() {
            Some(entries) => Ok(Items::Entries(entries)),
            None => Err(format!("range can't iterate over {}", show(value))),
        },
    }
}
