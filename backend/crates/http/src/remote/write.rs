//! `POST /api/v1/write`: remote write 1.0 and 2.0.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use remote::RequestError;
use remote::write::{Sender, WriteMessage, WriteOutcome, Written};

use super::{body, check_encoding, refusal, text, unavailable};
use crate::app::App;
use crate::server::Peer;

const MEDIA_TYPE: &str = "application/x-protobuf";

pub(crate) async fn write(State(app): State<App>, request: Request) -> Response<Body> {
    if !app.settings.remote_write_receiver {
        let why = "remote write receiver needs to be enabled with --web.enable-remote-write-receiver";
        return refusal(StatusCode::NOT_FOUND, why);
    }
    let sender = sender(&request);
    let refused = |status, why: &str| {
        app.remote_writer.refuse(&sender, why, app.clock.now_ms());
        refusal(status, why)
    };
    let message = message(request.headers()).and_then(|message| {
        check_encoding(request.headers())?;
        Ok(message)
    });
    let message = match message {
        Ok(message) => message,
        Err(why) => return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why),
    };
    let held = match body(&app, request).await {
        Ok(held) => held,
        Err((status, why)) => return refused(status, &why),
    };
    let Ok(turn) = Arc::clone(&app.remote_admission.writes).acquire_owned().await else {
        let (status, why) = unavailable();
        return refusal(status, &why);
    };
    let (writer, now_ms) = (Arc::clone(&app.remote_writer), app.clock.now_ms());
    let written = tokio::task::spawn_blocking(move || {
        let outcome = writer.write(message, &held.bytes, &sender, now_ms);
        drop((turn, held));
        outcome
    });
    match written.await {
        Ok(outcome) => answer(&outcome),
        Err(error) => {
            tracing::error!(%error, "a remote write request could not be finished");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be finished")
        }
    }
}

fn answer(outcome: &WriteOutcome) -> Response<Body> {
    let status = match outcome {
        WriteOutcome::Written(_) => StatusCode::NO_CONTENT,
        WriteOutcome::Bad(RequestError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        WriteOutcome::Partial { .. } | WriteOutcome::Bad(_) => StatusCode::BAD_REQUEST,
        WriteOutcome::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = match outcome.message() {
        Some(why) => refusal(status, &why),
        None => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            response
        }
    };
    let Written { samples, histograms, exemplars } = outcome.written();
    for (name, count) in [
        ("x-prometheus-remote-write-samples-written", samples),
        ("x-prometheus-remote-write-histograms-written", histograms),
        ("x-prometheus-remote-write-exemplars-written", exemplars),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(count));
    }
    response
}

fn sender(request: &Request) -> Sender {
    let address = request.extensions().get::<Peer>().map(|peer| peer.0.to_string()).unwrap_or_default();
    Sender::new(address, text(request.headers(), &header::USER_AGENT))
}

/// The message that the content type names; 1.0 when there is none, as early senders do.
fn message(headers: &HeaderMap) -> Result<WriteMessage, String> {
    let content_type = text(headers, &header::CONTENT_TYPE);
    if content_type.is_empty() {
        return Ok(WriteMessage::V1);
    }
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Err(format!("Content-Type {content_type:?} is not supported; use {MEDIA_TYPE}"));
    }
    for part in parts {
        if let Some((name, value)) = part.split_once('=')
            && name.trim().eq_ignore_ascii_case("proto")
        {
            let value = value.trim().trim_matches('"');
            return WriteMessage::named(value).ok_or_else(|| {
                format!(
                    "protobuf message {value:?} is not supported; \
                     use prometheus.WriteRequest or io.prometheus.write.v2.Request"
                )
            });
        }
    }
    Ok(WriteMessage::V1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_names_the_message() {
        let message = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            message(&headers)
        };
        assert_eq!(message("application/x-protobuf"), Ok(WriteMessage::V1));
        assert_eq!(message("application/x-protobuf;proto=prometheus.WriteRequest"), Ok(WriteMessage::V1));
        assert_eq!(
            message("Application/X-Protobuf; proto=\"io.prometheus.write.v2.Request\""),
            Ok(WriteMessage::V2)
        );
        assert!(message("application/x-protobuf;proto=x.Y").is_err());
        assert!(message("application/json").is_err());
    }
}
