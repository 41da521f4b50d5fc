//! Requests in flight: the right to a request is asked for again while it goes on, since it may end meanwhile. The link is
//! revoked, the session is closed, or everybody is cut off.
//!
//! The handler is dropped then. It never sees the end of a body that arrived too late: what it does with a whole body is
//! done with a right that holds. What it has begun to send breaks off.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::time::{MissedTickBehavior, interval};

use crate::access::{Access, Grant};
use crate::clock::now_ms;

/// The pause between two looks at a right on which something waits.
const LOOK: Duration = Duration::from_millis(500);

/// The right of a client, which may end at any time.
#[derive(Debug, Clone)]
pub(super) struct Right {
    access: Arc<Access>,
    grant: Grant,
}

/// The answer when a right has ended, for the viewer.
const ENDED: &str = "Your access has ended.";

impl Right {
    pub(super) fn new(access: &Arc<Access>, grant: &Grant) -> Self {
        Self {
            access: Arc::clone(access),
            grant: grant.clone(),
        }
    }

    /// Passes on a request for as long as the right holds.
    pub(super) async fn pass(self, request: Request, next: Next) -> Response {
        let request = request.map(|body| Body::new(self.watch(body)));
        let response = tokio::select! {
            response = next.run(request) => response,
            () = self.ended() => return refused(),
        };
        match self.holds() {
            true if response.body().is_end_stream() => response,
            true => response.map(|body| Body::new(self.watch(body))),
            false => refused(),
        }
    }

    fn watch(&self, body: Body) -> Watched {
        Watched {
            body,
            right: self.clone(),
        }
    }

    fn holds(&self) -> bool {
        self.access.is_valid(&self.grant, now_ms())
    }

    async fn ended(&self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if !self.holds() {
                return;
            }
        }
    }
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, format!("{ENDED}\n")).into_response()
}

/// The body of a request or a response. It breaks off with an error if the right has ended, also in place of its end.
struct Watched {
    body: Body,
    right: Right,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        match self.right.holds() {
            true => Poll::Ready(frame),
            false => Poll::Ready(Some(Err(axum::Error::new(ENDED)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_translation_of_the_answer() {
        let translations = include_str!("client/ui/strings.js");
        assert!(translations.contains(&format!("'{ENDED}'")));
    }
}
