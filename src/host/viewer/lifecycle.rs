//! The life of a viewer: it is let in or turned away, and what it holds is released when it leaves.

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::timeout;
use tracing::Instrument;

use super::farewell::turn_away;
use super::task::{Viewer, Visit};
use crate::clock::{now_ms, steady_ms};
use crate::host::context::HostContext;
use crate::protocol::error::ErrorCode;
use crate::session::{Action, Event, Session, SessionConfig};
use crate::web::{ClientInfo, Frame, NewViewer, SignalingSocket};

/// The most frames that may come before a viewer is let in: pongs, and the first messages.
const EARLY: usize = 64;

/// Serves one viewer until it leaves or the host ends. What it holds is released then.
pub(in crate::host) async fn serve(context: HostContext, new_viewer: NewViewer) {
    let NewViewer {
        mut socket,
        app,
        dialect,
        remote,
        client,
        grant,
    } = new_viewer;
    let now = steady_ms();
    let client_id = context.next_client_id(now);
    let span = tracing::info_span!("viewer", id = %client_id);
    async move {
        let info = ClientInfo {
            id: client_id.clone(),
            peer_id: None,
            app_name: app.as_str().to_owned(),
            protocol: dialect.name(),
            remote_addr: remote.to_string(),
            connected_at: now,
            last_seen: now,
            state: "connected",
            message_count: 0,
            error_count: 0,
            user_agent: None,
        };
        let people = &context.people;
        let holder = grant.holder(client);
        let Some(place) = people.place(&holder) else {
            tracing::warn!(%remote, "there is no place left for this viewer, which is turned away");
            let refusal = Session::refuse(
                dialect,
                client_id,
                ErrorCode::ServerUnavailable,
                "Server at maximum capacity",
                now,
            );
            return turn_away(&mut socket, refusal).await;
        };
        let mut early = Vec::new();
        let admitted = match &context.people.consent {
            Some(consent) => {
                let asking = consent.ask(client, grant.role, &holder);
                let silence = Duration::from_millis(context.config.session.connection_timeout_ms);
                match while_it_waits(&mut socket, &mut early, silence, asking).await {
                    Some(admitted) if context.people.access.is_valid(&grant, now_ms()) => Some(admitted),
                    _ => {
                        return socket.close(1008, "The local user has not agreed").await;
                    }
                }
            }
            None => None,
        };
        let relay = context.relay_way();
        let config = SessionConfig {
            role: grant.role,
            ice_servers: context.ice_servers(&client_id),
            relay: relay.access(),
            ..context.config.session.clone()
        };
        let registration = people.registry.register(info, grant, place);
        let role = config.role.name();
        tracing::info!(%remote, app = app.as_str(), protocol = dialect.name(), role, "a viewer connects");
        let (session, first) = Session::start(client_id, app.as_str(), dialect, config, now);
        let visit = Visit {
            holder,
            registration: Some(registration),
            relay,
        };
        let reason = converse(context, socket, session, visit, first, early).await;
        drop(admitted);
        tracing::info!(%reason, "the viewer has left");
    }
    .instrument(span)
    .await;
}

/// Holds the conversation `session` on `socket`, on which `early` has come already. A peer that a registration does not
/// cover takes a place of `holder`. Returns the reason of its end.
pub(in crate::host) async fn converse(
    context: HostContext,
    socket: SignalingSocket,
    session: Session,
    visit: Visit,
    first: Vec<Action>,
    early: Vec<Frame>,
) -> Cow<'static, str> {
    let mut viewer = Viewer::new(context, socket, session, visit);
    if let Some(size) = viewer.context.desktop.handle.size() {
        viewer.handle(Event::FrameSize(size));
    }
    let ended = viewer.live(first, early).await;
    for (_, peer) in std::mem::take(&mut viewer.peers) {
        peer.close(&viewer.context);
    }
    viewer.settings.follow_window(&viewer.context, false);
    ended.0
}

/// Waits for `asking`; `None` if the viewer leaves before, or gives no sign of life for `silence`. What it sends meanwhile
/// is kept in `early`.
async fn while_it_waits<T>(
    socket: &mut SignalingSocket,
    early: &mut Vec<Frame>,
    silence: Duration,
    asking: impl Future<Output = Option<T>>,
) -> Option<T> {
    let leaving = async {
        while early.len() < EARLY {
            match timeout(silence, socket.receive()).await {
                Ok(Some(frame)) => early.push(frame),
                Ok(None) | Err(_) => return,
            }
        }
    };
    tokio::select! {
        answer = asking => answer,
        () = leaving => None,
    }
}
