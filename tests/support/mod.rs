//! Real parts for the tests: a host, clients of its signaling, viewers with a webrtcbin of their own.

pub mod host;
pub mod program;
pub mod signaling;
pub mod viewer;

use std::time::Duration;

/// How long a test waits for something that should happen soon. Generous: the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The result of `future`, which has [`DEADLINE`] to come.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"))
}
