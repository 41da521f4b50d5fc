//! Requests in flight: the right to a request is asked for again while it goes on, since it may end meanwhile. The link is
//! revoked, the session is closed, or everybody is cut off.
//!
//! The handler is dropped then. It never sees the end of a body that arrived too late: what it does with a whole body is
//! done with a right that holds. What it has begun to send breaks off.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, MissedTickBehavior, Sleep, interval, sleep_until};

use crate::access::{Access, Grant};
use crate::clock::now_ms;

/// The pause between two looks at a right on which something waits.
const LOOK: Duration = Duration::from_millis(500);
/// The longest pause between two parts of a body.
const PAUSE: Duration = Duration::from_secs(20);
/// The time in which a body has to arrive: the largest part of an upload, 4 MiB, takes that long at 112 kbit/s.
const WHOLE: Duration = Duration::from_secs(300);

/// The right of a client, which may end at any time.
#[derive(Debug, Clone)]
pub(super) struct Right {
    access: Arc<Access>,
    grant: Grant,
}

/// The reason why a body is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// The right has ended.
    Ended,
    /// The body did not arrive in time.
    Late,
}

impl Right {
    pub(super) fn new(access: &Arc<Access>, grant: &Grant) -> Self {
        Self {
            access: Arc::clone(access),
            grant: grant.clone(),
        }
    }

    /// Passes on a request for as long as the right holds.
    pub(super) async fn pass(self, request: Request, next: Next) -> Response {
        let broken = Arc::new(OnceLock::new());
        let request = request.map(|body| Body::new(Received::new(body, self.clone(), Arc::clone(&broken))));
        let response = tokio::select! {
            response = next.run(request) => response,
            () = self.ended() => return Broken::Ended.into_response(),
        };
        match broken.get() {
            Some(broken) => broken.into_response(),
            None if !self.holds() => Broken::Ended.into_response(),
            None if response.body().is_end_stream() => response,
            None => response.map(|body| Body::new(Sent { body, right: self })),
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

impl Broken {
    /// The reason, for the viewer.
    fn sentence(self) -> &'static str {
        match self {
            Self::Ended => "Your access has ended.",
            Self::Late => "The request did not arrive in time.",
        }
    }
}

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Ended => StatusCode::UNAUTHORIZED,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
        };
        (status, format!("{}\n", self.sentence())).into_response()
    }
}

/// The body of a request. It ends with an error if the right has ended, or if it takes too long.
struct Received {
    body: Body,
    right: Right,
    broken: Arc<OnceLock<Broken>>,
    deadline: Pin<Box<Sleep>>,
    whole: Instant,
}

impl Received {
    fn new(body: Body, right: Right, broken: Arc<OnceLock<Broken>>) -> Self {
        let now = Instant::now();
        Self {
            body,
            right,
            broken,
            deadline: Box::pin(sleep_until(now + PAUSE)),
            whole: now + WHOLE,
        }
    }

    fn break_off(&self, reason: Broken) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let _ = self.broken.set(reason);
        Poll::Ready(Some(Err(axum::Error::new(reason.sentence()))))
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(_) if !self.right.holds() => self.break_off(Broken::Ended),
            Poll::Ready(frame) => {
                let deadline = self.whole.min(Instant::now() + PAUSE);
                self.deadline.as_mut().reset(deadline);
                Poll::Ready(frame)
            }
            Poll::Pending => match self.deadline.as_mut().poll(cx) {
                Poll::Ready(()) => self.break_off(Broken::Late),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response. It breaks off if the right has ended.
struct Sent {
    body: Body,
    right: Right,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.right.holds() {
            return Poll::Ready(Some(Err(axum::Error::new(Broken::Ended.sentence()))));
        }
        Pin::new(&mut self.body).poll_frame(cx)
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
    fn the_page_has_a_translation_of_each_sentence() {
        let translations = include_str!("client/ui/strings.js");
        for broken in [Broken::Ended, Broken::Late] {
            assert!(
                translations.contains(&format!("'{}'", broken.sentence())),
                "{broken:?}"
            );
        }
    }
}
