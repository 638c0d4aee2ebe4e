//! Accepting connections, at most so many at a time, with bounds on how long and how large a head may be;
//! and ending them: those that are idle at once, those that answer when they are done.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use platform::{Connection, Listener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::util::MapRequest;

use crate::app::App;

/// Largest head of a request, and most headers in it.
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 100;
/// After accepting failed (mostly: no file descriptors left), wait before trying again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds on connections.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Connections at a time; more wait to be accepted.
    pub connections_max: usize,
    /// How long a connection may be idle or take for the head of a request.
    pub read_timeout: Duration,
    /// How long requests may go on after `stop`.
    pub grace: Duration,
}

/// Serves all `listeners` until `stop` resolves, then lets running requests end.
pub async fn serve(
    listeners: Vec<Listener>,
    app: App,
    router: Router,
    options: ServeOptions,
    stop: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(options.connections_max.max(1)));
    let graceful = GracefulShutdown::new();
    let mut accepting = tokio::task::JoinSet::new();
    let (connections, mut accepted) = tokio::sync::mpsc::channel(16);
    for listener in listeners {
        accepting.spawn(accept(listener, Arc::clone(&slots), connections.clone()));
    }
    drop(connections);
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(options.read_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);

    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer, permit) = tokio::select! {
            next = accepted.recv() => match next {
                Some(next) => next,
                None => break,
            },
            () = &mut stop => break,
        };
        let service = MapRequest::new(router.clone(), move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request
        });
        let service = TowerToHyperService::new(service);
        let connection = graceful.watch(server.serve_connection(TokioIo::new(stream), service));
        let open = Open::new(app.clone(), permit);
        tokio::spawn(async move {
            // A client that breaks off or sends nonsense is its own business.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
            drop(open);
        });
    }
    accepting.shutdown().await;
    drop(accepted);
    if tokio::time::timeout(options.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running at the end of the grace period");
    }
}

async fn accept(
    listener: Listener,
    slots: Arc<Semaphore>,
    connections: tokio::sync::mpsc::Sender<(Connection, Peer, OwnedSemaphorePermit)>,
) {
    while let Ok(permit) = Arc::clone(&slots).acquire_owned().await {
        let (stream, peer) = loop {
            match listener.accept().await {
                Ok((stream, address)) => break (stream, Peer(address.ip())),
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        };
        // Answers are written whole; waiting to fill packets only adds delay.
        let _ = stream.set_nodelay(true);
        if connections.send((stream, peer, permit)).await.is_err() {
            return;
        }
    }
}

/// Who is at the other end of a connection; every request carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// An open connection, counted as long as it is.
struct Open {
    app: App,
    _permit: OwnedSemaphorePermit,
}

impl Open {
    fn new(app: App, permit: OwnedSemaphorePermit) -> Self {
        app.metrics.connections.inc();
        Self { app, _permit: permit }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.app.metrics.connections.dec();
    }
}
