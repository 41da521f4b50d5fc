//! The host: where web, session, media and input meet, and the only place where they do.
//!
//! Each viewer is one task that owns its socket, its session and its peer.

mod viewer;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::input::{Backend, Injector, InputHandle};
use crate::media::{Media, MediaHandle, PeerId, Plan};
use crate::session::SessionConfig;
use crate::web;

/// How long the viewers may take to leave when the host ends.
const LEAVE: Duration = Duration::from_millis(1500);
/// How long the pipelines may take after that.
const STOP: Duration = Duration::from_secs(1);

/// What a host is made of.
pub struct Setup {
    /// What is captured and how it is encoded.
    pub plan: Plan,
    /// What acts on the desktop.
    pub input: Box<dyn Backend>,
    /// How sessions present themselves.
    pub session: SessionConfig,
}

/// What every viewer's task needs.
#[derive(Clone)]
struct Shared {
    media: MediaHandle,
    input: InputHandle,
    session: SessionConfig,
    shutdown: CancellationToken,
    /// The tasks of viewers, and of peers that are being taken down.
    tasks: TaskTracker,
    next_number: Arc<AtomicU64>,
}

impl Shared {
    fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    fn next_peer(&self) -> PeerId {
        PeerId(self.next_number())
    }
}

/// Serves viewers on `listener` until `shutdown`, then releases all input, closes all peers and returns, within 3 s.
///
/// # Errors
/// If a thread cannot be started or the listener cannot be used.
pub async fn run(setup: Setup, listener: TcpListener, shutdown: CancellationToken) -> anyhow::Result<()> {
    let Setup { plan, input, session } = setup;
    let injector = Injector::start(input).context("cannot start the input thread")?;
    let media = Media::start(plan).context("cannot start the media thread")?;
    let shared = Shared {
        media: media.handle().clone(),
        input: injector.handle(),
        session,
        shutdown: shutdown.clone(),
        tasks: TaskTracker::new(),
        next_number: Arc::new(AtomicU64::new(1)),
    };
    let tasks = shared.tasks.clone();
    let accept: web::Accept = Arc::new(move |new_viewer| {
        let shared = shared.clone();
        let tracked = shared
            .tasks
            .clone()
            .track_future(viewer::serve(shared, new_viewer));
        Box::pin(tracked)
    });
    let served = web::serve(listener, accept, shutdown.clone())
        .await
        .context("the web server has failed");

    // The server may also have ended by itself.
    shutdown.cancel();
    tasks.close();
    if timeout(LEAVE, tasks.wait()).await.is_err() {
        tracing::warn!(tasks = tasks.len(), "some viewers have not left in time");
    }
    let released = tokio::task::spawn_blocking(move || injector.stop());
    if timeout(STOP, async { tokio::join!(released, media.stop()) })
        .await
        .is_err()
    {
        tracing::warn!("some pipelines have not stopped in time");
    }
    served
}
