//! The settings of a host, and the parts that it takes over.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::control::local_user::LocalRights;
use super::control::session_limits::SessionLimits;
use crate::access::{Access, TurnSecret};
use crate::desktop::Desktop;
use crate::input::Backend;
use crate::media::Plan;
use crate::relay::Relay;
use crate::session::SessionConfig;
use crate::web::{ServerUrl, Serving};

/// The settings of a host: plain data, which every part reads where it needs it.
pub struct HostConfig {
    /// The settings of every session.
    pub session: SessionConfig,
    /// The secret shared with the TURN servers among the ICE servers of `session`.
    pub turn_secret: Option<TurnSecret>,
    /// The use that viewers make of the host's own relay.
    pub relay: RelayUse,
    /// The names of this host, besides its addresses and `localhost`, that a browser's request may carry.
    pub names: Vec<String>,
    /// The origins of pages that may connect and watch, besides those that this host serves; `*` is any.
    pub origins: Vec<String>,
    /// The rights of the local user over the viewers.
    pub local: LocalRights,
    /// True if the local user is asked before a viewer is let in.
    pub confirms: bool,
    /// The most viewers and players at once.
    pub max_connections: usize,
    /// The time that each of them has.
    pub limits: SessionLimits,
    /// The frame rate at first, in frames per second.
    pub fps: u32,
    /// The video bitrate at first, in kbit/s.
    pub bitrate_kbps: u32,
    /// A signaling server elsewhere through which the host can be reached, too.
    pub remote_signaling: Option<RemoteSignaling>,
}

/// The use that viewers make of the TURN server in the port of the web server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayUse {
    /// None.
    Off,
    /// They try it after all others.
    On,
    /// They try no other way.
    Only,
}

/// The time by which direct ways are ahead of the relay. Whoever needs the relay waits for it once.
const HEAD_START: Duration = Duration::from_millis(700);

impl RelayUse {
    /// The relay for viewers that use it so.
    pub(super) fn relay(self) -> Option<Relay> {
        match self {
            Self::Off => None,
            Self::On => Some(Relay::new(HEAD_START)),
            Self::Only => Some(Relay::default()),
        }
    }

    /// The use that is called `name`: `off`, `on` or `only`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "off" => Some(Self::Off),
            "on" => Some(Self::On),
            "only" => Some(Self::Only),
            _ => None,
        }
    }
}

/// The parts that a host takes over: what is open, runs, or keeps a state.
pub struct HostParts {
    /// The socket on which viewers are served.
    pub listener: TcpListener,
    /// The pipelines.
    pub plan: Plan,
    /// The backend that acts on the desktop.
    pub input: Box<dyn Backend>,
    /// The desktop whose cursor, clipboard and size viewers share.
    pub desktop: Arc<dyn Desktop>,
    /// The decision on who may come in.
    pub access: Access,
    /// The pages and files, and the certificate for them.
    pub serving: Serving,
    /// Notified to disconnect all viewers at once; a signaling server elsewhere is left for good.
    pub disconnect_all: Arc<Notify>,
    /// Plans that replace `plan` while the host runs.
    pub new_plans: mpsc::Receiver<Plan>,
}

/// A signaling server elsewhere.
#[derive(Debug, Clone)]
pub struct RemoteSignaling {
    /// The address.
    pub url: ServerUrl,
    /// The protocol of the server.
    pub kind: RemoteSignalingKind,
}

/// The protocol of a signaling server, and the host's part there.
#[derive(Debug, Clone)]
pub enum RemoteSignalingKind {
    /// That of gst-plugins-rs: the host is a producer of this name.
    Producer {
        /// The name that consumers see.
        name: String,
    },
    /// That of the gst-examples and of Selkies: the host is a peer.
    Peer {
        /// Its uid, without spaces.
        uid: String,
        /// The peer to call; without one, the host waits to be called.
        callee: Option<String>,
    },
}
