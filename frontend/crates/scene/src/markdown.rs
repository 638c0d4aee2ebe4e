//! The Markdown of text panels as a tree: headings, paragraphs, lists, quotes, code, rules;
//! emphasis, strong, code, links. HTML is text, and a link goes only where it is safe to go.
//!
//! A small reader of our own: a full CommonMark parser would be a tenth of the app's download.

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Heading of level 1–6.
    Heading(u8, Vec<Inline>),
    /// Paragraph.
    Paragraph(Vec<Inline>),
    /// List; ordered or not; each item a line of text.
    List(bool, Vec<Vec<Inline>>),
    /// Quote.
    Quote(Vec<Inline>),
    /// Fenced code.
    Code(String),
    /// Horizontal rule.
    Rule,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Text.
    Text(String),
    /// `*text*`
    Emphasis(String),
    /// `**text**`
    Strong(String),
    /// `` `text` ``
    Code(String),
    /// `[text](target)`
    Link {
        /// Shown.
        text: String,
        /// Where it goes: http(s), mailto, or a path of this app.
        href: String,
    },
}

/// Longest text that is read, in bytes; the rest is left out.
const TEXT_BYTES_MAX: usize = 100_000;

/// Reads Markdown.
#[must_use]
pub fn parse(text: &str) -> Vec<Block> {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut blocks: Vec<Block> = Vec::new();
    let mut paragraph = String::new();
    let mut lines = text[..end].lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            flush(&mut paragraph, &mut blocks);
            let mut code = String::new();
            for line in lines.by_ref() {
                if line.trim_start().starts_with("```") {
                    break;
                }
                code.push_str(line);
                code.push('\n');
            }
            blocks.push(Block::Code(code));
        } else if trimmed.is_empty() {
            flush(&mut paragraph, &mut blocks);
        } else if let Some((level, title)) = heading(trimmed) {
            flush(&mut paragraph, &mut blocks);
            blocks.push(Block::Heading(level, inlines(title)));
        } else if is_rule(trimmed) {
            flush(&mut paragraph, &mut blocks);
            blocks.push(Block::Rule);
        } else if let Some(body) = trimmed.strip_prefix('>') {
            flush(&mut paragraph, &mut blocks);
            blocks.push(Block::Quote(inlines(body.trim())));
        } else if let Some((ordered, item)) = list_item(trimmed) {
            flush(&mut paragraph, &mut blocks);
            let mut item = item.to_owned();
            // A line that is indented goes on with its item.
            while let Some(next) = lines
                .next_if(|l| l.starts_with("  ") && list_item(l.trim()).is_none() && !l.trim().is_empty())
            {
                item.push(' ');
                item.push_str(next.trim());
            }
            match blocks.last_mut() {
                Some(Block::List(kind, items)) if *kind == ordered => items.push(inlines(&item)),
                _ => blocks.push(Block::List(ordered, vec![inlines(&item)])),
            }
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(trimmed);
        }
    }
    flush(&mut paragraph, &mut blocks);
    blocks
}

fn flush(paragraph: &mut String, blocks: &mut Vec<Block>) {
    if !paragraph.is_empty() {
        blocks.push(Block::Paragraph(inlines(paragraph)));
        paragraph.clear();
    }
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let title = line.get(level..)?.strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| (level as u8, title.trim()))
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3 && ["-", "*", "_"].iter().any(|mark| line.replace(mark, "").is_empty())
}

fn list_item(line: &str) -> Option<(bool, &str)> {
    for mark in ["- ", "* ", "+ "] {
        if let Some(item) = line.strip_prefix(mark) {
            return Some((false, item.trim()));
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let item = line.get(digits..)?.strip_prefix(". ")?;
    (1..=9).contains(&digits).then(|| (true, item.trim()))
}

/// Reads the inside of a block.
fn inlines(text: &str) -> Vec<Inline> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match special(rest) {
            Some((inline, length)) => {
                if !plain.is_empty() {
                    out.push(Inline::Text(std::mem::take(&mut plain)));
                }
                out.push(inline);
                rest = &rest[length..];
            }
            None if c == '\\' && rest[1..].starts_with(|n: char| n.is_ascii_punctuation()) => {
                plain.push_str(&rest[1..2]);
                rest = &rest[2..];
            }
            None => {
                plain.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if !plain.is_empty() {
        out.push(Inline::Text(plain));
    }
    out
}

fn special(text: &str) -> Option<(Inline, usize)> {
    let between = |mark: &str| {
        let body = text.strip_prefix(mark)?;
        let end = body.find(mark)?;
        let inner = &body[..end];
        (!inner.is_empty() && inner.trim() == inner).then(|| (inner.to_owned(), end + 2 * mark.len()))
    };
    if let Some((inner, length)) = between("`") {
        return Some((Inline::Code(inner), length));
    }
    if let Some((inner, length)) = between("**") {
        return Some((Inline::Strong(inner), length));
    }
    if let Some((inner, length)) = between("*").or_else(|| between("_")) {
        return Some((Inline::Emphasis(inner), length));
    }
    let body = text.strip_prefix('[')?;
    let close = body.find("](")?;
    let after = &body[close + 2..];
    let end = after.find(')')?;
    let (label, href) = (&body[..close], after[..end].trim());
    is_safe(href).then(|| (Inline::Link { text: label.to_owned(), href: href.to_owned() }, close + end + 4))
}

/// Whether a link may go there; scripts and data addresses may not.
fn is_safe(href: &str) -> bool {
    let local = href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\");
    let lower = href.to_ascii_lowercase();
    (local || ["http://", "https://", "mailto:"].iter().any(|p| lower.starts_with(p)))
        && !href.contains(|c: char| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(t: &str) -> Inline {
        Inline::Text(t.to_owned())
    }

    #[test]
    fn blocks() {
        let tree = parse("# Title\nfirst\nsecond\n\n- a\n- b\n  more\n1. x\n> said\n---\n```\nlet x;\n```\n");
        assert_eq!(
            tree,
            [
                Block::Heading(1, vec![text("Title")]),
                Block::Paragraph(vec![text("first second")]),
                Block::List(false, vec![vec![text("a")], vec![text("b more")]]),
                Block::List(true, vec![vec![text("x")]]),
                Block::Quote(vec![text("said")]),
                Block::Rule,
                Block::Code("let x;\n".into()),
            ]
        );
    }

    #[test]
    fn lines() {
        assert_eq!(
            inlines("a **b** `c` [d](/x) *e* <b>"),
            [
                text("a "),
                Inline::Strong("b".into()),
                text(" "),
                Inline::Code("c".into()),
                text(" "),
                Inline::Link { text: "d".into(), href: "/x".into() },
                text(" "),
                Inline::Emphasis("e".into()),
                text(" <b>"),
            ]
        );
    }

    #[test]
    fn dangerous_links_stay_text() {
        for href in
            ["javascript:alert(1)", " JavaScript:x", "data:text/html,x", "//evil", "/\\evil", "vbscript:x"]
        {
            let tree = inlines(&format!("[x]({href})"));
            assert!(!tree.iter().any(|i| matches!(i, Inline::Link { .. })), "{href}: {tree:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[\\*_`#>\\[\\]()\\-1. \nabü\\\\]{0,60}") {
            prop_assert!(parse(&text).len() <= text.len());
        }
    }
}
