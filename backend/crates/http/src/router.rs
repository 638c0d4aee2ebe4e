//! All addresses.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::error::{ApiError, ErrorKind};
use crate::{admin, prometheus, protect, remote, ui, watchfire};

/// The whole service.
pub fn router(app: App) -> Router {
    let prometheus_api = Router::new()
        .route("/query", get(prometheus::query::query).post(prometheus::query::query))
        .route(
            "/query_range",
            get(prometheus::query_range::query_range).post(prometheus::query_range::query_range),
        )
        .route(
            "/query_exemplars",
            get(prometheus::exemplars::exemplars).post(prometheus::exemplars::exemplars),
        )
        .route("/series", get(prometheus::series::series).post(prometheus::series::series))
        .route("/labels", get(prometheus::labels::labels).post(prometheus::labels::labels))
        .route("/label/{name}/values", get(prometheus::label_values::label_values))
        .route("/metadata", get(prometheus::metadata::metadata))
        .route("/targets", get(prometheus::targets::targets))
        .route("/rules", get(prometheus::rules::rules))
        .route("/alerts", get(prometheus::rules::alerts))
        .route(
            "/parse_query",
            get(prometheus::parse_query::parse_query).post(prometheus::parse_query::parse_query),
        )
        .route(
            "/format_query",
            get(prometheus::format_query::format_query).post(prometheus::format_query::format_query),
        )
        .route("/status/buildinfo", get(prometheus::status::buildinfo))
        .route("/status/config", get(prometheus::status::config))
        .route("/status/flags", get(prometheus::status::flags))
        .route("/status/runtimeinfo", get(prometheus::status::runtimeinfo))
        .route("/status/tsdb", get(prometheus::status::tsdb));

    let chores = Router::new()
        .route("/delete_series", chore(prometheus::admin::delete_series))
        .route("/clean_tombstones", chore(prometheus::admin::clean_tombstones))
        .route("/snapshot", chore(prometheus::admin::snapshot))
        .route_layer(middleware::from_fn_with_state(app.clone(), protect::protect_machines));

    let own_api = Router::new()
        .route("/app", get(watchfire::info::info))
        .route("/targets", get(watchfire::targets::targets))
        .route("/remote-write", get(watchfire::remote_write::senders))
        .route("/dashboards", get(watchfire::dashboards::list).post(watchfire::dashboards::create))
        .route("/dashboards/{uid}", get(watchfire::dashboards::read).put(watchfire::dashboards::save))
        .route("/dashboards/{uid}/versions", get(watchfire::dashboards::versions));

    // Bodies of their own size, and answers that are compressed already or not at all.
    let remote = Router::new()
        .route("/write", post(remote::write::write))
        .route("/read", post(remote::read::read))
        .layer(DefaultBodyLimit::max(app.limits.remote_write.body_bytes))
        .route_layer(middleware::from_fn_with_state(app.clone(), protect::protect_machines));

    let admin = Router::new()
        .route("/healthy", get(admin::health::healthy))
        .route("/ready", get(admin::health::ready))
        .route("/reload", post(admin::lifecycle::reload).put(admin::lifecycle::reload))
        .route("/quit", post(admin::lifecycle::quit).put(admin::lifecycle::quit));

    let protected = |router: Router<App>| {
        router.route_layer(middleware::from_fn_with_state(app.clone(), protect::protect))
    };
    let compression = CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest);
    Router::new()
        .nest("/api/v1", prometheus_api)
        .nest("/api/v1/admin/tsdb", chores)
        .nest(api::PREFIX, protected(own_api))
        .nest("/-", protected(admin))
        .route("/metrics", get(admin::own_metrics::own_metrics))
        .route("/api", any(unknown_endpoint))
        .route("/api/{*rest}", any(unknown_endpoint))
        .layer(compression)
        .nest("/api/v1", remote)
        // The app's files are compressed when it is built, and answer for themselves.
        .fallback(ui::files)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(app.limits.body_bytes))
        .layer(fixed_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed_header(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed_header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(CatchPanicLayer::custom({
            let app = app.clone();
            move |panic: Box<dyn std::any::Any + Send>| panicked(&app, &*panic)
        }))
        .layer(middleware::from_fn_with_state(app.clone(), count))
        .with_state(app)
}

/// As Prometheus takes them: by `POST` or `PUT`.
fn chore<H: Handler<T, App>, T: 'static>(handler: H) -> MethodRouter<App> {
    post(handler.clone()).put(handler)
}

async fn unknown_endpoint(request: Request) -> ApiError {
    ApiError::new(ErrorKind::NotFound, format!("there is no endpoint {}", request.uri().path()))
}

async fn wrong_method(request: Request) -> Response {
    let message = format!("{} does not take {}\n", request.uri().path(), request.method());
    (StatusCode::METHOD_NOT_ALLOWED, message).into_response()
}

fn fixed_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

fn panicked(app: &App, panic: &(dyn std::any::Any + Send)) -> Response {
    app.metrics.panics.inc();
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "of unknown kind".to_owned());
    ApiError::new(ErrorKind::Internal, format!("the server hit a bug: {message}")).into_response()
}

async fn count(State(app): State<App>, path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let started = app.clock.monotonic();
    let response = next.run(request).await;
    // Unknown addresses are not counted by name: anybody can make up as many as they like.
    let handler = path.as_ref().map_or("app", MatchedPath::as_str);
    let duration = app.clock.monotonic().saturating_sub(started);
    app.metrics.observe(handler, response.status().as_u16(), duration);
    response
}
