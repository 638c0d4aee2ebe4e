//! `GET /api/v1/label/<name>/values`: values of a label. A name that cannot stand in an address is written
//! as `U__` and code points between underscores.

use axum::extract::{Path, State};
use axum::response::Response;

use super::select::texts;
use crate::app::App;
use crate::error::ApiError;
use crate::wire::params::Params;

pub(crate) async fn label_values(
    State(app): State<App>,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let name = unescape(&name);
    if name.is_empty() {
        return Err(ApiError::bad_data(format!("invalid label name: {name:?}")));
    }
    texts(&app, &params, move |querier, matchers, hints| querier.label_values(&name, matchers, hints)).await
}

/// The name behind its escaped form; a text that is none stands for itself.
fn unescape(escaped: &str) -> String {
    escaped.strip_prefix("U__").and_then(unescape_rest).unwrap_or_else(|| escaped.to_owned())
}

fn unescape_rest(mut rest: &str) -> Option<String> {
    let mut name = String::with_capacity(rest.len());
    while let Some(at) = rest.find('_') {
        name.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('_') {
            name.push('_');
            rest = after;
        } else {
            let (code, after) = after.split_once('_')?;
            if code.is_empty() || code.len() > 6 {
                return None;
            }
            name.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest = after;
        }
    }
    name.push_str(rest);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unescaped() {
        assert_eq!(unescape("job"), "job");
        assert_eq!(unescape("U__http_2e_status"), "http.status");
        assert_eq!(unescape("U__a__b"), "a_b");
        assert_eq!(unescape("U___1F60A_"), "😊");
        for odd in ["U__a_", "U__a_zz_", "U__a_110000_", "U__a_d800_", "U__a_0000041_"] {
            assert_eq!(unescape(odd), odd);
        }
    }
}
