//! The host: the only place where web, session, media, input and desktop meet.
//!
//! Each viewer is a task that owns its socket, its session and its peers (`viewer`); each WHEP player is a task that
//! owns a peer (`whep`). They share the parts in `context`, of which `control` and `desktop` know only what they are given.
//! [`run()`] puts all of it together and takes it down.

mod api;
mod config;
mod context;
mod control;
mod desktop;
mod registry;
mod relay_way;
mod run;
mod signaling_client;
mod stats;
mod viewer;
mod whep;
mod whep_sessions;

pub use config::{HostConfig, HostParts, RelayUse, RemoteSignaling, RemoteSignalingKind};
pub use control::local_user::LocalRights;
pub use control::session_limits::SessionLimits;
pub use run::run;
