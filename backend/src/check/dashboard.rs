//! `check dashboard`: the document, what serde cannot know about it, and its queries' syntax as far as no
//! variable stands in them.

use super::Verdict;

pub(super) fn check(bytes: &[u8]) -> Verdict {
    let document: dashboard::Dashboard = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(error) => return Verdict::bad(error.to_string()),
    };
    let mut problems: Vec<String> = dashboard::validate(&document).iter().map(ToString::to_string).collect();
    let options = promql_syntax::ParseOptions::all_features();
    for (i, panel) in document.panels.iter().enumerate() {
        for (j, query) in panel.queries.iter().enumerate().filter(|(_, query)| !query.expr.contains('$')) {
            if let Err(error) = promql_syntax::parse(&query.expr, &options) {
                problems.push(format!("panels[{i}].queries[{j}].expr: {error}"));
            }
        }
    }
    if problems.is_empty() {
        let panels = document.panels.len();
        return Verdict::good(format!(
            "{:?}, {panels} panels, {} variables",
            document.title,
            document.variables.len()
        ));
    }
    Verdict::bad(problems.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let verdict = check(
            br#"{"title": "T", "panels": [{"id": 1, "type": "stat", "options": {},
            "grid": {"x": 23, "y": 0, "w": 2, "h": 4}, "queries": [{"refId": "A", "expr": "sum(up"}]}]}"#,
        );
        assert!(!verdict.ok);
        insta::assert_snapshot!(verdict.text, @"
        panels[0].grid: must end within 24 columns
          panels[0].queries[0].expr: 1:7: parse error: unclosed left parenthesis
        ");
        assert!(check(b"{\"title\": 1}").text.contains("line 1 column 11"));
        assert!(check(b"\xff").text.contains("line 1"));
    }

    #[test]
    fn a_right_one_is_summed_up() {
        let verdict = check(br#"{"title": "T", "panels": []}"#);
        assert_eq!((verdict.ok, verdict.text.as_str()), (true, "\"T\", 0 panels, 0 variables"));
    }
}
