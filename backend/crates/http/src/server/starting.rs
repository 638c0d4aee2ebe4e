//! Answering while the server is still starting: it lives, it is not ready, and how far it is.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use platform::{Connection, Listener};
use tokio::sync::Semaphore;

use crate::error::{ApiError, ErrorKind};

/// Connections at a time.
const CONNECTIONS_MAX: usize = 64;
/// How long a connection may take for the head of its request.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// After accepting failed, wait before trying again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers on `listeners` until it is dropped: `/-/healthy` with 200, all else with 503 and what `how_far` says.
/// Connections end after one answer, so that the next one meets the server itself.
pub async fn answer_while_starting(
    listeners: &[Listener],
    how_far: impl Fn() -> String + Clone + Send + Sync + 'static,
) -> Infallible {
    let service = Router::new().fallback(move |request: Request| {
        let answer = answer(request.uri().path(), &how_far());
        async move { answer }
    });
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (sender, mut accepted) = tokio::sync::mpsc::channel(1);
    let accepting = listeners.iter().map(|listener| {
        let sender = sender.clone();
        async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(sender.send(stream).await),
                    Err(error) => {
                        tracing::warn!(%error, "failed to accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    });
    let accepting = futures_util::future::join_all(accepting);
    let serving = async {
        while let Some(stream) = accepted.recv().await {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&slots).acquire_owned().await else { break };
            let service = service.clone();
            tokio::spawn(async move {
                serve(stream, service).await;
                drop(permit);
            });
        }
    };
    // Both go on for as long as anybody asks for them.
    tokio::join!(accepting, serving);
    std::future::pending().await
}

async fn serve(stream: Connection, service: Router) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT).keep_alive(false);
    // A client that breaks off is its own business.
    let _ = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
}

fn answer(path: &str, how_far: &str) -> Response {
    if path == "/-/healthy" {
        return "Watchfire is Healthy.\n".into_response();
    }
    let mut answer = if path.starts_with("/api/") {
        ApiError::new(ErrorKind::Unavailable, format!("the server is starting: {how_far}")).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("Not ready: Watchfire is starting: {how_far}.\n"))
            .into_response()
    };
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    // A browser that waits asks again by itself.
    answer.headers_mut().insert(header::REFRESH, HeaderValue::from_static("1"));
    answer
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn ask(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn it_lives_and_says_how_far_it_is() {
        let listener = platform::listen(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let listeners = [listener];
        let asking = async {
            let healthy = ask(address, "/-/healthy").await;
            assert!(healthy.starts_with("HTTP/1.1 200 ") && healthy.contains("Healthy"), "{healthy}");
            let ready = ask(address, "/-/ready").await;
            assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains("starting: 7 %."), "{ready}");
            let api = ask(address, "/api/v1/query?query=up").await;
            assert!(
                api.starts_with("HTTP/1.1 503 ") && api.contains("\"errorType\":\"unavailable\""),
                "{api}"
            );
        };
        tokio::select! {
            never = answer_while_starting(&listeners, || "7 %".to_owned()) => match never {},
            () = asking => {}
        }
    }
}
