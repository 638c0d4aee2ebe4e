//! What a pattern's structure tells without running it: that it matches a finite set of texts, or that it
//! is literals with gaps between them (`.*foo.*`), or which prefix all its matches have.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// The most texts that classes and repetitions may be multiplied out to.
const MOST_PRODUCTS: usize = 256;
/// The most alternatives of a set of texts, and the most bytes of all of them.
const MOST_TEXTS: usize = 16_384;
const MOST_BYTES: usize = 4 << 20;

/// A pattern that can be matched without a regex engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One of these, sorted and without duplicates.
    Texts(Vec<String>),
    /// Literals with gaps before, between and behind them.
    Gaps(Vec<Piece>),
}

/// A part of a pattern with gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// This text.
    Text(String),
    /// At least so many characters of any kind.
    Gap(usize),
}

/// The shape of an anchored pattern, if it has a simple one.
pub(super) fn shape(hir: &Hir) -> Option<Shape> {
    let mut parts = Vec::new();
    flatten(hir, &mut parts);
    while parts.first().is_some_and(|part| is_look(part, Look::Start)) {
        parts.remove(0);
    }
    while parts.last().is_some_and(|part| is_look(part, Look::End)) {
        parts.pop();
    }
    if let Some(texts) = texts_of_all(&parts) {
        return Some(Shape::Texts(texts));
    }
    gaps(&parts).map(Shape::Gaps)
}

/// What every match begins with; "" if nothing is known.
pub(super) fn prefix(hir: &Hir) -> String {
    let literals = Extractor::new().extract(hir);
    let bytes = literals.longest_common_prefix().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) => String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned(),
    }
}

/// The parts of a concatenation; groups are opened.
fn flatten<'h>(hir: &'h Hir, out: &mut Vec<&'h Hir>) {
    match hir.kind() {
        HirKind::Concat(parts) => parts.iter().for_each(|part| flatten(part, out)),
        HirKind::Capture(capture) => flatten(&capture.sub, out),
        _ => out.push(hir),
    }
}

fn is_look(hir: &Hir, look: Look) -> bool {
    matches!(hir.kind(), HirKind::Look(found) if *found == look)
}

fn texts_of_all(parts: &[&Hir]) -> Option<Vec<String>> {
    let mut texts = concatenated(parts.iter().copied())?;
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

fn concatenated<'h>(parts: impl Iterator<Item = &'h Hir>) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    for part in parts {
        let tails = texts_of(part)?;
        if let [tail] = tails.as_slice() {
            texts.iter_mut().for_each(|text| text.push_str(tail));
        } else if let [head] = texts.as_slice() {
            texts = tails.iter().map(|tail| format!("{head}{tail}")).collect();
        } else if texts.len() * tails.len() <= MOST_PRODUCTS {
            texts =
                texts.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect();
        } else {
            return None;
        }
        within_limits(&texts)?;
    }
    Some(texts)
}

fn within_limits(texts: &[String]) -> Option<()> {
    let bytes: usize = texts.iter().map(String::len).sum();
    (texts.len() <= MOST_TEXTS && bytes <= MOST_BYTES).then_some(())
}

/// All texts a part can match, if they are few. Depth is bounded by the parser's nesting limit.
fn texts_of(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![String::new()]),
        HirKind::Literal(literal) => Some(vec![std::str::from_utf8(&literal.0).ok()?.to_owned()]),
        HirKind::Class(class) => characters(class),
        HirKind::Look(_) => None,
        HirKind::Capture(capture) => texts_of(&capture.sub),
        HirKind::Concat(parts) => concatenated(parts.iter()),
        HirKind::Alternation(alternatives) => {
            let mut texts = Vec::new();
            for alternative in alternatives {
                texts.append(&mut texts_of(alternative)?);
                if texts.len() > MOST_TEXTS {
                    return None;
                }
            }
            within_limits(&texts)?;
            Some(texts)
        }
        HirKind::Repetition(repetition) => {
            let (least, most) = (repetition.min as usize, repetition.max? as usize);
            let once = texts_of(&repetition.sub)?;
            let mut power = vec![String::new()];
            let mut texts = Vec::new();
            for count in 0..=most {
                if count >= least {
                    texts.extend(power.iter().cloned());
                }
                if texts.len() > MOST_PRODUCTS || power.len() * once.len() > MOST_PRODUCTS {
                    return None;
                }
                within_limits(&texts)?;
                if count < most {
                    power = power
                        .iter()
                        .flat_map(|head| once.iter().map(move |tail| format!("{head}{tail}")))
                        .collect();
                    within_limits(&power)?;
                }
            }
            Some(texts)
        }
    }
}

fn characters(class: &Class) -> Option<Vec<String>> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) if class.is_ascii() => {
            class.ranges().iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect()
        }
        Class::Bytes(_) => return None,
    };
    let count: u32 = ranges.iter().map(|(start, end)| *end as u32 - *start as u32 + 1).sum();
    if count as usize > MOST_PRODUCTS {
        return None;
    }
    Some(ranges.into_iter().flat_map(|(start, end)| start..=end).map(String::from).collect())
}

fn gaps(parts: &[&Hir]) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    for part in parts {
        match part.kind() {
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                match pieces.last_mut() {
                    Some(Piece::Text(before)) => before.push_str(text),
                    _ => pieces.push(Piece::Text(text.to_owned())),
                }
            }
            HirKind::Repetition(repetition) if repetition.max.is_none() && is_any_char(&repetition.sub) => {
                let least = repetition.min as usize;
                match pieces.last_mut() {
                    Some(Piece::Gap(before)) => *before += least,
                    _ => pieces.push(Piece::Gap(least)),
                }
            }
            _ => return None,
        }
    }
    Some(pieces)
}

fn is_any_char(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => is_any_char(&capture.sub),
        HirKind::Class(Class::Unicode(class)) => match class.ranges() {
            [range] => range.start() == '\0' && range.end() == char::MAX,
            _ => false,
        },
        _ => false,
    }
}

/// Whether the whole of `text` is the pieces in their order. Each literal is taken where it first fits
/// behind the gap before it, except the last, which has to end the text.
pub(super) fn gaps_match(pieces: &[Piece], text: &str) -> bool {
    let mut rest = text;
    let mut gap: Option<usize> = None;
    for (at, piece) in pieces.iter().enumerate() {
        match (piece, gap) {
            (Piece::Gap(least), _) => gap = Some(*least),
            (Piece::Text(literal), None) => match rest.strip_prefix(literal.as_str()) {
                Some(after) => rest = after,
                None => return false,
            },
            (Piece::Text(literal), Some(least)) if at + 1 == pieces.len() => {
                return rest
                    .strip_suffix(literal.as_str())
                    .is_some_and(|before| has_characters(before, least));
            }
            (Piece::Text(literal), Some(least)) => {
                let found = skip_characters(rest, least)
                    .and_then(|from| from.find(literal.as_str()).map(|found| &from[found + literal.len()..]));
                match found {
                    Some(after) => rest = after,
                    None => return false,
                }
                gap = None;
            }
        }
    }
    match gap {
        Some(least) => has_characters(rest, least),
        None => rest.is_empty(),
    }
}

fn skip_characters(text: &str, count: usize) -> Option<&str> {
    let mut chars = text.chars();
    for _ in 0..count {
        chars.next()?;
    }
    Some(chars.as_str())
}

fn has_characters(text: &str, count: usize) -> bool {
    skip_characters(text, count).is_some()
}
