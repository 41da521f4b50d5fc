//! The host: where web, session, media, input and desktop meet, and the only place where they do.
//!
//! Each viewer is one task that owns its socket, its session and its peers; each player (WHEP) one that owns a peer.

mod api;
mod control;
mod desktop;
mod registry;
mod signaling_client;
mod stats;
mod viewer;
mod whep;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::{Access, TurnSecret};
use crate::clock::{now_ms, steady_ms};
use crate::desktop::Desktop;
use crate::input::{Backend, Injector, InputHandle};
use crate::media::{Media, MediaHandle, PeerId, Plan};
use crate::protocol::ice_server::IceServer;
use crate::protocol::role::Permission;
use crate::session::SessionConfig;
use crate::web::{self, Serving};

pub use control::limits::SessionLimits;
pub use control::local_user::LocalRights;
pub use signaling_client::{RemoteSignaling, RemoteSignalingKind};

use api::Api;
use control::consent::Consent;
use control::lease::ControlLease;
use control::suspend::SuspendDetector;
use desktop::cursor_overlay::CursorOverlay;
use desktop::handle::DesktopHandle;
use desktop::latency_marker::Measuring;
use desktop::remote_cursors::RemoteCursors;
use registry::Registry;
use whep::WhepSessions;

/// How long the viewers may take to leave when the host ends.
const LEAVE: Duration = Duration::from_millis(1500);
/// How long the pipelines may take after that.
const STOP: Duration = Duration::from_secs(1);

/// What a host is made of.
pub struct HostConfig {
    /// What is captured and how it is encoded.
    pub plan: Plan,
    /// What acts on the desktop.
    pub input: Box<dyn Backend>,
    /// The desktop whose cursor, clipboard and size viewers share.
    pub desktop: Arc<dyn Desktop>,
    /// How sessions present themselves.
    pub session: SessionConfig,
    /// What is shared with the TURN servers among the ICE servers of `session`.
    pub turn_secret: Option<TurnSecret>,
    /// The names of this host, besides its addresses and `localhost`, by which browsers may ask for it.
    pub names: Vec<String>,
    /// The origins of pages that may connect and watch, besides those that this host serves; `*` is any.
    pub origins: Vec<String>,
    /// Who may come in.
    pub access: Access,
    /// How the pages are served.
    pub serving: Serving,
    /// Notified to cut everybody off at once; a signaling server elsewhere is left for good.
    pub cut_off: Arc<Notify>,
    /// What the person at the desktop can do against the viewers.
    pub local: LocalRights,
    /// Whether the person at the desktop is asked before somebody is let in.
    pub confirms: bool,
    /// How many viewers and players there may be at once.
    pub max_connections: usize,
    /// How long each of them may be here.
    pub limits: SessionLimits,
    /// Frames per second at first.
    pub fps: u32,
    /// The video bitrate at first, in kbit/s.
    pub bitrate_kbps: u32,
    /// Descriptions that replace `plan` while the host runs.
    pub new_plans: mpsc::Receiver<Plan>,
    /// A signaling server elsewhere, to be reached through it too.
    pub remote_signaling: Option<RemoteSignaling>,
}

/// What every task needs.
#[derive(Clone)]
struct HostContext {
    media: MediaHandle,
    input: InputHandle,
    desktop: DesktopHandle,
    session: SessionConfig,
    turn_secret: Option<Arc<TurnSecret>>,
    names: Arc<[String]>,
    origins: Arc<[String]>,
    access: Arc<Access>,
    cut_off: Arc<Notify>,
    /// Asks the person at the desktop; `None`: nobody is asked for.
    consent: Option<Consent>,
    /// Cancelled to leave the signaling server elsewhere for good.
    outbound_end: CancellationToken,
    registry: Registry,
    lease: ControlLease,
    whep_sessions: WhepSessions,
    cursor_overlay: CursorOverlay,
    pointers: RemoteCursors,
    measuring: Measuring,
    suspend: SuspendDetector,
    shutdown: CancellationToken,
    /// The tasks of viewers and players, and of peers that are being taken down.
    tasks: TaskTracker,
    next_number: Arc<AtomicU64>,
    /// What the stream is set to now.
    fps: Arc<AtomicU32>,
    bitrate_kbps: u32,
    encoder: Arc<str>,
}

impl HostContext {
    fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    fn next_peer(&self) -> PeerId {
        PeerId(self.next_number())
    }

    /// What the client `name` uses for ICE.
    fn ice_servers(&self, name: &str) -> Vec<IceServer> {
        let servers = &self.session.ice_servers;
        match &self.turn_secret {
            Some(secret) => secret.sign(servers, name, now_ms()),
            None => servers.clone(),
        }
    }
}

/// Serves viewers on `listener` until `shutdown`, then releases all input, closes all peers and returns, within 3 s.
///
/// # Errors
/// If a thread cannot be started or the listener cannot be used.
pub async fn run(
    setup: HostConfig,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let injector = Injector::start(setup.input).context("cannot start the input thread")?;
    let encoder = setup.plan.encoder_name().into();
    let has_parts = setup.plan.shows_regions();
    let media = Media::start(setup.plan).context("cannot start the media thread")?;
    let tasks = TaskTracker::new();
    let watched = setup.desktop.clone();
    let context = HostContext {
        media: media.handle().clone(),
        input: injector.handle(),
        desktop: DesktopHandle::open(
            &*setup.desktop,
            (setup.session.policy.allows(Permission::ClipboardRead), has_parts),
            &tasks,
            &shutdown,
        ),
        session: setup.session,
        turn_secret: setup.turn_secret.map(Arc::new),
        names: setup.names.into(),
        origins: setup.origins.into(),
        access: Arc::new(setup.access),
        cut_off: setup.cut_off,
        consent: setup.confirms.then(Consent::new),
        outbound_end: CancellationToken::new(),
        registry: Registry::new(setup.max_connections),
        lease: ControlLease::new(),
        whep_sessions: WhepSessions::default(),
        cursor_overlay: CursorOverlay::new(),
        pointers: RemoteCursors::default(),
        measuring: Measuring::default(),
        suspend: SuspendDetector::new(steady_ms()),
        shutdown: shutdown.clone(),
        tasks: tasks.clone(),
        next_number: Arc::new(AtomicU64::new(1)),
        fps: Arc::new(AtomicU32::new(setup.fps)),
        bitrate_kbps: setup.bitrate_kbps,
        encoder,
    };
    if let Some(remote_signaling) = setup.remote_signaling {
        tasks.spawn(signaling_client::stay_registered(
            context.clone(),
            remote_signaling,
        ));
    }
    tasks.spawn(control::local_user::watch(context.clone(), watched, setup.local));
    tasks.spawn(swap_plans(
        setup.new_plans,
        (media.handle().clone(), context.desktop.clone()),
        shutdown.clone(),
    ));
    tasks.spawn(desktop::views::follow(
        context.desktop.views(),
        (media.handle().clone(), context.input.clone()),
        shutdown.clone(),
    ));
    tasks.spawn(
        context
            .cursor_overlay
            .follow(media.handle().clone(), shutdown.clone()),
    );
    tasks.spawn(context.suspend.clone().keep(shutdown.clone()));
    tasks.spawn(desktop::grab::follow_cursor(context.clone()));
    let desktop = context.desktop.clone();
    tasks.spawn(control::expiry::watch(context.clone(), setup.limits));
    let served = web::serve(
        listener,
        Arc::new(Api::new(context)),
        setup.serving,
        shutdown.clone(),
    )
    .await
    .context("the web server has failed");

    // The server may also have ended by itself.
    shutdown.cancel();
    tasks.close();
    if timeout(LEAVE, tasks.wait()).await.is_err() {
        tracing::warn!(tasks = tasks.len(), "some viewers have not left in time");
    }
    let released = tokio::task::spawn_blocking(move || {
        injector.stop();
        desktop.close();
    });
    if timeout(STOP, async { tokio::join!(released, media.stop()) })
        .await
        .is_err()
    {
        tracing::warn!("some pipelines have not stopped in time");
    }
    served
}

/// Gives new plans to the media side, one at a time.
async fn swap_plans(
    mut plans: mpsc::Receiver<Plan>,
    (media, desktop): (MediaHandle, DesktopHandle),
    shutdown: CancellationToken,
) {
    let next = async {
        while let Some(plan) = plans.recv().await {
            let has_parts = plan.shows_regions();
            match media.reload(plan).await {
                Ok(()) => {
                    tracing::info!("the new pipelines run");
                    desktop.set_has_parts(has_parts);
                }
                Err(reason) => tracing::error!(%reason, "the new pipelines do not work: the old ones stay"),
            }
        }
    };
    tokio::select! {
        () = next => {}
        () = shutdown.cancelled() => {}
    }
}
