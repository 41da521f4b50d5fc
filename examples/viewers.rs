//! Viewers that receive the video of a running host without decoding it, to measure their cost for the host on the same
//! machine. `viewers URL N SECONDS` connects N viewers, prints `ready` when all of them receive video, and then the
//! frames per second that each has received during the time given. The screen has to move.
//!
//! `scripts/bench viewers` runs it.

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
#[path = "../tests/support"]
mod support {
    mod deadline;
    pub mod signaling;
    pub mod viewer;

    use deadline::{DEADLINE, soon};
}

use std::sync::Arc;
use std::time::{Duration, Instant};

use support::signaling::Client;
use support::viewer::{Viewer, ViewerOptions};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// The time for frames that were queued while other viewers joined.
const SETTLING: Duration = Duration::from_secs(1);

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, number, seconds] = arguments.as_slice() else {
        return Err("usage: viewers URL N SECONDS".into());
    };
    let (origin, token) = url.split_once("#token=").unwrap_or((url, ""));
    let socket = format!("{}/ws", origin.trim_end_matches('/').replacen("http", "ws", 1));
    let bearer = format!("Bearer {token}");
    let (number, seconds) = (number.parse()?, seconds.parse()?);
    let all_watch = Arc::new(Barrier::new(number));
    let mut viewers = JoinSet::new();
    for _ in 0..number {
        viewers.spawn(watch(
            socket.clone(),
            bearer.clone(),
            all_watch.clone(),
            Duration::from_secs(seconds),
        ));
    }
    while let Some(rate) = viewers.join_next().await {
        println!("{:.1}", rate?);
    }
    Ok(())
}

/// Returns the frames per second of one viewer.
async fn watch(socket: String, bearer: String, all_watch: Arc<Barrier>, time: Duration) -> f64 {
    let options = ViewerOptions {
        decode: false,
        ..ViewerOptions::default()
    };
    let client = Client::connect_with(&socket, &[("authorization", &bearer)]).await;
    let (mut viewer, _) = Viewer::join_as(client, options).await;
    viewer
        .until("the viewer receives video", |viewer| viewer.encoded > 0)
        .await;
    if all_watch.wait().await.is_leader() {
        println!("ready");
    }
    // Frames that were queued while other viewers joined do not count.
    let settled = Instant::now() + SETTLING;
    viewer
        .until("the joining is over", |_| Instant::now() >= settled)
        .await;
    let (before, started) = (viewer.encoded, Instant::now());
    viewer
        .until("the time is over", |_| started.elapsed() >= time)
        .await;
    let rate = f64::from(viewer.encoded - before) / started.elapsed().as_secs_f64();
    viewer.leave().await;
    rate
}
