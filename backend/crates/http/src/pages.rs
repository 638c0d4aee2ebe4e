//! A small server of generated pages on a listener of its own: the simulated fleet is scraped from here
//! over real HTTP, like any exporter.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use platform::Listener;

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its content type.
    pub content_type: &'static str,
    /// Its text.
    pub body: String,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageAnswer {
    /// This page.
    Found(Page),
    /// Something that does not answer now (HTTP 503).
    Down,
    /// Nothing (HTTP 404).
    Missing,
}

/// Serves what `pages` makes of a path, until `stop` resolves.
///
/// # Errors
/// When the listener breaks.
pub async fn serve_pages(
    listener: Listener,
    pages: Arc<dyn Fn(&str) -> PageAnswer + Send + Sync>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new().fallback(move |uri: Uri| {
        let pages = Arc::clone(&pages);
        async move { answer(pages(uri.path())) }
    });
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

fn answer(page: PageAnswer) -> Response {
    match page {
        PageAnswer::Found(page) => ([(header::CONTENT_TYPE, page.content_type)], page.body).into_response(),
        PageAnswer::Down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        PageAnswer::Missing => StatusCode::NOT_FOUND.into_response(),
    }
}
