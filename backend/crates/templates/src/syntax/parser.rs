//! Reads tokens into trees, with the checks that Go makes before anything is run.

use std::sync::Arc;

use super::lexer::{Keyword, Kind, Token, lex};
use super::print::quote;
use super::unquote::unquote;
use super::{Branch, Call, Command, Expr, ExprKind, Node, Pipe, Source, Tree, number};
use crate::error::TemplateError;

/// How deep bodies and parentheses may be nested.
const MOST_NESTING: usize = 100;

/// What a source holds.
pub(crate) struct Parsed {
    /// The text outside of definitions.
    pub(crate) main: Tree,
    /// What `define` and `block` name.
    pub(crate) defined: Vec<Tree>,
}

/// Reads a source; `main` names its text outside of definitions, `known` tells the functions there are.
///
/// # Errors
/// When Go's parser refuses the text too, or when it is nested too deep.
pub(crate) fn parse(
    source: Source,
    main: &str,
    known: &dyn Fn(&str) -> bool,
) -> Result<Parsed, TemplateError> {
    let tokens = lex(&source.text);
    let source = Arc::new(source);
    let mut parser = Parser {
        source: Arc::clone(&source),
        tokens,
        at: 0,
        fetched: 0,
        action_line: None,
        variables: vec!["$".into()],
        ranges: 0,
        depth: 0,
        known,
        defined: Vec::new(),
    };
    let body = parser.document()?;
    let main = Tree { name: main.into(), source, body };
    let clash = parser.defined.iter().any(|tree| tree.name == main.name && !is_empty(&tree.body));
    if clash && !is_empty(&main.body) {
        return Err(parser.twice(&main.name));
    }
    Ok(Parsed { main, defined: parser.defined })
}

/// Whether a body holds nothing but white space.
pub(crate) fn is_empty(body: &[Node]) -> bool {
    body.iter().all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
}

type Result<T, E = TemplateError> = std::result::Result<T, E>;

/// How a list of nodes ended.
enum End {
    End,
    /// `else`, with the rest of its action unread.
    Else,
}

/// A node, or the end of the list it would have stood in.
enum Item {
    Node(Node),
    End(End),
}

struct Parser<'a> {
    source: Arc<Source>,
    tokens: Vec<Token>,
    at: usize,
    /// The last token looked at; its line is the one in messages.
    fetched: usize,
    action_line: Option<usize>,
    variables: Vec<Arc<str>>,
    ranges: usize,
    depth: usize,
    known: &'a dyn Fn(&str) -> bool,
    defined: Vec<Tree>,
}

impl Parser<'_> {
    // The lexer ends with the end or an error, which no rule steps over.

    fn peek(&mut self) -> Token {
        self.fetched = self.fetched.max(self.at);
        self.tokens[self.at.min(self.tokens.len() - 1)].clone()
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        while self.peek().kind == Kind::Space {
            self.next();
        }
        self.peek()
    }

    fn error(&self, message: impl std::fmt::Display) -> TemplateError {
        let last = self.tokens.len() - 1;
        let line = self.tokens[self.fetched.min(last)].line;
        TemplateError::parse(&self.source.name, line, message)
    }

    fn twice(&self, name: &str) -> TemplateError {
        self.error(format!("template: multiple definition of template {}", quote(name)))
    }

    fn unexpected(&self, token: &Token, context: &str) -> TemplateError {
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {} in {context}", shown(token)));
        }
        let mut message = token.text.clone();
        if let Some(line) = self.action_line
            && line != token.line
        {
            let action = if message.ends_with(" action") { "" } else { " in action" };
            message.push_str(&format!("{action} started at {}:{line}", self.source.name));
        }
        self.error(message)
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(&token, context)) }
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MOST_NESTING {
            return Err(self.error(format!("nested deeper than {MOST_NESTING} levels")));
        }
        Ok(())
    }

    fn document(&mut self) -> Result<Vec<Node>> {
        let mut body = Vec::new();
        loop {
            let start = self.at;
            let token = self.peek();
            match token.kind {
                Kind::Eof => return Ok(body),
                Kind::LeftDelim => {
                    self.next();
                    if self.next_non_space().kind == Kind::Keyword(Keyword::Define) {
                        self.definition()?;
                        continue;
                    }
                    self.at = start;
                }
                _ => {}
            }
            match self.text_or_action()? {
                Item::Node(node) => body.push(node),
                Item::End(End::End) => return Err(self.error("unexpected {{end}}")),
                Item::End(End::Else) => return Err(self.error("unexpected {{else}}")),
            }
        }
    }

    fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text.into()))),
            Kind::LeftDelim => {
                self.action_line = Some(token.line);
                let item = self.action();
                self.action_line = None;
                item
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let start = self.at;
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Keyword(Keyword::Block) => self.block(token.pos)?,
            Kind::Keyword(keyword @ (Keyword::Break | Keyword::Continue)) => self.loop_control(keyword)?,
            Kind::Keyword(Keyword::Else) => {
                let peeked = self.peek_non_space();
                if !matches!(peeked.kind, Kind::Keyword(Keyword::If | Keyword::With)) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Item::End(End::Else));
            }
            Kind::Keyword(Keyword::End) => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::End(End::End));
            }
            Kind::Keyword(Keyword::If) => Node::If(self.branch(Keyword::If)?),
            Kind::Keyword(Keyword::Range) => Node::Range(self.branch(Keyword::Range)?),
            Kind::Keyword(Keyword::With) => Node::With(self.branch(Keyword::With)?),
            Kind::Keyword(Keyword::Template) => self.call()?,
            _ => {
                self.at = start;
                Node::Action(self.pipeline("command", Kind::RightDelim)?)
            }
        };
        Ok(Item::Node(node))
    }

    fn loop_control(&mut self, keyword: Keyword) -> Result<Node> {
        let (name, node) =
            if keyword == Keyword::Break { ("break", Node::Break) } else { ("continue", Node::Continue) };
        let token = self.next_non_space();
        if token.kind != Kind::RightDelim {
            return Err(self.unexpected(&token, &format!("{{{{{name}}}}}")));
        }
        if self.ranges == 0 {
            return Err(self.error(format!("{{{{{name}}}}} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    fn branch(&mut self, keyword: Keyword) -> Result<Branch> {
        let context = match keyword {
            Keyword::If => "if",
            Keyword::Range => "range",
            _ => "with",
        };
        self.deeper()?;
        let scope = self.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let is_range = keyword == Keyword::Range;
        self.ranges += usize::from(is_range);
        let (body, end) = self.list()?;
        self.ranges -= usize::from(is_range);
        let otherwise = match end {
            End::End => None,
            End::Else => Some(self.otherwise(keyword)?),
        };
        self.variables.truncate(scope);
        self.depth -= 1;
        Ok(Branch { pipe, body, otherwise })
    }

    /// What stands behind `else`, up to the end that closes the whole.
    fn otherwise(&mut self, keyword: Keyword) -> Result<Vec<Node>> {
        let chained = matches!(keyword, Keyword::If | Keyword::With)
            && self.peek_non_space().kind == Kind::Keyword(keyword);
        if chained {
            self.next();
            let branch = self.branch(keyword)?;
            return Ok(vec![if keyword == Keyword::If { Node::If(branch) } else { Node::With(branch) }]);
        }
        if !self.closed_by_else() {
            let token = self.next_non_space();
            return Err(self.unexpected(&token, "input"));
        }
        match self.list()? {
            (body, End::End) => Ok(body),
            (_, End::Else) => Err(self.error("expected end; found {{else}}")),
        }
    }

    /// Whether the action of the `else` just read is closed, so that its body follows.
    fn closed_by_else(&self) -> bool {
        self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|token| token.kind == Kind::RightDelim)
    }

    fn list(&mut self) -> Result<(Vec<Node>, End)> {
        let mut nodes = Vec::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                Item::End(end) => return Ok((nodes, end)),
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Result<Arc<str>> {
        if token.kind != Kind::Text1 {
            return Err(self.unexpected(token, context));
        }
        unquote(&token.text).map(Arc::from).ok_or_else(|| self.error("invalid syntax"))
    }

    fn call(&mut self) -> Result<Node> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let start = self.at;
        let pipe = if self.next_non_space().kind == Kind::RightDelim {
            None
        } else {
            self.at = start;
            Some(self.pipeline(context, Kind::RightDelim)?)
        };
        Ok(Node::Template(Call { pos: token.pos, name, pipe }))
    }

    fn block(&mut self, pos: usize) -> Result<Node> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.define(&name, context)?;
        Ok(Node::Template(Call { pos, name, pipe: Some(pipe) }))
    }

    fn definition(&mut self) -> Result<()> {
        let context = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        self.expect(Kind::RightDelim, context)?;
        self.define(&name, context)
    }

    /// Reads the body of a template of its own, which sees no variables from outside.
    fn define(&mut self, name: &Arc<str>, context: &str) -> Result<()> {
        self.deeper()?;
        let variables = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let ranges = std::mem::take(&mut self.ranges);
        let (body, end) = self.list()?;
        if matches!(end, End::Else) {
            return Err(self.error(format!("unexpected {{{{else}}}} in {context}")));
        }
        (self.variables, self.ranges) = (variables, ranges);
        self.depth -= 1;
        let tree = Tree { name: Arc::clone(name), source: Arc::clone(&self.source), body };
        match self.defined.iter().position(|known| known.name == *name) {
            None => self.defined.push(tree),
            Some(known) if is_empty(&self.defined[known].body) => self.defined[known] = tree,
            Some(_) if is_empty(&tree.body) => {}
            Some(_) => return Err(self.twice(name)),
        }
        Ok(())
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe> {
        let pos = self.peek_non_space().pos;
        let (variables, assigns) = self.declarations(context)?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let start = self.at;
            let token = self.next_non_space();
            if token.kind == end {
                break;
            }
            match token.kind {
                Kind::Bool
                | Kind::CharConstant
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Keyword(Keyword::Nil)
                | Kind::Text1
                | Kind::Variable
                | Kind::LeftParen => {
                    self.at = start;
                    commands.push(self.command()?);
                }
                _ => return Err(self.unexpected(&token, context)),
            }
        }
        if commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (i, command) in commands.iter().enumerate().skip(1) {
            let is_value = matches!(
                command.args[0].kind,
                ExprKind::Bool(_)
                    | ExprKind::Dot
                    | ExprKind::Nil
                    | ExprKind::Number(_)
                    | ExprKind::Text { .. }
            );
            if is_value {
                return Err(self.error(format!("non executable command in pipeline stage {}", i + 1)));
            }
        }
        Ok(Pipe { pos, variables, assigns, commands })
    }

    fn declarations(&mut self, context: &str) -> Result<(Vec<Arc<str>>, bool)> {
        let mut names: Vec<Arc<str>> = Vec::new();
        loop {
            let start = self.at;
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok((names, false));
            }
            self.next();
            let next = self.peek_non_space();
            let name: Arc<str> = variable.text.as_str().into();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    self.next();
                    names.push(Arc::clone(&name));
                    self.variables.push(name);
                    return Ok((names, next.kind == Kind::Assign));
                }
                Kind::Char if next.text == "," => {
                    self.next();
                    names.push(Arc::clone(&name));
                    self.variables.push(name);
                    if context != "range" || names.len() > 1 {
                        return Err(self.error(format!("too many declarations in {context}")));
                    }
                    let after = self.peek_non_space().kind;
                    if !matches!(after, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                        return Err(self.error("range can only initialize variables"));
                    }
                }
                _ => {
                    self.at = start;
                    return Ok((names, false));
                }
            }
        }
    }

    fn command(&mut self) -> Result<Command> {
        let pos = self.peek_non_space().pos;
        let mut args = Vec::new();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                args.push(operand);
            }
            let start = self.at;
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.at = start,
                Kind::Pipe => {}
                _ => return Err(self.unexpected(&token, "operand")),
            }
            break;
        }
        if args.is_empty() {
            return Err(self.error("empty command"));
        }
        Ok(Command { pos, args })
    }

    fn operand(&mut self) -> Result<Option<Expr>> {
        let Some(term) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some(term));
        }
        // Go places a chain at the first field behind its start.
        let pos = self.peek().pos;
        let mut fields: Vec<Arc<str>> = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            fields.push(token.text.trim_start_matches('.').into());
        }
        let kind = match term.kind {
            ExprKind::Field(mut names) => {
                names.extend(fields);
                ExprKind::Field(names)
            }
            ExprKind::Variable(name, _) => ExprKind::Variable(name, fields),
            ExprKind::Bool(_)
            | ExprKind::Text { .. }
            | ExprKind::Number(_)
            | ExprKind::Nil
            | ExprKind::Dot => {
                let message = format!("unexpected . after term {}", quote(&term.to_string()));
                return Err(self.error(message));
            }
            _ => ExprKind::Chain(Box::new(term), fields),
        };
        Ok(Some(Expr { pos, kind }))
    }

    fn term(&mut self) -> Result<Option<Expr>> {
        let start = self.at;
        let token = self.next_non_space();
        let text = token.text.as_str();
        let kind = match token.kind {
            Kind::Identifier => {
                if !(self.known)(text) {
                    return Err(self.error(format!("function {} not defined", quote(text))));
                }
                ExprKind::Function(text.into())
            }
            Kind::Dot => ExprKind::Dot,
            Kind::Keyword(Keyword::Nil) => ExprKind::Nil,
            Kind::Variable => {
                if !self.variables.iter().any(|name| **name == *text) {
                    return Err(self.error(format!("undefined variable {}", quote(text))));
                }
                ExprKind::Variable(text.into(), Vec::new())
            }
            Kind::Field => ExprKind::Field(vec![text.trim_start_matches('.').into()]),
            Kind::Bool => ExprKind::Bool(text == "true"),
            Kind::CharConstant | Kind::Number => {
                ExprKind::Number(number::read(text).map_err(|message| self.error(message))?)
            }
            Kind::LeftParen => {
                self.deeper()?;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.depth -= 1;
                let pos = pipe.pos;
                return Ok(Some(Expr { pos, kind: ExprKind::Pipe(pipe) }));
            }
            Kind::Text1 => {
                let value = unquote(text).ok_or_else(|| self.error("invalid syntax"))?;
                ExprKind::Text { quoted: text.into(), value: value.into() }
            }
            _ => {
                self.at = start;
                return Ok(None);
            }
        };
        Ok(Some(Expr { pos: token.pos, kind }))
    }
}

/// A token as messages show it.
fn shown(token: &Token) -> String {
    match token.kind {
        Kind::Eof => "EOF".to_owned(),
        Kind::Error => token.text.clone(),
        Kind::Keyword(_) | Kind::Dot => format!("<{}>", token.text),
        _ if token.text.chars().count() > 10 => {
            let start: String = token.text.chars().take(10).collect();
            format!("{}...", quote(&start))
        }
        _ => quote(&token.text),
    }
}
