//! The authentication of requests: from headers to an admission.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::cookie::SessionCookie;
use super::credentials::OwnedCredentials;
use super::origin::{Origins, Sender};
use crate::access::{Access, Admission};
use crate::clock::now_ms;

/// The passwords that may wait to be verified.
const MAX_WAITING: usize = 16;
/// The delay after which a client should retry when more than [`MAX_WAITING`] wait.
const BUSY: Duration = Duration::from_secs(5);
/// The longest delay of the answer to a wrong secret.
const MAX_DELAY: Duration = Duration::from_millis(500);

/// Authenticates requests by their headers.
#[derive(Debug)]
pub(super) struct Authenticator {
    access: Arc<Access>,
    cookie: SessionCookie,
    origins: Origins,
    verifier: Verifier,
}

impl Authenticator {
    pub(super) fn new(access: Arc<Access>, cookie: SessionCookie, origins: Origins) -> Self {
        Self {
            access,
            cookie,
            origins,
            verifier: Verifier::new(),
        }
    }

    /// The rules, which also keep the sessions.
    pub(super) fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// The cookie that carries a session.
    pub(super) fn cookie(&self) -> &SessionCookie {
        &self.cookie
    }

    /// True if this host itself speaks TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.origins.is_tls
    }

    /// Finds out who sends a request.
    pub(super) fn sender(&self, headers: &HeaderMap) -> Sender {
        self.origins.sender(headers)
    }

    /// Reads the credentials of a request from `remote`: all that count for its sender.
    pub(super) fn credentials(&self, remote: SocketAddr, headers: &HeaderMap) -> OwnedCredentials {
        let credentials = OwnedCredentials::read(remote, headers, &self.cookie, self.access.proxy_header());
        match self.sender(headers) {
            Sender::Own => credentials,
            Sender::Elsewhere | Sender::Refused => credentials.without_ambient(),
        }
    }

    /// Decides on a request. A password is verified on a blocking thread, and the answer to a wrong secret is delayed.
    pub(super) async fn admit(&self, credentials: OwnedCredentials) -> Admission {
        let admission = match self.access.admit(&credentials.borrowed(), now_ms()) {
            Admission::Verify => self.verifier.verify(Arc::clone(&self.access), credentials).await,
            admission => admission,
        };
        if admission == Admission::WrongSecret {
            sleep(random_delay()).await;
        }
        admission
    }
}

/// A random delay, so that the time until an answer reveals nothing about the secret.
fn random_delay() -> Duration {
    let share = getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX));
    MAX_DELAY.mul_f64(share)
}

/// Verifies passwords one at a time: each costs memory, and a wrong one has to count before the next is tried.
#[derive(Debug)]
struct Verifier {
    turn: Arc<Semaphore>,
    queue: Semaphore,
}

impl Verifier {
    fn new() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            queue: Semaphore::new(MAX_WAITING),
        }
    }

    async fn verify(&self, access: Arc<Access>, credentials: OwnedCredentials) -> Admission {
        let Ok(_queued) = self.queue.try_acquire() else {
            return Admission::RetryAfter(BUSY);
        };
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else {
            return Admission::RetryAfter(BUSY);
        };
        let verifying = tokio::task::spawn_blocking(move || {
            // Held until the end, also when the client has gone and this future was dropped.
            let _turn = turn;
            access.verify(&credentials.borrowed(), now_ms())
        });
        verifying.await.unwrap_or(Admission::RetryAfter(BUSY))
    }
}
