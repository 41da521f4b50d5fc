//! The host, as the web side sees it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::context::HostContext;
use super::control::consent::Consent;
use super::viewer;
use super::whep;
use crate::access::{Access, Grant};
use crate::desktop::{ClipboardContent, ClipboardError};
use crate::protocol::ice_server::IceServer;
use crate::protocol::rights::Rights;
use crate::protocol::role::{Permission, Policy};
use crate::protocol::whep::Fragment;
use crate::web::{BoxFuture, ClientInfo, Clip, ClipError, Host, NewViewer, Player, PlayerError, Status};

/// The time that a client to disconnect has to appear: it may say its own id a moment after it came.
const APPEAR: Duration = Duration::from_secs(1);
/// The pause between two looks for it.
const LOOK: Duration = Duration::from_millis(20);

pub(super) struct Api {
    context: HostContext,
    started: Instant,
}

impl Api {
    pub(super) fn new(context: HostContext) -> Self {
        Self {
            context,
            started: Instant::now(),
        }
    }
}

impl Host for Api {
    fn serve(&self, new_viewer: NewViewer) -> BoxFuture<()> {
        Box::pin(
            self.context
                .tasks
                .track_future(viewer::serve(self.context.clone(), new_viewer)),
        )
    }

    fn supported_protocols(&self) -> &[String] {
        &self.context.config.session.supported_protocols
    }

    fn names(&self) -> &[String] {
        &self.context.config.names
    }

    fn origins(&self) -> &[String] {
        &self.context.config.origins
    }

    fn access(&self) -> &Arc<Access> {
        &self.context.people.access
    }

    fn ice_servers(&self) -> Vec<IceServer> {
        self.context.ice_servers("page")
    }

    fn policy(&self) -> Policy {
        self.context.config.session.policy
    }

    fn allows(&self, grant: &Grant, client: IpAddr, permission: Permission) -> bool {
        let is_agreed = |consent: &Consent| consent.has_agreed(client, grant.role);
        let rights = Rights {
            role: grant.role,
            policy: self.context.config.session.policy,
            has_control: true,
        };
        rights.allows(permission) && self.context.people.consent.as_ref().is_none_or(is_agreed)
    }

    fn read_clipboard(&self) -> BoxFuture<Result<Option<Clip>, ClipError>> {
        let desktop = self.context.desktop.handle.clone();
        Box::pin(async move {
            let content = match desktop.read_clipboard().await {
                Err(ClipboardError::UnknownKind) => None,
                reading => reading.map_err(clip_error)?,
            };
            Ok(content.map(|content| match content {
                ClipboardContent::Text(text) => Clip::Text(text.to_string()),
                ClipboardContent::Image(kind, bytes) => Clip::Image(kind.media_type(), bytes.to_vec()),
            }))
        })
    }

    fn write_clipboard(
        &self,
        clip: Clip,
        grant: Grant,
        client: Option<String>,
    ) -> BoxFuture<Result<(), ClipError>> {
        let context = self.context.clone();
        Box::pin(async move {
            let client = client.filter(|id| context.people.registry.is_of(id, &grant));
            let client = client.unwrap_or_default();
            if !context.control.lease.lets_act(&client) {
                return Err(ClipError::NotInControl);
            }
            let content = match clip {
                Clip::Text(text) => text.into(),
                Clip::Image(_, bytes) => ClipboardContent::png(bytes).ok_or(ClipError::NoPicture)?,
            };
            context
                .desktop
                .handle
                .write_clipboard(content, client)
                .await
                .map_err(clip_error)
        })
    }

    fn status(&self) -> Status {
        let clients = self.context.people.registry.clients();
        let apps: BTreeSet<_> = clients.iter().map(|client| &client.app_name).collect();
        Status {
            running: true,
            client_count: clients.len(),
            app_count: apps.len(),
            supported_protocols: self.context.config.session.supported_protocols.clone(),
            uptime: self.started.elapsed().as_secs_f64(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    fn clients(&self) -> Vec<ClientInfo> {
        self.context.people.registry.clients()
    }

    fn disconnect(&self, id: String) -> BoxFuture<usize> {
        let registry = self.context.people.registry.clone();
        Box::pin(async move {
            let deadline = tokio::time::Instant::now() + APPEAR;
            let mut looks = tokio::time::interval(LOOK);
            loop {
                looks.tick().await;
                let count = registry.disconnect(&id);
                if count > 0 || tokio::time::Instant::now() >= deadline {
                    return count;
                }
            }
        })
    }

    fn open_player(
        &self,
        offer: String,
        client: IpAddr,
        grant: Grant,
    ) -> BoxFuture<Result<Player, PlayerError>> {
        Box::pin(whep::open(self.context.clone(), offer, client, grant))
    }

    fn add_player_candidates(&self, id: &str, fragment: Fragment) -> bool {
        self.context.people.whep_sessions.add_candidates(id, fragment)
    }

    fn close_player(&self, id: &str) -> bool {
        self.context.people.whep_sessions.close(id)
    }
}

fn clip_error(error: ClipboardError) -> ClipError {
    match error {
        ClipboardError::TooLarge => ClipError::TooLarge,
        _ => ClipError::Unavailable,
    }
}
