//! Deadlines of the tests, and polling until them.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Time that a test waits for something that should happen soon. Generous: the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Polling interval.
const PACE: Duration = Duration::from_millis(10);

/// Returns the result of `future`; panics after [`DEADLINE`].
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"))
}

/// Polls until there is a value, for state that sends no notification.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    eventually_ok(what, || ask().ok_or("no value"))
}

/// Polls until there is a value, and panics with the last error after [`DEADLINE`].
pub fn eventually_ok<T, E: Display>(what: &str, mut ask: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(reason) => assert!(
                Instant::now() < deadline,
                "not within {DEADLINE:?}: {what}: {reason}"
            ),
        }
        std::thread::park_timeout(PACE);
    }
}
