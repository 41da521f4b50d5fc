//! The bodies of requests from clients that have signed in: how many come at once, and how fast.
//!
//! Each takes memory until it is complete, and a connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::guard::Authenticated;
use crate::quota::{Place, Places};

/// The most bodies at a time.
const MAX: usize = 64;
/// The most of them that come by one link or from one address.
const MAX_PER_GUEST: usize = 16;
/// The longest time between two pieces of a body.
const PAUSE: Duration = Duration::from_secs(10);
/// The time that any body may take.
const TIME: Duration = Duration::from_secs(20);
/// The least rate of a body that takes longer, in bytes per second.
const RATE: u64 = 4 * 1024;

/// The places of bodies that are under way. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Bodies(Places);

impl Bodies {
    pub(super) fn new() -> Self {
        Self(Places::new(MAX, MAX_PER_GUEST))
    }
}

/// Answers 503 to a body too many, and 408 to one that is too slow.
pub(super) async fn limit(
    State(Bodies(places)): State<Bodies>,
    Extension(caller): Authenticated,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let Some(place) = places.take(&caller.holder()) else {
        let retry = [(header::RETRY_AFTER, "1")];
        let message = "The host receives too much already.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, retry, message).into_response();
    };
    let is_late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| {
        let body = Timed {
            body: body.into_data_stream(),
            begun: Instant::now(),
            received: 0,
            is_late: Arc::clone(&is_late),
            _place: place,
        };
        Body::from_stream(body.pieces())
    });
    let response = next.run(request).await;
    match is_late.load(Ordering::Relaxed) {
        true => (StatusCode::REQUEST_TIMEOUT, "The body came too slowly.\n").into_response(),
        false => response,
    }
}

/// A body whose pieces have to come in time. It has its place until it is complete, or dropped.
struct Timed {
    body: BodyDataStream,
    begun: Instant,
    received: u64,
    is_late: Arc<AtomicBool>,
    _place: Place,
}

impl Timed {
    /// The pieces, the last of which is an error if it does not come in time.
    fn pieces(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::unfold(Some(self), |timed| async {
            let mut timed = timed?;
            let end = timed.begun + TIME + Duration::from_secs(timed.received / RATE);
            match timeout_at(end.min(Instant::now() + PAUSE), timed.body.next()).await {
                Ok(Some(Ok(piece))) => {
                    timed.received += piece.len() as u64;
                    Some((Ok(piece), Some(timed)))
                }
                Ok(Some(Err(error))) => Some((Err(io::Error::other(error)), None)),
                Ok(None) => None,
                Err(_) => {
                    timed.is_late.store(true, Ordering::Relaxed);
                    Some((Err(io::ErrorKind::TimedOut.into()), None))
                }
            }
        })
    }
}
