//! Lists of mail addresses: `a@example.org, "Ops, all" <ops@example.org>`.

use crate::notify::NotifyError;

/// Most addresses of a message.
const MOST_ADDRESSES: usize = 1000;

/// The bare addresses of a list.
pub(super) fn addresses(list: &str) -> Result<Vec<String>, NotifyError> {
    let mut found = Vec::new();
    for part in split(list) {
        let part = part.trim();
        let address = match part.strip_suffix('>').and_then(|part| part.rsplit_once('<')) {
            Some((_, address)) => address.trim(),
            None => part,
        };
        if !is_address(address) {
            return Err(NotifyError::lasting(format!("{part:?} is no mail address")));
        }
        found.push(address.to_owned());
    }
    if found.len() > MOST_ADDRESSES {
        return Err(NotifyError::lasting(format!("more than {MOST_ADDRESSES} addresses")));
    }
    Ok(found)
}

/// The parts between commas that stand neither in quotes nor in angle brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    for (at, c) in list.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            ',' if !quoted && !bracketed => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts
}

/// Whether it can stand in an envelope: nothing in it ends the command.
fn is_address(text: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>,;:()[]\\\"".contains(c);
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty() && !domain.is_empty() && !text.contains(forbidden) && !local.contains('@')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_taken_apart() {
        let list = r#"a@example.org, "Ops, \"all\"" <ops@example.org>,Jörg <j.o+x@ex-ample.org>"#;
        assert_eq!(addresses(list).unwrap(), ["a@example.org", "ops@example.org", "j.o+x@ex-ample.org"]);
        for bad in ["", "a", "@b", "a@", "a@b,", "a b@c", "a@b\r\nRCPT TO:x@y", "<a@b> c", "a@b@c"] {
            assert!(addresses(bad).is_err(), "{bad:?}");
        }
    }
}
