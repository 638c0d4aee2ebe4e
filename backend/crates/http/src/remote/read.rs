//! `POST /api/v1/read`: remote read, as samples or as a stream of chunks.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use futures_util::stream::{self, Stream};
use remote::RequestError;
use remote::read::{ReadError, ReadForm, ReadRequest};
use storage::{Cancel, QueryError};
use tokio::sync::mpsc;

use super::{body, check_encoding, refusal, unavailable};
use crate::app::App;
use crate::run::CancelOnDrop;

/// Pieces of a stream that wait to be sent.
const PIECES_WAITING: usize = 4;

/// A piece of the answer, and the form that all of it has.
type Piece = Result<(ReadForm, Vec<u8>), ReadError>;

pub(crate) async fn read(State(app): State<App>, request: Request) -> Response<Body> {
    if let Err(why) = check_encoding(request.headers()) {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why);
    }
    let held = match body(&app, request).await {
        Ok(held) => held,
        Err((status, why)) => return refusal(status, &why),
    };
    let asked = remote::read::decode(&held.bytes).and_then(|asked| asked.form().map(|form| (asked, form)));
    drop(held);
    let (asked, form) = match asked {
        Ok(asked) => asked,
        Err(error @ RequestError::TooLarge { .. }) => {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string());
        }
        Err(error) => return refusal(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let Ok(turn) = Arc::clone(&app.remote_admission.reads).acquire_owned().await else {
        let (status, why) = unavailable();
        return refusal(status, &why);
    };
    let (send, mut pieces) = mpsc::channel(PIECES_WAITING);
    let cancel = Cancel::default();
    tokio::task::spawn_blocking({
        let cancel = cancel.clone();
        move || {
            answer(&app, &asked, form, &cancel, &send);
            drop(turn);
        }
    });
    let guard = CancelOnDrop(cancel);
    // An error before anything was sent is told properly; a later one can only break the stream off.
    match pieces.recv().await {
        Some(Ok((ReadForm::Samples, packed))) => {
            let mut response = typed(Body::from(packed), remote::read::SAMPLES_TYPE);
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("snappy"));
            response
        }
        Some(Ok((ReadForm::Stream, first))) => {
            typed(Body::from_stream(frames(first, pieces, guard)), remote::read::STREAM_TYPE)
        }
        Some(Err(error)) => failed(&error),
        None => refusal(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be finished"),
    }
}

/// Computes the answer piece by piece. A receiver that is gone ends it.
fn answer(app: &App, asked: &ReadRequest, form: ReadForm, cancel: &Cancel, pieces: &mpsc::Sender<Piece>) {
    let (store, limits) = (app.store.as_ref(), &app.limits.remote_read);
    let outcome = (|| {
        if form == ReadForm::Samples {
            let packed = remote::read::samples(store, asked, limits, cancel)?;
            return Ok((ReadForm::Samples, packed));
        }
        let send = |piece| pieces.blocking_send(Ok((ReadForm::Stream, piece))).is_ok();
        remote::read::stream(store, asked, limits, cancel, send)?;
        // Says that all went well, and stands for an answer without any series.
        Ok((ReadForm::Stream, Vec::new()))
    })();
    let _ = pieces.blocking_send(outcome);
}

/// The frames as they become ready. They end well only with the piece that says so.
fn frames(
    first: Vec<u8>,
    pieces: mpsc::Receiver<Piece>,
    guard: CancelOnDrop,
) -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::unfold((Some(first), pieces, guard), |(next, mut pieces, guard)| async move {
        let piece = match next {
            Some(piece) => piece,
            None => match pieces.recv().await {
                Some(Ok((_, piece))) => piece,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a remote read stream was broken off");
                    return Some((Err(io::Error::other(error)), (Some(Vec::new()), pieces, guard)));
                }
                None => {
                    return Some((Err(io::ErrorKind::BrokenPipe.into()), (Some(Vec::new()), pieces, guard)));
                }
            },
        };
        (!piece.is_empty()).then_some((Ok(piece), (None, pieces, guard)))
    })
}

fn typed(body: Body, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn failed(error: &ReadError) -> Response<Body> {
    let status = match error {
        ReadError::TooManySamples(_) => StatusCode::BAD_REQUEST,
        ReadError::Query(QueryError::TooManySamples) => StatusCode::UNPROCESSABLE_ENTITY,
        ReadError::Query(QueryError::Cancelled) => StatusCode::SERVICE_UNAVAILABLE,
        ReadError::Query(QueryError::Storage(_)) | ReadError::Request(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    refusal(status, &error.to_string())
}
