//! The host as a producer at somebody else's gstwebrtc signaling server.

use serde_json::Value;

use super::gstwebrtc_sessions::{Outcome, Sessions};
use crate::protocol::gstwebrtc::{FromPeer, FromServer, Role};
use crate::session::event::{Action, PeerEvent, PeerKey};

/// The registration, with all sessions.
#[derive(Debug)]
pub(crate) struct Producer {
    meta: Value,
    peer_id: Option<String>,
    sessions: Sessions,
}

impl Producer {
    pub(crate) fn new(meta: Value) -> Self {
        Self {
            meta,
            peer_id: None,
            sessions: Sessions::default(),
        }
    }

    /// The id that the server gave to the host.
    pub(crate) fn peer_id(&self) -> Option<&str> {
        self.peer_id.as_deref()
    }

    pub(crate) fn text(&mut self, frame: &str) -> Vec<Action> {
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
                vec![Action::Note(format!("the server complains: {}", shown(&details)))]
            }
            // What other peers do.
            FromServer::PeerStatusChanged { .. }
            | FromServer::SessionStarted { .. }
            | FromServer::List { .. }
            | FromServer::ListConsumers { .. } => Vec::new(),
        }
    }

    pub(crate) fn peer(&mut self, key: PeerKey, event: PeerEvent) -> Vec<Action> {
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
}

fn send(message: &FromPeer) -> Action {
    Action::Send(message.encode())
}

/// As much of what a server says as belongs into a log.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
