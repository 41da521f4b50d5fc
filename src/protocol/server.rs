//! The host's messages on the signaling socket, in the native protocol.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::candidate::IceCandidate;
use super::envelope::Rejection;
use super::ice_server::{IceServer, RelayAccess};
use super::lease::LeaseState;
use super::people::Person;
use super::role::{Policy, Role};
use super::select::Selected;
use super::stats::Stats;
use super::{NAME, VERSION};

/// The features that every client of the original protocol expects by exactly these names.
const CAPABILITIES: [&str; 3] = ["webrtc", "input", "stats"];
/// All features of this host.
const SERVER_CAPABILITIES: [&str; 8] = [
    "webrtc",
    "input",
    "stats",
    "input-v2",
    "mouse-wheel",
    "relative-motion",
    "coordinate-space",
    "dc-motion",
];

/// A message to a client, before it is put into its envelope.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ServerMessage {
    /// The first message on every socket, and the only one of its kind.
    Welcome {
        /// The part of the path behind `/ws/`.
        app_name: String,
        /// The interval in which the client should ping, in milliseconds.
        heartbeat_interval_ms: u64,
        /// The longest frame that the host reads, in bytes.
        max_message_size: usize,
        /// The ICE servers for the client.
        ice_servers: Vec<IceServer>,
        /// The credentials for the host's own relay.
        relay: Option<RelayAccess>,
        /// The client's role.
        role: Role,
        /// The policy of the host.
        policy: Policy,
        /// The settings of the page that the host decides.
        client: Map<String, Value>,
    },
    /// The answer to a ping.
    Pong {
        /// That of the ping, unchanged: the client's own clock.
        timestamp: Option<Value>,
        /// That of the ping, unchanged.
        sequence: Option<Value>,
        /// The number of messages that this client has sent, this one included.
        message_count: u64,
    },
    /// The SDP offer that webrtcbin made.
    Offer {
        /// The session description.
        sdp: String,
        /// The ICE servers for the client.
        ice_servers: Vec<IceServer>,
    },
    /// The answer has been applied.
    AnswerAck,
    /// One of the host's ICE candidates, or the end of them.
    Candidate(IceCandidate),
    /// The numbers that were asked for.
    Stats(Stats),
    /// The protocol to speak.
    ProtocolSelected(Selected),
    /// The state of the control.
    ControlState(LeaseState),
    /// The connected clients, the first to come first.
    People(Arc<[Person]>),
    /// Something could not be done. Its id goes into the [`Stamp`].
    Error(Rejection),
}

/// The envelope of a [`ServerMessage`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp<'a> {
    /// The id of the message: in a response, that of the request.
    pub id: &'a str,
    /// True if `id` is a request's.
    pub is_response: bool,
    /// Milliseconds since the epoch.
    pub timestamp_ms: u64,
    /// The id that the host gave to this client.
    pub client_id: &'a str,
}

impl ServerMessage {
    /// The text frame that says this.
    pub(crate) fn encode(&self, stamp: Stamp<'_>) -> String {
        let always = [
            ("version", VERSION.into()),
            ("type", self.kind().into()),
            ("id", stamp.id.into()),
            ("timestamp", stamp.timestamp_ms.into()),
            ("peer_id", stamp.client_id.into()),
        ];
        let reply = stamp.is_response.then(|| ("reply_to", stamp.id.into()));
        let content = match self {
            Self::Error(rejection) => Some(("error", error(rejection))),
            Self::AnswerAck => None,
            _ => Some(("data", self.data(stamp))),
        };
        // The gstwebrtc clients look there for their id, in a message of the same type.
        let greeting = matches!(self, Self::Welcome { .. }).then(|| ("peerId", stamp.client_id.into()));
        let fields = always.into_iter().chain(reply).chain(content).chain(greeting);
        Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect()).to_string()
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::Pong { .. } => "pong",
            Self::Offer { .. } => "offer",
            Self::AnswerAck => "answer-ack",
            Self::Candidate(_) => "ice-candidate",
            Self::Stats(_) => "stats",
            Self::ProtocolSelected(_) => "protocol-selected",
            Self::ControlState(_) => "control-state",
            Self::People(_) => "people",
            Self::Error { .. } => "error",
        }
    }

    fn data(&self, stamp: Stamp<'_>) -> Value {
        match self {
            Self::Welcome {
                app_name,
                heartbeat_interval_ms,
                max_message_size,
                ice_servers,
                relay,
                role,
                policy,
                client,
            } => json!({
                "client_id": stamp.client_id,
                "app_name": app_name,
                "server_time": stamp.timestamp_ms,
                "server_version": env!("CARGO_PKG_VERSION"),
                "protocol": NAME,
                "capabilities": CAPABILITIES,
                "server_capabilities": SERVER_CAPABILITIES,
                "session_config": {
                    "heartbeat_interval": heartbeat_interval_ms,
                    "max_message_size": max_message_size,
                    "ice_servers": ice_servers,
                    "relay": relay,
                    "role": role.name(),
                    "permissions": role.permissions(*policy),
                    "client": client,
                },
            }),
            Self::Pong {
                timestamp,
                sequence,
                message_count,
            } => {
                let mut data = Map::new();
                data.extend(timestamp.clone().map(|value| ("timestamp".to_owned(), value)));
                data.extend(sequence.clone().map(|value| ("sequence".to_owned(), value)));
                data.insert("server_time".to_owned(), stamp.timestamp_ms.into());
                data.insert("client_state".to_owned(), "connected".into());
                data.insert("message_count".to_owned(), (*message_count).into());
                data.into()
            }
            Self::Offer { sdp, ice_servers } => json!({
                "sdp": { "type": "offer", "sdp": sdp },
                "ice_servers": ice_servers,
            }),
            Self::Candidate(candidate) => json!({ "candidate": {
                "candidate": candidate.candidate,
                "sdpMLineIndex": candidate.sdp_m_line_index,
                "sdpMid": candidate.sdp_mid,
            } }),
            Self::Stats(stats) => stats.to_json(),
            Self::ProtocolSelected(selected) => json!({
                "selected_protocol": selected.protocol,
                "protocol_version": VERSION,
                "server_capabilities": CAPABILITIES,
                "fallback_protocols": selected.fallbacks,
                "matched": selected.matched,
            }),
            Self::ControlState(state) => state.to_json(stamp.client_id),
            Self::People(people) => {
                json!({ "people": people.iter().map(Person::to_json).collect::<Vec<_>>() })
            }
            Self::AnswerAck | Self::Error { .. } => Value::Null,
        }
    }
}

fn error(rejection: &Rejection) -> Value {
    json!({
        "code": rejection.code.as_str(),
        "message": rejection.message,
        "type": rejection.code.kind(),
        "recoverable": rejection.code.is_recoverable(),
        "details": rejection.details,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::error::ErrorCode;

    const STAMP: Stamp<'_> = Stamp {
        id: "msg_1",
        is_response: true,
        timestamp_ms: 1_640_995_200_001,
        client_id: "client_1",
    };

    fn encoded(message: &ServerMessage) -> Value {
        serde_json::from_str(&message.encode(STAMP)).unwrap()
    }

    #[test]
    fn a_response_carries_the_requests_id_twice() {
        let ack = encoded(&ServerMessage::AnswerAck);
        assert_eq!(
            ack,
            json!({"version":"1.0","type":"answer-ack","id":"msg_1","reply_to":"msg_1",
                   "timestamp":1_640_995_200_001_u64,"peer_id":"client_1"})
        );
    }

    #[test]
    fn an_offer_holds_an_object_that_a_browser_takes_as_it_is() {
        let offer = encoded(&ServerMessage::Offer {
            sdp: "v=0\r\n".to_owned(),
            ice_servers: vec![IceServer {
                urls: vec!["stun:stun.example".to_owned()],
                username: None,
                credential: None,
            }],
        });
        assert_eq!(offer["data"]["sdp"], json!({"type":"offer","sdp":"v=0\r\n"}));
        assert_eq!(
            offer["data"]["ice_servers"],
            json!([{"urls":["stun:stun.example"]}])
        );
    }

    #[test]
    fn an_error_says_what_kind_it_is_and_whether_to_go_on() {
        let message = ServerMessage::Error(Rejection::new(ErrorCode::InvalidMessageType, "x"));
        assert_eq!(
            encoded(&message)["error"],
            json!({"code":"INVALID_MESSAGE_TYPE","message":"x","type":"validation_error","recoverable":true,"details":null})
        );
    }

    #[test]
    fn a_pong_leaves_out_what_the_ping_did_not_have() {
        let pong = encoded(&ServerMessage::Pong {
            timestamp: None,
            sequence: Some(3.into()),
            message_count: 2,
        });
        assert_eq!(pong["data"].get("timestamp"), None);
        assert_eq!(pong["data"]["sequence"], 3);
    }

    #[test]
    fn the_welcome_serves_the_native_client_and_gstwebrtc_at_once() {
        let welcome = encoded(&ServerMessage::Welcome {
            app_name: "default".to_owned(),
            heartbeat_interval_ms: 30_000,
            max_message_size: 65_536,
            ice_servers: Vec::new(),
            relay: None,
            role: Role::View,
            policy: Policy::default(),
            client: Map::from_iter([("theme".to_owned(), "dark".into())]),
        });
        assert_eq!(welcome["data"]["session_config"]["role"], "view");
        assert_eq!(welcome["data"]["session_config"]["permissions"], json!([]));
        assert_eq!(
            welcome["data"]["session_config"]["client"],
            json!({"theme": "dark"})
        );
        assert_eq!(welcome["peerId"], "client_1");
        assert_eq!(welcome["data"]["client_id"], "client_1");
        assert_eq!(
            welcome["data"]["capabilities"],
            json!(["webrtc", "input", "stats"])
        );
    }
}
