//! Remote write and remote read over HTTP: headers, sizes, and how many at a time.

pub(crate) mod read;
pub(crate) mod write;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::FromRequest as _;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::{App, Limits};

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// When to try again after 503, in seconds. Senders go on by themselves when the disk has room again.
const RETRY_AFTER_S: u64 = 5;
/// Bodies in memory at a time, in bytes; further requests wait before they are read.
const BODIES_BYTES: usize = 256 << 20;
/// Bodies are counted in units of this many bytes.
const UNIT_BYTES: usize = 4 << 10;

/// Who may come in.
pub(crate) struct RemoteAdmission {
    bodies: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    reads: Arc<Semaphore>,
}

impl RemoteAdmission {
    pub(crate) fn new(limits: &Limits) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            bodies: Arc::new(Semaphore::new(BODIES_BYTES / UNIT_BYTES)),
            writes: Arc::new(Semaphore::new(processors)),
            reads: Arc::new(Semaphore::new(limits.remote_read.concurrency.max(1))),
        }
    }
}

/// A body, and its place among those in memory.
struct HeldBody {
    bytes: Bytes,
    _held: OwnedSemaphorePermit,
}

/// Reads the body when there is room for it.
async fn body(app: &App, request: Request) -> Result<HeldBody, (StatusCode, String)> {
    let limit = app.limits.remote_write.body_bytes;
    let announced = text(request.headers(), &header::CONTENT_LENGTH).parse().unwrap_or(limit);
    if announced > limit {
        let why = format!("the body has {announced} bytes; at most {limit} are taken");
        return Err((StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    let units = u32::try_from(announced.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
    let units = units.min((BODIES_BYTES / UNIT_BYTES) as u32);
    let held = Arc::clone(&app.remote_admission.bodies).acquire_many_owned(units).await;
    let Ok(held) = held else { return Err(unavailable()) };
    match tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, app)).await {
        Ok(Ok(bytes)) => Ok(HeldBody { bytes, _held: held }),
        Ok(Err(error)) => Err((error.status(), format!("the body cannot be read: {error}"))),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive".to_owned())),
    }
}

fn unavailable() -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping".to_owned())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether the body is packed with snappy, as it has to be. Early senders do not say so.
fn check_encoding(headers: &HeaderMap) -> Result<(), String> {
    let encoding = text(headers, &header::CONTENT_ENCODING);
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("snappy") {
        return Ok(());
    }
    Err(format!("Content-Encoding {encoding:?} is not supported; use snappy (block format)"))
}

/// An error as Prometheus words it here: plain text.
fn refusal(status: StatusCode, why: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{why}\n")));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    }
    response
}
