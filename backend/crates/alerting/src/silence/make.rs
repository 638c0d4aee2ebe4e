//! Making a silence of what was asked for.

use std::sync::Arc;

use model::{Matcher, TimestampMs};
use platform::Entropy;

use super::{NewSilence, Silence, SilenceError};
use crate::matcher::{Matchers, matcher_text};

/// Compiles the matchers of a silence; they must not match everything.
pub(super) fn check_matchers(written: &[Matcher]) -> Result<Matchers, SilenceError> {
    let invalid = |why: String| SilenceError::Invalid(why);
    if written.is_empty() {
        return Err(invalid("at least one matcher is needed".to_owned()));
    }
    if let Some(at) = written.iter().position(|matcher| matcher.name.is_empty()) {
        return Err(invalid(format!("matcher {at} has no label name")));
    }
    let matchers = Matchers::new(written.iter().cloned()).map_err(|error| invalid(error.to_string()))?;
    let asks = |matcher: &model::CompiledMatcher| {
        matches!(matcher.matcher().op, model::MatchOp::NotEqual | model::MatchOp::NotRegex)
            || !matcher.matches_absent()
    };
    if !matchers.as_slice().iter().any(asks) {
        let texts: Vec<String> = written.iter().map(matcher_text).collect();
        return Err(invalid(format!(
            "{}: at least one matcher must not match an empty value",
            texts.join(",")
        )));
    }
    Ok(matchers)
}

/// A silence as asked for.
pub(super) fn build(
    id: Arc<str>,
    new: NewSilence,
    matchers: Matchers,
    starts_at_ms: TimestampMs,
    now_ms: TimestampMs,
) -> Silence {
    Silence {
        id,
        written: new.matchers,
        matchers,
        starts_at_ms,
        ends_at_ms: new.ends_at_ms,
        updated_at_ms: now_ms,
        created_by: new.created_by,
        comment: new.comment,
    }
}

/// A random UUID (version 4).
pub(super) fn uuid(entropy: &dyn Entropy) -> String {
    let high = (entropy.next_u64() & 0xffff_ffff_ffff_0fff) | 0x4000;
    let low = (entropy.next_u64() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
