//! `GET /remote-write`: who sends samples here, and how it goes.

use api::remote_write::{SenderList, SenderStatus};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::server::json_response;

pub(crate) async fn senders(State(app): State<App>) -> Response {
    let senders = app.remote_writer.senders().into_iter().map(wire).collect();
    let list = SenderList { enabled: app.settings.remote_write_receiver, senders };
    json_response(StatusCode::OK, &list)
}

fn wire(status: remote::write::SenderStatus) -> SenderStatus {
    SenderStatus {
        address: status.sender.address,
        user_agent: status.sender.user_agent,
        version: status.version.to_owned(),
        last_seen_ms: status.last_seen_ms,
        requests: status.requests,
        failed_requests: status.failed_requests,
        samples: status.samples,
        refused: status.refused,
        last_failure_ms: status.last_failure_ms,
        last_failure: status.last_failure,
    }
}
