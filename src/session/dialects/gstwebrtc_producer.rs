//! The host as a producer at a gstwebrtc signaling server elsewhere.

use serde_json::Value;

use super::dialect::Dialect;
use super::gstwebrtc_sessions::{Outcome, Sessions};
use crate::protocol::channel::HostMessage;
use crate::protocol::dialect::Dialect as DialectName;
use crate::protocol::envelope::Rejection;
use crate::protocol::gstwebrtc::{FromPeer, FromServer, Role};
use crate::session::context::Context;
use crate::session::event::{Action, PeerEvent, PeerKey};
use crate::session::excerpt::excerpt;

/// The registration, with all sessions.
#[derive(Debug)]
pub(in crate::session) struct GstWebrtcProducer {
    meta: Value,
    peer_id: Option<String>,
    sessions: Sessions,
}

impl GstWebrtcProducer {
    /// The registration, with `meta` for the consumers to read.
    pub(in crate::session) fn new(meta: Value) -> Self {
        Self {
            meta,
            peer_id: None,
            sessions: Sessions::default(),
        }
    }
}

impl Dialect for GstWebrtcProducer {
    fn name(&self) -> DialectName {
        DialectName::GstWebrtc
    }

    fn text(&mut self, _cx: &mut Context, frame: &str, _now_ms: u64) -> Vec<Action> {
        let message = match FromServer::parse(frame) {
            Ok(message) => message,
            Err(why) => {
                return vec![Action::Note(format!(
                    "a message of the server was not understood: {why}"
                ))];
            }
        };
        match message {
            FromServer::Welcome { peer_id } => {
                self.peer_id = Some(peer_id.clone());
                vec![send(&FromPeer::SetPeerStatus {
                    roles: vec![Role::Producer],
                    meta: self.meta.clone(),
                    peer_id: Some(peer_id),
                })]
            }
            FromServer::StartSession {
                session_id, offer, ..
            } => {
                if self.sessions.has(&session_id) {
                    return vec![Action::Note("the server has started a session twice".to_owned())];
                }
                if self.sessions.is_full() {
                    return vec![send(&FromPeer::EndSession { session_id })];
                }
                vec![self.sessions.start(session_id, offer)]
            }
            FromServer::Peer(message) => self
                .sessions
                .message(message)
                .unwrap_or_else(|why| vec![Action::Note(why)]),
            FromServer::EndSession { session_id } | FromServer::EndSessionV1_1 { session_id, .. } => {
                self.sessions.end(&session_id).into_iter().collect()
            }
            FromServer::Error { details } => {
                vec![Action::Note(format!(
                    "the server complains: {}",
                    excerpt(&details)
                ))]
            }
            // These are about other peers.
            FromServer::PeerStatusChanged { .. }
            | FromServer::SessionStarted { .. }
            | FromServer::List { .. }
            | FromServer::ListConsumers { .. } => Vec::new(),
        }
    }

    fn peer(&mut self, _cx: &mut Context, key: PeerKey, event: PeerEvent, _now_ms: u64) -> Vec<Action> {
        match self.sessions.peer(key, event) {
            Outcome::Actions(actions) => actions,
            Outcome::Over { id, reason, close } => {
                let close = close.map(|key| Action::ClosePeer { key });
                let told = [
                    Action::Note(reason),
                    send(&FromPeer::EndSession { session_id: id }),
                ];
                close.into_iter().chain(told).collect()
            }
        }
    }

    fn reject(&self, _cx: &mut Context, rejection: Rejection, _now_ms: u64) -> Action {
        Action::Note(rejection.message)
    }

    /// Its channel `control` has responses to requests, and nothing else.
    fn knows(&self, message: &HostMessage) -> bool {
        matches!(message, HostMessage::ControlResponse { .. })
    }

    fn is_outbound(&self) -> bool {
        true
    }

    fn peer_id(&self) -> Option<&str> {
        self.peer_id.as_deref()
    }
}

fn send(message: &FromPeer) -> Action {
    Action::Send(message.encode())
}
