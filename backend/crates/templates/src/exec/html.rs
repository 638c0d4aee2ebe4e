//! Runs templates that make HTML, each value escaped as its place in the page demands.
//!
//! What to escape how is found out by `gotmpl`, which walks trees of its own. They are built from ours with each
//! pipeline replaced by a call of a function that evaluates it here, so that both kinds of templates compute
//! the same way. Values of our own pass through `gotmpl` as functions, which it does not look into.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use gotmpl::parse::{
    ActionNode, BranchNode, CommandNode, Expr as Operand, ListNode, Node as Target, Number, PipeNode, Pos,
    TemplateNode, TextNode,
};
use gotmpl::{SafeKind, Value as Foreign};

use super::{Functions, Items, Trees, evaluate, evaluate_items};
use crate::error::TemplateError;
use crate::funcs::Context;
use crate::syntax::{Branch, Command, Expr, ExprKind, Node, Pipe, Source, Tree, quote};
use crate::value::{Value, show};

/// Runs a tree with `dot` as its data and gives the page.
///
/// # Errors
/// Where Go's executor or its escaper fails, and when the limits are reached.
pub(crate) fn run(
    tree: &Arc<Tree>,
    trees: &Trees,
    functions: Functions,
    context: Context<'static>,
    dot: &Value,
) -> Result<String, TemplateError> {
    let mut lowering = Lowering { pipes: Vec::new(), places: Vec::new(), tree, trees, ranges: 0 };
    let mut lowered = vec![(String::new(), lowering.body(&tree.body)?)];
    let mut wanted = called(&tree.body);
    let mut done = BTreeSet::new();
    while let Some(name) = wanted.pop_first() {
        if let Some(next) = trees.get(&name)
            && done.insert(name)
        {
            wanted.extend(called(&next.body));
            lowering.tree = next;
            lowered.push((next.name.to_string(), lowering.body(&next.body)?));
        }
    }
    let limits = *context.limits();
    let shared = Arc::new(Shared { pipes: lowering.pipes, functions, context });
    let places = std::mem::take(&mut lowering.places);
    let failed = |error: gotmpl::TemplateError| failure(error, tree, &places, limits.output);
    let mut template = gotmpl::html::Template::new("")
        .max_range_iters((limits.work / 8).max(1))
        .parse("{{template \"\" .}}")
        .map_err(failed)?;
    for (name, body) in lowered {
        template = template.add_parse_tree(&name, body).map_err(failed)?;
    }
    for (name, action) in ACTIONS {
        let shared = Arc::clone(&shared);
        template = template.func(name, move |args| action(&shared, args));
    }
    let escapes: [(&str, Escape); 2] =
        [("html", gotmpl::html_escape), ("urlquery", crate::funcs::url::query_escape)];
    for (name, escape) in escapes {
        template = template.func(name, move |args| {
            let text: String = args.iter().map(|arg| show(&ours(arg))).collect();
            Ok(Foreign::from(escape(&text)))
        });
    }
    let mut out = Bounded { text: String::new(), limit: limits.output };
    template.execute_template_fmt(&mut out, "", &foreign(dot)).map_err(failed)?;
    Ok(out.text)
}

/// An output that fails beyond its limit.
struct Bounded {
    text: String,
    limit: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.text.len() + text.len() > self.limit {
            return Err(std::fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

fn failure(
    error: gotmpl::TemplateError,
    tree: &Tree,
    places: &[(Arc<Source>, usize)],
    limit: usize,
) -> TemplateError {
    let source = &tree.source.name;
    match error {
        gotmpl::TemplateError::Exec(message) if message.starts_with("template: ") => {
            let line = message
                .strip_prefix(&format!("template: {source}:"))
                .and_then(|rest| rest.split(':').next())
                .and_then(|line| line.parse().ok());
            TemplateError::run(message, line)
        }
        gotmpl::TemplateError::Write => {
            TemplateError::run(format!("template: {source}: the output is longer than {limit} bytes"), None)
        }
        gotmpl::TemplateError::Escape { line, description, .. } => {
            let found = line.checked_sub(1).and_then(|at| places.get(at));
            let (place, line) = match found {
                Some((source, at)) => {
                    let (line, column) = source.place(*at);
                    (format!(":{}:{line}:{column}", source.name), Some(line))
                }
                None if source.is_empty() => (String::new(), None),
                None => (format!(":{source}"), None),
            };
            TemplateError::run(format!("html/template{place}: {description}"), line)
        }
        error => TemplateError::run(format!("template: {source}: {error}"), None),
    }
}

/// What the functions that stand for pipelines work with.
struct Shared {
    pipes: Vec<Lowered>,
    functions: Functions,
    context: Context<'static>,
}

/// A pipeline that is evaluated here.
struct Lowered {
    tree: Tree,
    pipe: Pipe,
    /// The variables it reads, in the order in which they are handed over.
    reads: Vec<Arc<str>>,
}

/// A pipeline that is called for, with what it is to be evaluated with.
struct Invocation<'a> {
    lowered: &'a Lowered,
    dot: Value,
    variables: Vec<(&'a str, Value)>,
}

type Escape = fn(&str) -> String;
type Action = fn(&Shared, &[Foreign]) -> gotmpl::Result<Foreign>;

/// The functions that stand for pipelines, by what becomes of the value. All take the number of the pipeline,
/// dot and the variables.
const ACTIONS: [(&str, Action); 7] = [
    (EVALUATE, |shared, args| Ok(foreign(&shared.evaluate(args)?))),
    (TEST, |shared, args| {
        let value = shared.evaluate(args)?;
        Ok(if value.truth() { foreign(&value) } else { Foreign::Nil })
    }),
    (ITEMS, |shared, args| shared.items(args)),
    (PRINT, |shared, args| {
        let value = shared.evaluate(args)?;
        let text = match &value {
            Value::Nil
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Text(_)
            | Value::SafeHtml(_)
            | Value::SafeUrl(_) => {
                return Ok(foreign(&value));
            }
            value => show(value),
        };
        shared.context.room(text.len()).map_err(gotmpl::TemplateError::Exec)?;
        Ok(Foreign::from(text))
    }),
    (PRINT_HTML, |shared, args| {
        let text = show(&shared.evaluate(args)?);
        Ok(Foreign::Safe { kind: SafeKind::Html, s: text.into() })
    }),
    (PRINT_URL, |shared, args| {
        let text = show(&shared.evaluate(args)?);
        Ok(Foreign::Safe { kind: SafeKind::Url, s: text.into() })
    }),
    (NIL, |shared, _| {
        shared.context.charge(super::STEP).map_err(gotmpl::TemplateError::Exec)?;
        Ok(Foreign::Nil)
    }),
];

const EVALUATE: &str = "_evaluate";
const TEST: &str = "_test";
const ITEMS: &str = "_items";
const PRINT: &str = "_print";
const PRINT_HTML: &str = "_print_html";
const PRINT_URL: &str = "_print_url";
const NIL: &str = "_nil";

impl Shared {
    fn evaluate(&self, args: &[Foreign]) -> gotmpl::Result<Value> {
        let Invocation { lowered, dot, variables } = self.invocation(args)?;
        evaluate(&lowered.tree, &lowered.pipe, self.functions, &self.context, &dot, variables)
            .map_err(|error| gotmpl::TemplateError::Exec(error.to_string()))
    }

    fn invocation(&self, args: &[Foreign]) -> gotmpl::Result<Invocation<'_>> {
        let lowered = match args {
            [Foreign::Int(number), ..] => usize::try_from(*number).ok().and_then(|at| self.pipes.get(at)),
            _ => None,
        };
        let (Some(lowered), [_, dot, variables @ ..]) = (lowered, args) else {
            return Err(gotmpl::TemplateError::Exec("template: no such pipeline".to_owned()));
        };
        let variables = lowered.reads.iter().map(|name| &**name).zip(variables.iter().map(ours)).collect();
        Ok(Invocation { lowered, dot: ours(dot), variables })
    }

    fn items(&self, args: &[Foreign]) -> gotmpl::Result<Foreign> {
        let Invocation { lowered, dot, variables } = self.invocation(args)?;
        let (value, items) =
            evaluate_items(&lowered.tree, &lowered.pipe, self.functions, &self.context, &dot, variables)
                .map_err(|error| gotmpl::TemplateError::Exec(error.to_string()))?;
        Ok(match items {
            Items::Nothing => Foreign::Nil,
            Items::Numbers(count) => Foreign::Int(count),
            Items::List => {
                let elements = (0..value.len().unwrap_or(0)).filter_map(|at| value.element(at));
                Foreign::from(elements.map(|element| foreign(&element)).collect::<Vec<_>>())
            }
            Items::Entries(entries) => {
                let entries = entries.into_iter().map(|(key, value)| (key, foreign(&value)));
                Foreign::from(entries.collect::<std::collections::BTreeMap<_, _>>())
            }
        })
    }
}

thread_local! {
    /// Where a value that passed through `gotmpl` is laid down to be taken back.
    static HANDED_BACK: RefCell<Option<Value>> = const { RefCell::new(None) };
}

/// A value as `gotmpl` carries it.
fn foreign(value: &Value) -> Foreign {
    match value {
        Value::Nil => Foreign::Nil,
        Value::Bool(value) => Foreign::Bool(*value),
        Value::Int(value) => Foreign::Int(*value),
        Value::Float(value) => Foreign::Float(*value),
        Value::Text(text) => Foreign::String(Arc::clone(text)),
        Value::SafeHtml(text) => Foreign::Safe { kind: SafeKind::Html, s: Arc::clone(text) },
        Value::SafeUrl(text) => Foreign::Safe { kind: SafeKind::Url, s: Arc::clone(text) },
        value => {
            let value = value.clone();
            Foreign::Function(Arc::new(move |_| {
                HANDED_BACK.set(Some(value.clone()));
                Ok(Foreign::Nil)
            }))
        }
    }
}

/// The value that `gotmpl` carried.
fn ours(value: &Foreign) -> Value {
    match value {
        Foreign::Bool(value) => Value::Bool(*value),
        Foreign::Int(value) => Value::Int(*value),
        Foreign::Float(value) => Value::Float(*value),
        Foreign::String(text) => Value::Text(Arc::clone(text)),
        Foreign::Safe { kind: SafeKind::Url, s } => Value::SafeUrl(Arc::clone(s)),
        Foreign::Safe { s, .. } => Value::SafeHtml(Arc::clone(s)),
        Foreign::Function(carrier) => match carrier(&[]) {
            Ok(_) => HANDED_BACK.take().unwrap_or(Value::Nil),
            Err(_) => Value::Nil,
        },
        _ => Value::Nil,
    }
}

/// Turns our trees into those of `gotmpl`.
struct Lowering<'a> {
    pipes: Vec<Lowered>,
    /// Where what `gotmpl` takes for lines stands.
    places: Vec<(Arc<Source>, usize)>,
    tree: &'a Tree,
    trees: &'a Trees,
    /// How many bodies of `range` this is in.
    ranges: usize,
}

impl Lowering<'_> {
    fn body(&mut self, nodes: &[Node]) -> Result<ListNode, TemplateError> {
        let nodes = nodes.iter().map(|node| self.node(node)).collect::<Result<Vec<_>, _>>()?;
        Ok(ListNode { pos: Pos::new(0, 0), nodes })
    }

    /// A place for `gotmpl`, which tells only lines of its own; ours are found by their numbers.
    fn pos(&mut self, at: usize) -> Pos {
        self.places.push((Arc::clone(&self.tree.source), at));
        Pos::new(at, self.places.len())
    }

    fn error(&self, at: usize, message: &str) -> TemplateError {
        let (line, column) = self.tree.source.place(at);
        let source = &self.tree.source.name;
        TemplateError::run(format!("html/template:{source}:{line}:{column}: {message}"), Some(line))
    }

    fn node(&mut self, node: &Node) -> Result<Target, TemplateError> {
        let start = Pos::new(0, 0);
        Ok(match node {
            Node::Text(text) => Target::Text(TextNode { pos: start, text: Arc::clone(text) }),
            Node::Action(pipe) => {
                let pipe =
                    if pipe.variables.is_empty() { self.printed(pipe)? } else { self.pipe(EVALUATE, pipe) };
                Target::Action(ActionNode { pos: pipe.pos, pipe })
            }
            Node::If(branch) => Target::If(self.branch(TEST, branch)?),
            Node::With(branch) => Target::With(self.branch(TEST, branch)?),
            Node::Range(branch) => {
                self.ranges += 1;
                let branch = self.branch(ITEMS, branch);
                self.ranges -= 1;
                Target::Range(branch?)
            }
            Node::Template(call) => {
                if !self.trees.contains_key(&call.name) {
                    return Err(self.error(call.pos, &format!("no such template {}", quote(&call.name))));
                }
                let pos = self.pos(call.pos);
                let pipe = match &call.pipe {
                    Some(pipe) => self.pipe(EVALUATE, pipe),
                    None => pipeline(pos, vec![command(pos, vec![Operand::Identifier(pos, NIL.into())])]),
                };
                Target::Template(TemplateNode { pos, name: (&*call.name).into(), pipe: Some(pipe) })
            }
            Node::Break => Target::Break(start),
            Node::Continue => Target::Continue(start),
        })
    }

    fn branch(&mut self, action: &str, branch: &Branch) -> Result<BranchNode, TemplateError> {
        let pipe = self.pipe(action, &branch.pipe);
        let body = self.body(&branch.body)?;
        let else_body = branch.otherwise.as_ref().map(|body| self.body(body)).transpose()?;
        Ok(BranchNode { pos: pipe.pos, pipe, body, else_body })
    }

    /// A call that evaluates a pipeline here, with its variables set there.
    fn pipe(&mut self, action: &str, pipe: &Pipe) -> PipeNode {
        let pos = self.pos(pipe.pos);
        let call = self.call(action, pipe);
        let mut lowered = pipeline(pos, vec![call]);
        lowered.decl = pipe.variables.iter().map(|name| (&**name).into()).collect();
        lowered.is_assign = pipe.assigns;
        lowered
    }

    fn call(&mut self, action: &str, pipe: &Pipe) -> CommandNode {
        let pos = self.pos(pipe.pos);
        let mut reads = BTreeSet::new();
        read(pipe, &mut reads);
        let number = i64::try_from(self.pipes.len()).unwrap_or(i64::MAX);
        let mut args = vec![
            Operand::Identifier(pos, action.into()),
            Operand::Number(pos, Number::Int(number)),
            Operand::Dot(pos),
        ];
        args.extend(reads.iter().map(|name| Operand::Variable(pos, (&**name).into(), Vec::new())));
        let source = Arc::clone(&self.tree.source);
        let tree = Tree { name: Arc::clone(&self.tree.name), source, body: Vec::new() };
        self.pipes.push(Lowered { tree, pipe: pipe.clone(), reads: reads.into_iter().collect() });
        command(pos, args)
    }

    /// A pipeline whose value is printed. The escapers that templates call themselves have to be seen as such.
    fn printed(&mut self, pipe: &Pipe) -> Result<PipeNode, TemplateError> {
        let pos = self.pos(pipe.pos);
        let Some((last, others)) = pipe.commands.split_last() else {
            return Ok(self.pipe(PRINT, pipe));
        };
        if let Some(name) = others.iter().find_map(escaper) {
            let message = format!("predefined escaper {} disallowed in template", quote(name));
            return Err(self.error(pipe.pos, &message));
        }
        let Some(name) = escaper(last) else { return Ok(self.pipe(PRINT, pipe)) };
        if self.ranges > 0 {
            // `gotmpl` looks at such a body twice and takes its own first changes for mistakes. What is
            // vouched for is not escaped again where that would be wrong.
            return Ok(self.pipe(if name == "html" { PRINT_HTML } else { PRINT_URL }, pipe));
        }
        // `x | html` and `html x` both hand over what `print` makes of their arguments.
        let mut commands = others.to_vec();
        if commands.is_empty() || last.args.len() > 1 {
            let mut args = last.args.clone();
            args[0] = Expr { pos: last.args[0].pos, kind: ExprKind::Function("print".into()) };
            commands.push(Command { pos: last.pos, args });
        }
        let inner = Pipe { pos: pipe.pos, variables: Vec::new(), assigns: false, commands };
        let call = self.call(PRINT, &inner);
        Ok(pipeline(pos, vec![call, command(pos, vec![Operand::Identifier(pos, name.into())])]))
    }
}

/// The name of the escaper that a command calls, if it is one that the HTML escaper knows.
fn escaper(command: &Command) -> Option<&str> {
    match command.args.first().map(|first| &first.kind) {
        Some(ExprKind::Function(name)) if matches!(&**name, "html" | "urlquery") => Some(name),
        _ => None,
    }
}

fn pipeline(pos: Pos, commands: Vec<CommandNode>) -> PipeNode {
    PipeNode { pos, decl: Vec::new(), commands, is_assign: false }
}

fn command(pos: Pos, args: Vec<Operand>) -> CommandNode {
    CommandNode { pos, args }
}

/// Collects the variables that a pipeline reads.
fn read(pipe: &Pipe, names: &mut BTreeSet<Arc<str>>) {
    for arg in pipe.commands.iter().flat_map(|command| &command.args) {
        read_by(arg, names);
    }
}

fn read_by(expr: &Expr, names: &mut BTreeSet<Arc<str>>) {
    match &expr.kind {
        ExprKind::Variable(name, _) => {
            names.insert(Arc::clone(name));
        }
        ExprKind::Pipe(pipe) => read(pipe, names),
        ExprKind::Chain(inner, _) => read_by(inner, names),
        _ => {}
    }
}

/// The names of the templates that a body calls.
fn called(body: &[Node]) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    for node in body {
        match node {
            Node::Template(call) => {
                names.insert(Arc::clone(&call.name));
            }
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                names.extend(called(&branch.body));
                names.extend(called(branch.otherwise.as_deref().unwrap_or(&[])));
            }
            _ => {}
        }
    }
    names
}
