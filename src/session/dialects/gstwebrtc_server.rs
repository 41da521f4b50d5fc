//! A client of gstwebrtc: the host is the signaling server and the only producer in one.

use serde_json::json;

use super::dialect::Dialect;
use super::gstwebrtc_sessions::{MAX_SESSIONS, Outcome, Sessions};
use crate::protocol::channel::HostMessage;
use crate::protocol::dialect::Dialect as DialectName;
use crate::protocol::envelope::Rejection;
use crate::protocol::gstwebrtc::{FromPeer, FromServer, PeerInfo, Role};
use crate::session::context::Context;
use crate::session::event::{Action, PeerEvent, PeerKey};

/// The id by which clients call the host.
const HOST: &str = "host";

/// One client, with all its sessions.
#[derive(Debug, Default)]
pub(in crate::session) struct GstWebrtcServer {
    version: Version,
    sessions: Sessions,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// The default for clients that name no version.
    #[default]
    V1_0,
    /// The end of a session says why.
    V1_1,
}

impl GstWebrtcServer {
    /// The first message.
    pub(in crate::session) fn welcome(cx: &Context) -> Action {
        send(&FromServer::Welcome {
            peer_id: cx.client_id.clone(),
        })
    }

    fn message(&mut self, cx: &mut Context, message: FromPeer) -> Result<Vec<Action>, String> {
        match message {
            FromPeer::SetProtocolVersion { version } => {
                self.version = match version.as_str() {
                    "v1_0" => Version::V1_0,
                    "v1_1" => Version::V1_1,
                    _ => return Err("The versions spoken here are v1_0 and v1_1".to_owned()),
                };
                Ok(Vec::new())
            }
            FromPeer::SetPeerStatus { roles, .. } if roles.contains(&Role::Producer) => {
                Err("The only producer here is the host".to_owned())
            }
            FromPeer::SetPeerStatus { roles, meta, .. } => Ok(vec![send(&FromServer::PeerStatusChanged {
                roles,
                meta,
                peer_id: cx.client_id.clone(),
            })]),
            FromPeer::List => Ok(vec![send(&FromServer::List {
                producers: vec![PeerInfo {
                    id: HOST.to_owned(),
                    meta: json!({ "name": cx.app_name }),
                }],
            })]),
            FromPeer::ListConsumers => Ok(vec![send(&FromServer::ListConsumers {
                consumers: Vec::new(),
            })]),
            FromPeer::StartSession { peer_id, offer } => self.start_session(cx, &peer_id, offer),
            FromPeer::EndSession { session_id } => {
                let closed = self.sessions.end(&session_id).ok_or("There is no such session")?;
                Ok(vec![closed])
            }
            FromPeer::Peer(message) => self.sessions.message(message),
        }
    }

    fn start_session(
        &mut self,
        cx: &Context,
        peer_id: &str,
        offer: Option<String>,
    ) -> Result<Vec<Action>, String> {
        if peer_id != HOST {
            return Err(format!("There is no other producer here than '{HOST}'"));
        }
        if self.sessions.is_full() {
            return Err(format!("No more than {MAX_SESSIONS} sessions at a time"));
        }
        let session_id = format!("{}-{}", cx.client_id, self.sessions.next_number());
        let started = send(&FromServer::SessionStarted {
            peer_id: HOST.to_owned(),
            session_id: session_id.clone(),
        });
        Ok(vec![started, self.sessions.start(session_id, offer)])
    }
}

impl Dialect for GstWebrtcServer {
    fn name(&self) -> DialectName {
        DialectName::GstWebrtc
    }

    fn text(&mut self, cx: &mut Context, frame: &str, _now_ms: u64) -> Vec<Action> {
        FromPeer::parse(frame)
            .and_then(|message| self.message(cx, message))
            .unwrap_or_else(|details| vec![error(cx, details)])
    }

    fn peer(&mut self, cx: &mut Context, key: PeerKey, event: PeerEvent, _now_ms: u64) -> Vec<Action> {
        match self.sessions.peer(key, event) {
            Outcome::Actions(actions) => actions,
            Outcome::Over { id, reason, close } => {
                let close = close.map(|key| Action::ClosePeer { key });
                let told = match self.version {
                    Version::V1_0 => vec![
                        error(cx, reason),
                        send(&FromServer::EndSession { session_id: id }),
                    ],
                    Version::V1_1 => vec![send(&FromServer::EndSessionV1_1 {
                        session_id: id,
                        error: Some(reason),
                    })],
                };
                close.into_iter().chain(told).collect()
            }
        }
    }

    fn reject(&self, cx: &mut Context, rejection: Rejection, _now_ms: u64) -> Action {
        error(cx, rejection.message)
    }

    /// Its channel `control` has responses to requests, and nothing else.
    fn knows(&self, message: &HostMessage) -> bool {
        matches!(message, HostMessage::ControlResponse { .. })
    }
}

/// The message that something cannot be done.
fn error(cx: &mut Context, details: String) -> Action {
    cx.errors += 1;
    send(&FromServer::Error { details })
}

fn send(message: &FromServer) -> Action {
    Action::Send(message.encode())
}
