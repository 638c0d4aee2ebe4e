//! Label names that may hold `$1` or `${name}`.

/// Whether `template` has a variable.
pub(crate) fn has_variable(template: &str) -> bool {
    template.contains('$')
}

/// Whether `template` can become a label name: any characters but braces and dollars, which only stand
/// around variables.
pub(crate) fn is_label_template(template: &str) -> bool {
    let mut rest = template;
    while let Some(at) = rest.find(['$', '{', '}']) {
        let Some(variable) = rest[at..].strip_prefix('$') else { return false };
        let (name, after) = match variable.strip_prefix('{') {
            Some(braced) => match braced.split_once('}') {
                Some(parts) => parts,
                None => return false,
            },
            None => variable.split_at(variable.find(['$', '{', '}']).unwrap_or(variable.len())),
        };
        if name.is_empty() || name.contains(['$', '{']) {
            return false;
        }
        rest = after;
    }
    !template.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_must_be_whole() {
        for good in ["a", "é.b", "$1", "${1}", "a_${name}_b", "$1$2", "x-$1"] {
            assert!(is_label_template(good), "{good}");
        }
        for bad in ["", "$", "${", "${}", "${1", "a}", "a{b", "$$1", "${a$b}"] {
            assert!(!is_label_template(bad), "{bad}");
        }
    }
}
