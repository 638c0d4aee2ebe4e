//! Parameters of a request: from the address and, for a form, from the body, as Go's `Request.Form` has
//! them (the body's first).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{Method, header};
use model::{CompiledMatcher, TimeRange};

use super::time::{parse_step, parse_time};
use crate::error::ApiError;

/// How long a client may take to send its form.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Most parameters that are read.
const PARAMETERS_MAX: usize = 10_000;

/// The parameters, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|value| {
            let media_type = value.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        let mut params = Self::default();
        if is_form && parts.method == Method::POST {
            // `Bytes` heeds the body limit that the router sets, which needs the whole request.
            let query = parts.uri.query().unwrap_or_default().to_owned();
            let _ = axum::extract::RawQuery::from_request_parts(&mut parts, state).await;
            let request = Request::from_parts(parts, body);
            let body = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, state))
                .await
                .map_err(|_| ApiError::bad_data("the form took too long to arrive"))?
                .map_err(|error| ApiError::bad_data(format!("error parsing form values: {error}")))?;
            params.add(&body)?;
            params.add(query.as_bytes())?;
        } else {
            params.add(parts.uri.query().unwrap_or_default().as_bytes())?;
        }
        Ok(params)
    }
}

impl Params {
    /// Reads `a=1&b=2`.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut params = Self::default();
        params.add(text.as_bytes())?;
        Ok(params)
    }

    fn add(&mut self, encoded: &[u8]) -> Result<(), ApiError> {
        for (name, value) in form_urlencoded::parse(encoded) {
            if self.pairs.len() == PARAMETERS_MAX {
                return Err(ApiError::bad_data(format!("more than {PARAMETERS_MAX} parameters")));
            }
            self.pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(())
    }

    /// The first value of `name`, or "".
    pub(crate) fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// All values of `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A time; `default_ms` where it is not said.
    pub(crate) fn time_or(&self, name: &str, default_ms: i64) -> Result<i64, ApiError> {
        match self.get(name) {
            "" => Ok(default_ms),
            text => parse_time(text).map_err(|reason| ApiError::parameter(name, &reason)),
        }
    }

    /// A time that must be said.
    pub(crate) fn time(&self, name: &str) -> Result<i64, ApiError> {
        parse_time(self.get(name)).map_err(|reason| ApiError::parameter(name, &reason))
    }

    /// A length of time in milliseconds that must be said.
    pub(crate) fn step(&self, name: &str) -> Result<i64, ApiError> {
        parse_step(self.get(name)).map_err(|reason| ApiError::parameter(name, &reason))
    }

    /// A length of time, if it is said and not negative.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<Duration>, ApiError> {
        if self.get(name).is_empty() {
            return Ok(None);
        }
        let ms = self.step(name)?;
        let ms = u64::try_from(ms).map_err(|_| ApiError::parameter(name, "must not be negative"))?;
        Ok(Some(Duration::from_millis(ms)))
    }

    /// An upper bound on the number of results; 0 for none.
    pub(crate) fn limit(&self, name: &str) -> Result<usize, ApiError> {
        match self.get(name) {
            "" => Ok(0),
            text => match text.parse::<i64>() {
                Ok(limit) => usize::try_from(limit)
                    .map_err(|_| ApiError::parameter(name, "limit must be non-negative")),
                Err(_) => Err(ApiError::parameter(name, &format!("cannot parse {text:?} to a whole number"))),
            },
        }
    }

    /// `start` and `end`, everything where they are not said.
    pub(crate) fn range(&self) -> Result<TimeRange, ApiError> {
        let start_ms = self.time_or("start", i64::MIN)?;
        let end_ms = self.time_or("end", i64::MAX)?;
        Ok(TimeRange { start_ms, end_ms })
    }

    /// The selectors of `match[]`. Each must hold a matcher that does not match the empty string, so that
    /// nobody asks for everything by accident.
    pub(crate) fn selectors(&self) -> Result<Vec<Vec<CompiledMatcher>>, ApiError> {
        let mut selectors = Vec::new();
        for text in self.all("match[]") {
            let matchers = promql_syntax::parse_selector(text)
                .map_err(|error| ApiError::parameter("match[]", &error.to_string()))?;
            let matchers = matchers
                .into_iter()
                .map(CompiledMatcher::new)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| ApiError::parameter("match[]", &error.to_string()))?;
            if matchers.iter().all(CompiledMatcher::matches_absent) {
                return Err(ApiError::parameter(
                    "match[]",
                    "match[] must contain at least one non-empty matcher",
                ));
            }
            selectors.push(matchers);
        }
        Ok(selectors)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn params(text: &str) -> Params {
        Params::parse(text).unwrap()
    }

    #[test]
    fn the_first_value_counts_and_all_can_be_had() {
        let params = params("match[]=up&match%5B%5D=go%7Ba%3D%22b%22%7D&query=a%2Bb+c&query=second");
        assert_eq!(params.get("query"), "a+b c");
        assert_eq!(params.all("match[]").collect::<Vec<_>>(), ["up", "go{a=\"b\"}"]);
        assert_eq!(params.get("none"), "");
    }

    #[test]
    fn mistakes_name_their_parameter() {
        let message =
            |result: Result<_, ApiError>| -> String { result.map(|_: i64| ()).unwrap_err().to_string() };
        assert_eq!(
            message(params("start=x").time("start")),
            "invalid parameter \"start\": cannot parse \"x\" to a valid timestamp"
        );
        assert!(params("limit=-1").limit("limit").unwrap_err().to_string().contains("non-negative"));
        assert!(params("limit=many").limit("limit").is_err());
        assert!(params("timeout=-1s").duration("timeout").is_err());
        for bad in ["%7B%7D", "%7Ba%3D~%22.*%22%7D", "a%7B", "1", "%7Ba%3D~%22(%22%7D"] {
            let error = params(&format!("match[]={bad}")).selectors().unwrap_err().to_string();
            assert!(error.starts_with("invalid parameter \"match[]\""), "{bad}: {error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in any::<String>()) {
            if let Ok(params) = Params::parse(&text) {
                let _ = (params.range(), params.selectors(), params.limit("limit"), params.step("step"));
            }
        }
    }
}
