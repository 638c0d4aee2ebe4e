//! Letter case as Go has it: one character for one, whatever the language.

/// All letters large.
pub(crate) fn upper(text: &str) -> String {
    text.chars().map(large).collect()
}

/// All letters small.
pub(crate) fn lower(text: &str) -> String {
    text.chars().map(small).collect()
}

/// `ß` and its like, which are two letters when large, stay as they are.
fn large(c: char) -> char {
    let mut letters = c.to_uppercase();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => letter,
        _ => c,
    }
}

fn small(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// A letter as it begins a word.
fn title_letter(c: char) -> char {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        c => large(c),
    }
}

/// The first letter of each word large, all others small: Alertmanager's titles.
pub(crate) fn title(text: &str) -> String {
    titled(text, true)
}

/// The first letter of each word large, all others as they are: Prometheus' titles.
pub(crate) fn title_keeping_case(text: &str) -> String {
    titled(text, false)
}

/// An apostrophe, a dot or a colon between letters or digits belongs to the word.
fn titled(text: &str, lowers: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let joins = |c: char| matches!(c, '\'' | '’' | '.' | ':' | '·');
    let mut out = String::with_capacity(text.len());
    let mut begun = false;
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i)).copied();
        let after = chars.get(i + 1).copied();
        if c.is_alphabetic() && is_cased(c) {
            if begun && !lowers {
                out.push(c);
            } else if begun {
                let ends = !after.is_some_and(char::is_alphabetic);
                let lone = !before.is_some_and(char::is_alphabetic);
                out.push(if c == 'Σ' && ends && !lone { 'ς' } else { small(c) });
            } else {
                push_title(c, lowers, &mut out);
                begun = true;
            }
        } else {
            out.push(c);
            let between =
                before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
            if !(is_part(c) || joins(c) && between) {
                begun = false;
            }
        }
    }
    out
}

fn is_cased(c: char) -> bool {
    c.is_uppercase() || c.is_lowercase() || title_letter(c) != c || small(c) != c
}

/// A letter that is two when large, such as `ﬁ`, is spelt out.
fn push_title(c: char, lowers: bool, out: &mut String) {
    let mut letters = c.to_uppercase();
    if letters.len() == 1 || !lowers && c.is_uppercase() {
        out.push(title_letter(c));
    } else {
        out.extend(letters.next());
        out.extend(letters.map(small));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_for_one() {
        assert_eq!(upper("straße ǆ é"), "STRAßE Ǆ É");
        assert_eq!(lower("ΑΣ İ"), "ασ i");
    }

    #[test]
    fn words_begin_large() {
        assert_eq!(title_keeping_case("hello wORLD it's o_x 3rd"), "Hello WORLD It's O_x 3Rd");
        for (text, titled) in [
            ("hello wORLD", "Hello World"),
            ("it's o'neil's 3rd 2ND x2y", "It's O'neil's 3Rd 2Nd X2y"),
            ("a.b c:d e_f g-h", "A.b C:d E_f G-H"),
            ("ÄRGER straße ǆ ﬁne", "Ärger Straße ǅ Fine"),
            ("HTTPServer 5MB", "Httpserver 5Mb"),
            ("ΑΣ ΟΔΥΣΣΕΥΣ", "Ας Οδυσσευς"),
            ("'quoted' \"x\"", "'Quoted' \"X\""),
            ("über-ALLES/neu (x)", "Über-Alles/Neu (X)"),
        ] {
            assert_eq!(title(text), titled);
        }
    }
}
