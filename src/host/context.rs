//! The parts that the tasks of viewers and players share. Each is cheap to clone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::{HostConfig, RelayUse};
use super::control::consent::Consent;
use super::control::lease::ControlLease;
use super::control::suspend::SuspendDetector;
use super::desktop::cursor_overlay::CursorOverlay;
use super::desktop::handle::DesktopHandle;
use super::desktop::latency_marker::LatencyMarker;
use super::desktop::remote_cursors::RemoteCursors;
use super::registry::Registry;
use super::relay_way::RelayWay;
use super::whep_sessions::WhepSessions;
use crate::access::Access;
use crate::clock::now_ms;
use crate::descriptors;
use crate::input::InputHandle;
use crate::media::{MediaHandle, PeerId};
use crate::protocol::ice_server::IceServer;
use crate::quota::{Holder, Place, Places};
use crate::relay::Relay;

/// Everything that a viewer's or a player's task may need.
#[derive(Clone)]
pub(super) struct HostContext {
    pub(super) config: Arc<HostConfig>,
    pub(super) people: PeopleContext,
    pub(super) control: ControlContext,
    pub(super) desktop: DesktopContext,
    pub(super) media: MediaContext,
    /// The tasks of viewers and players, and of peers that are being taken down.
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
    pub(super) numbers: Numbers,
}

/// The viewers and players, and their way in.
#[derive(Clone)]
pub(super) struct PeopleContext {
    pub(super) access: Arc<Access>,
    /// Asks the local user; `None`: viewers come in without a question.
    pub(super) consent: Option<Consent>,
    pub(super) registry: Registry,
    pub(super) whep_sessions: WhepSessions,
    /// The places of viewers and players, and of further peers of a viewer.
    pub(super) places: Places,
    /// `None` if viewers are not to use it.
    pub(super) relay: Option<Relay>,
}

/// The control over the desktop.
#[derive(Clone)]
pub(super) struct ControlContext {
    pub(super) lease: ControlLease,
    pub(super) suspend: SuspendDetector,
}

/// The desktop that viewers share.
#[derive(Clone)]
pub(super) struct DesktopContext {
    pub(super) handle: DesktopHandle,
    pub(super) input: InputHandle,
    pub(super) cursor_overlay: CursorOverlay,
    pub(super) remote_cursors: RemoteCursors,
    pub(super) latency_marker: LatencyMarker,
}

/// The stream that viewers share.
#[derive(Clone)]
pub(super) struct MediaContext {
    pub(super) handle: MediaHandle,
    /// The frame rate that is set now, in frames per second.
    pub(super) fps: Arc<AtomicU32>,
    /// The name of the preferred encoder.
    pub(super) encoder: Arc<str>,
}

/// The numbers that tell viewers and peers apart.
#[derive(Clone)]
pub(super) struct Numbers(Arc<AtomicU64>);

impl PeopleContext {
    /// Takes a place for a viewer, a player or a further peer. `None` if there is none for this holder, or the file
    /// descriptors run short.
    pub(super) fn place(&self, holder: &Holder) -> Option<Place> {
        let kept = match holder {
            Holder::Admin => descriptors::PEER,
            Holder::Guest(_) => descriptors::PEER_OF_GUEST,
        };
        self.places.take(holder).filter(|_| descriptors::left() >= kept)
    }
}

impl HostContext {
    /// Spawns a task that runs until the host ends, and is dropped then.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tasks
            .spawn(async move { shutdown.run_until_cancelled(task).await });
    }

    /// The id of the next viewer that comes at `now_ms`.
    pub(super) fn next_client_id(&self, now_ms: u64) -> String {
        format!("client_{now_ms:013}_{:04}", self.numbers.next() % 1_000_000)
    }

    /// The id of the next peer.
    pub(super) fn next_peer(&self) -> PeerId {
        PeerId(self.numbers.next())
    }

    /// The way by the relay for a viewer or a player.
    pub(super) fn relay_way(&self) -> RelayWay {
        RelayWay::open(self.people.relay.as_ref(), self.config.relay == RelayUse::Only)
    }

    /// The ICE servers for the client `name`, with credentials of its own.
    pub(super) fn ice_servers(&self, name: &str) -> Vec<IceServer> {
        let servers = &self.config.session.ice_servers;
        match &self.config.turn_secret {
            Some(secret) => secret.sign(servers, name, now_ms()),
            None => servers.clone(),
        }
    }
}

impl Numbers {
    /// Counts from 1.
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1)))
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}
