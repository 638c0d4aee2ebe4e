//! Cuts a template into tokens.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something that is no token; the text is the message.
    Error,
    Eof,
    Text,
    LeftDelim,
    RightDelim,
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    /// Another printable character, such as the comma.
    Char,
    Bool,
    CharConstant,
    Number,
    Text1,
    Field,
    Identifier,
    Variable,
    Dot,
    Keyword(Keyword),
}

/// Words with a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) pos: usize,
    pub(super) text: String,
    pub(super) line: usize,
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

/// All tokens of a text; the last is the end or an error.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, pos: 0, start: 0, line: 1, parens: 0, tokens: Vec::new() };
    let mut state = State::Outside;
    while state != State::Done {
        state = match state {
            State::Outside => lexer.outside(),
            State::Inside => lexer.inside(),
            State::Done => State::Done,
        };
    }
    lexer.tokens
}

#[derive(PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    Done,
}

struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    start: usize,
    line: usize,
    parens: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.pos..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, set: &str) -> bool {
        let found = self.peek().is_some_and(|c| set.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, set: &str) {
        while self.accept(set) {}
    }

    fn emit(&mut self, kind: Kind) {
        let text = self.text.get(self.start..self.pos).unwrap_or("").to_owned();
        let newlines = text.bytes().filter(|&b| b == b'\n').count();
        self.tokens.push(Token { kind, pos: self.start, text, line: self.line });
        self.line += newlines;
        self.start = self.pos;
    }

    fn skip(&mut self) {
        let skipped = self.text.get(self.start..self.pos).unwrap_or("");
        self.line += skipped.bytes().filter(|&b| b == b'\n').count();
        self.start = self.pos;
    }

    fn fail(&mut self, message: String) -> State {
        self.tokens.push(Token { kind: Kind::Error, pos: self.start, text: message, line: self.line });
        State::Done
    }

    fn outside(&mut self) -> State {
        let Some(found) = self.rest().find(LEFT) else {
            self.pos = self.text.len();
            if self.pos > self.start {
                self.emit(Kind::Text);
            }
            self.emit(Kind::Eof);
            return State::Done;
        };
        let delim = self.pos + found;
        let trims = left_trim(&self.text[delim + LEFT.len()..]);
        let text = &self.text[self.start..delim];
        self.pos = if trims { self.start + text.trim_end_matches(SPACES).len() } else { delim };
        if self.pos > self.start {
            self.emit(Kind::Text);
        }
        self.pos = delim;
        self.skip();
        self.pos += LEFT.len();
        let marker = if trims { 2 } else { 0 };
        if self.text[self.pos + marker..].starts_with("/*") {
            self.pos += marker;
            return self.comment();
        }
        self.emit(Kind::LeftDelim);
        self.pos += marker;
        self.skip();
        self.parens = 0;
        State::Inside
    }

    fn comment(&mut self) -> State {
        let Some(end) = self.rest().get(2..).and_then(|rest| rest.find("*/")) else {
            return self.fail("unclosed comment".to_owned());
        };
        self.pos += end + 4;
        match self.at_right_delim() {
            None => self.fail("comment ends before closing delimiter".to_owned()),
            Some(trims) => {
                self.close(trims);
                State::Outside
            }
        }
    }

    /// Whether the action ends here, and whether it trims the text behind it.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if right_trim(rest) && rest[2..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    /// Steps over a closing delimiter and the space that it trims.
    fn close(&mut self, trims: bool) {
        self.pos += RIGHT.len() + if trims { 2 } else { 0 };
        if trims {
            let rest = self.rest();
            self.pos += rest.len() - rest.trim_start_matches(SPACES).len();
        }
        self.skip();
    }

    fn right_delim(&mut self, trims: bool) -> State {
        if trims {
            self.pos += 2;
            self.skip();
        }
        self.pos += RIGHT.len();
        self.emit(Kind::RightDelim);
        if trims {
            let rest = self.rest();
            self.pos += rest.len() - rest.trim_start_matches(SPACES).len();
            self.skip();
        }
        State::Outside
    }

    fn inside(&mut self) -> State {
        if let Some(trims) = self.at_right_delim() {
            if self.parens > 0 {
                return self.fail("unclosed left paren".to_owned());
            }
            return self.right_delim(trims);
        }
        let Some(c) = self.next() else {
            return self.fail("unclosed action".to_owned());
        };
        match c {
            c if SPACES.contains(&c) => return self.space(),
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() != Some('=') {
                    return self.fail("expected :=".to_owned());
                }
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => return self.quoted(),
            '`' => return self.raw(),
            '\'' => return self.character(),
            '$' => return self.name(Kind::Variable),
            '.' if self.peek().is_some_and(|c| !c.is_ascii_digit()) => return self.name(Kind::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                return self.number();
            }
            c if is_name(c) => return self.word(),
            '(' => {
                self.emit(Kind::LeftParen);
                self.parens += 1;
            }
            ')' => {
                if self.parens == 0 {
                    return self.fail("unexpected right paren".to_owned());
                }
                self.emit(Kind::RightParen);
                self.parens -= 1;
            }
            ' '..='~' => self.emit(Kind::Char),
            c => return self.fail(format!("unrecognized character in action: {}", code_point(c))),
        }
        State::Inside
    }

    fn space(&mut self) -> State {
        while self.peek().is_some_and(|c| SPACES.contains(&c)) {
            self.next();
        }
        // The last space may belong to a delimiter that trims.
        let before = &self.text[self.pos - 1..];
        if right_trim(before) && before[2..].starts_with(RIGHT) {
            self.pos -= 1;
            if self.pos == self.start {
                return self.inside();
            }
        }
        self.emit(Kind::Space);
        State::Inside
    }

    fn quoted(&mut self) -> State {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\\' | '\n') => return self.fail("unterminated quoted string".to_owned()),
                Some('"') => break,
                Some(_) => {}
            }
        }
        self.emit(Kind::Text1);
        State::Inside
    }

    fn raw(&mut self) -> State {
        loop {
            match self.next() {
                None => return self.fail("unterminated raw quoted string".to_owned()),
                Some('`') => break,
                Some(_) => {}
            }
        }
        self.emit(Kind::Text1);
        State::Inside
    }

    fn character(&mut self) -> State {
        loop {
            match self.next() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.next();
                }
                None | Some('\\' | '\n') => return self.fail("unterminated character constant".to_owned()),
                Some('\'') => break,
                Some(_) => {}
            }
        }
        self.emit(Kind::CharConstant);
        State::Inside
    }

    /// A field or a variable, whose first character is taken.
    fn name(&mut self, kind: Kind) -> State {
        if self.at_terminator() {
            self.emit(if kind == Kind::Field { Kind::Dot } else { kind });
            return State::Inside;
        }
        while self.peek().is_some_and(is_name) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind);
        State::Inside
    }

    fn word(&mut self) -> State {
        while self.peek().is_some_and(is_name) {
            self.next();
        }
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match &self.text[self.start..self.pos] {
            "block" => Kind::Keyword(Keyword::Block),
            "break" => Kind::Keyword(Keyword::Break),
            "continue" => Kind::Keyword(Keyword::Continue),
            "define" => Kind::Keyword(Keyword::Define),
            "else" => Kind::Keyword(Keyword::Else),
            "end" => Kind::Keyword(Keyword::End),
            "if" => Kind::Keyword(Keyword::If),
            "nil" => Kind::Keyword(Keyword::Nil),
            "range" => Kind::Keyword(Keyword::Range),
            "template" => Kind::Keyword(Keyword::Template),
            "with" => Kind::Keyword(Keyword::With),
            "true" | "false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind);
        State::Inside
    }

    fn bad_character(&mut self) -> State {
        let c = self.peek().map_or_else(String::new, code_point);
        self.fail(format!("bad character {c}"))
    }

    fn at_terminator(&self) -> bool {
        let ends = |c: char| SPACES.contains(&c) || ".,|:()".contains(c);
        self.peek().is_none_or(ends) || self.rest().starts_with(RIGHT)
    }

    fn number(&mut self) -> State {
        if !self.scan_number() {
            self.next();
            let text = self.text.get(self.start..self.pos).unwrap_or("").to_owned();
            return self.fail(format!("bad number syntax: {}", super::print::quote(&text)));
        }
        if matches!(self.peek(), Some('+' | '-')) {
            // The second half of a complex number, which Go knows and templates have no use for.
            if !self.scan_number() {
                self.next();
            }
            let text = self.text.get(self.start..self.pos).unwrap_or("").to_owned();
            return self.fail(format!("bad number syntax: {}", super::print::quote(&text)));
        }
        self.emit(Kind::Number);
        State::Inside
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if digits.len() == 11 && self.accept("eE") || digits.len() == 23 && self.accept("pP") {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        !self.peek().is_some_and(is_name)
    }
}

fn left_trim(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('-') && chars.next().is_some_and(|c| SPACES.contains(&c))
}

fn right_trim(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next().is_some_and(|c| SPACES.contains(&c)) && chars.next() == Some('-')
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}

/// A character as messages show it: `U+002F '/'`.
fn code_point(c: char) -> String {
    format!("U+{:04X} '{c}'", u32::from(c))
}
