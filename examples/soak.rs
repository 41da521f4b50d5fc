//! A host under load for hours: viewers connect, leave and are killed, the desktop changes its size, its X server dies.
//! `scripts/soak` runs it.
//!
//! `soak run PROGRAM MINUTES` prints the resource usage of the host once a minute, and its linear trend at the end.
//! `soak leaks PROGRAM CYCLES` prints the GStreamer objects that are left after this many visits, by type.

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
#[path = "../tests/support"]
mod support {
    mod deadline;
    pub mod http;
    pub mod root;
    pub mod signaling;
    pub mod viewer;
    pub mod x11;
    pub mod xvfb;

    pub use deadline::{DEADLINE, eventually, soon};
}

mod soak {
    pub(crate) mod host;
    pub(crate) mod leaks;
    pub(crate) mod line;
    pub(crate) mod load;
}

use std::time::Duration;

use soak::{leaks, load};

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["run", program, minutes] => {
            let time = Duration::from_secs_f64(minutes.parse::<f64>()? * 60.0);
            load::run(program, time).await
        }
        ["leaks", program, cycles] => leaks::run(program, cycles.parse()?).await,
        // The process that `run` starts and kills.
        ["watch", url] => load::watch(url).await,
        _ => Err("usage: soak run PROGRAM MINUTES, or soak leaks PROGRAM CYCLES".into()),
    }
}
