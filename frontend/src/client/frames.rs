//! Queries, answered as binary frames. Identical questions that are under way at the same time are asked
//! once: panels often share a query.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use api::frame::{CONTENT_TYPE, Frame};
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use model::TimeRange;
use scene::url::encode;

use super::{ApiError, http};

type Answer = Result<Arc<Frame>, ApiError>;
type Running = Pin<Box<dyn Future<Output = Answer>>>;

thread_local! {
    static UNDER_WAY: RefCell<HashMap<String, WeakShared<Running>>> = RefCell::new(HashMap::new());
}

/// Longest address that is sent with GET; a longer query goes as a form.
const URL_BYTES_MAX: usize = 4_000;

/// Values over time.
pub(crate) fn query_range(expr: &str, range: TimeRange, step_ms: i64) -> Shared<Running> {
    let form = format!(
        "query={}&start={}&end={}&step={}",
        encode(expr),
        seconds(range.start_ms),
        seconds(range.end_ms),
        seconds(step_ms),
    );
    ask("/api/v1/query_range", form)
}

/// Values at one moment.
pub(crate) fn query(expr: &str, time_ms: i64) -> Shared<Running> {
    ask("/api/v1/query", format!("query={}&time={}", encode(expr), seconds(time_ms)))
}

fn seconds(ms: i64) -> String {
    if ms % 1000 == 0 {
        (ms / 1000).to_string()
    } else {
        format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
    }
}

fn ask(path: &'static str, form: String) -> Shared<Running> {
    let key = format!("{path}?{form}");
    UNDER_WAY.with_borrow_mut(|running| {
        if let Some(shared) = running.get(&key).and_then(WeakShared::upgrade) {
            return shared;
        }
        running.retain(|_, r| r.upgrade().is_some());
        let future: Running = Box::pin(fetch(path, form, key.clone()));
        let shared = future.shared();
        if let Some(weak) = shared.downgrade() {
            running.insert(key, weak);
        }
        shared
    })
}

async fn fetch(path: &'static str, form: String, key: String) -> Answer {
    let bytes = if key.len() <= URL_BYTES_MAX {
        http::bytes("GET", &key, CONTENT_TYPE, None).await
    } else {
        http::bytes("POST", path, CONTENT_TYPE, Some((form, "application/x-www-form-urlencoded"))).await
    };
    UNDER_WAY.with_borrow_mut(|running| running.remove(&key));
    let frame = Frame::decode(&bytes?).map_err(|e| ApiError::Unreadable(e.to_string()))?;
    Ok(Arc::new(frame))
}
