//! How long the tests wait, and how.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// How long a test waits for something that should happen soon. Generous: the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How often something is asked that does not tell by itself.
const PACE: Duration = Duration::from_millis(10);

/// The result of `future`, which has [`DEADLINE`] to come.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"))
}

/// Asks again until there is an answer: for what can be asked but does not tell by itself.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    eventually_ok(what, || ask().ok_or("there is no answer"))
}

/// The same for what says why there is none yet.
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
