//! The messages, both ways.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::protocol::candidate::IceCandidate;
use crate::protocol::description::{Description, checked_sdp};
use crate::protocol::json;

/// A part that a peer takes. The same peer may take several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Role {
    /// Offers a stream.
    Producer,
    /// Follows which producers there are.
    Listener,
    /// Takes a stream.
    Consumer,
}

/// A peer, as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PeerInfo {
    /// Its id.
    pub id: String,
    /// The peer's description of itself.
    #[serde(default)]
    pub meta: Value,
}

/// A message from a peer to a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum FromPeer {
    /// The version that the peer speaks. May be left out; comes first.
    SetProtocolVersion {
        /// `v1_0` or `v1_1`.
        version: String,
    },
    /// The roles that the peer takes.
    SetPeerStatus {
        /// Its roles.
        #[serde(default)]
        roles: Vec<Role>,
        /// The peer's description of itself.
        #[serde(default)]
        meta: Value,
        /// Its id, as the server gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer_id: Option<String>,
    },
    /// The peer wants a stream.
    StartSession {
        /// The id of the producer.
        peer_id: String,
        /// If the peer offers: its description.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offer: Option<String>,
    },
    /// The peer leaves a session.
    EndSession {
        /// The id of the session.
        session_id: String,
    },
    /// A description or a candidate.
    #[serde(deserialize_with = "peer_message")]
    Peer(PeerMessage),
    /// Asks for the producers.
    List,
    /// Asks for the consumers.
    ListConsumers,
}

/// A message from a server to a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum FromServer {
    /// First.
    Welcome {
        /// The id that the server gives to the peer.
        peer_id: String,
    },
    /// A peer has set its roles.
    PeerStatusChanged {
        /// Its roles.
        #[serde(default)]
        roles: Vec<Role>,
        /// The peer's description of itself.
        #[serde(default)]
        meta: Value,
        /// The id of the peer.
        peer_id: String,
    },
    /// To a producer: a consumer wants its stream.
    StartSession {
        /// The id of the consumer.
        peer_id: String,
        /// The id of the new session.
        session_id: String,
        /// If the consumer offers: its description.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offer: Option<String>,
    },
    /// To a consumer: the session is there.
    SessionStarted {
        /// The id of the producer.
        peer_id: String,
        /// The id of the session.
        session_id: String,
    },
    /// A description or a candidate.
    #[serde(deserialize_with = "peer_message")]
    Peer(PeerMessage),
    /// The session is over.
    EndSession {
        /// The id of the session.
        session_id: String,
    },
    /// The session is over, to peers of version 1.1.
    #[serde(rename = "endSessionV1_1")]
    EndSessionV1_1 {
        /// The id of the session.
        session_id: String,
        /// The reason, if something has failed.
        #[serde(default)]
        error: Option<String>,
    },
    /// The producers.
    List {
        /// All.
        producers: Vec<PeerInfo>,
    },
    /// The consumers.
    ListConsumers {
        /// All.
        consumers: Vec<PeerInfo>,
    },
    /// Something could not be done.
    Error {
        /// A sentence.
        details: String,
    },
}

/// A description or a candidate of one session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PeerMessage {
    /// The id of the session.
    pub session_id: String,
    /// The content.
    pub content: PeerContent,
}

/// The content of a [`PeerMessage`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PeerContent {
    /// `sdp`.
    Sdp(Description),
    /// `ice`.
    Ice(IceCandidate),
}

impl FromPeer {
    /// Reads a frame.
    ///
    /// # Errors
    /// A sentence for the peer's author.
    pub(crate) fn parse(frame: &str) -> Result<Self, String> {
        let message = parse(frame)?;
        if let Self::StartSession {
            offer: Some(offer), ..
        } = &message
        {
            checked_sdp(offer)?;
        }
        Ok(message)
    }

    /// The frame.
    pub(crate) fn encode(&self) -> String {
        encode(self)
    }
}

impl FromServer {
    /// Reads a frame.
    ///
    /// # Errors
    /// A sentence for the server's author.
    pub(crate) fn parse(frame: &str) -> Result<Self, String> {
        let message = parse(frame)?;
        if let Self::StartSession {
            offer: Some(offer), ..
        } = &message
        {
            checked_sdp(offer)?;
        }
        Ok(message)
    }

    /// The frame.
    pub(crate) fn encode(&self) -> String {
        encode(self)
    }
}

/// Reads the fields of a message of type `peer`.
///
/// # Errors
/// A sentence for the author of the sender.
pub(crate) fn parse_peer_message(value: &Value) -> Result<PeerMessage, String> {
    let session_id = value
        .get("sessionId")
        .and_then(Value::as_str)
        .ok_or("A message to a peer needs a text in \"sessionId\"")?;
    let content = if let Some(sdp) = value.get("sdp") {
        PeerContent::Sdp(Description::from_json(sdp)?)
    } else if let Some(ice) = value.get("ice") {
        PeerContent::Ice(IceCandidate::from_json(ice)?)
    } else {
        return Err("A message to a peer needs \"sdp\" or \"ice\"".to_owned());
    };
    Ok(PeerMessage {
        session_id: session_id.to_owned(),
        content,
    })
}

impl Serialize for PeerMessage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, content) = match &self.content {
            PeerContent::Sdp(description) => ("sdp", description.to_json()),
            PeerContent::Ice(candidate) => {
                let IceCandidate {
                    candidate,
                    sdp_m_line_index,
                    ..
                } = candidate;
                let ice = json!({ "candidate": candidate, "sdpMLineIndex": sdp_m_line_index });
                ("ice", ice)
            }
        };
        json!({ "sessionId": self.session_id, name: content }).serialize(serializer)
    }
}

fn peer_message<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PeerMessage, D::Error> {
    let value = Value::deserialize(deserializer)?;
    parse_peer_message(&value).map_err(serde::de::Error::custom)
}

fn parse<T: for<'de> Deserialize<'de>>(frame: &str) -> Result<T, String> {
    let value = json::parse(frame).map_err(|error| error.to_string())?;
    T::deserialize(value).map_err(|error| error.to_string().chars().take(256).collect())
}

fn encode(message: &impl Serialize) -> String {
    // These types have no map with keys that are not texts, which is all that could fail.
    serde_json::to_string(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::description::SdpKind;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_gstwebrtc_api_sends_is_understood() {
        for (frame, expected) in [
            (
                r#"{"type":"setPeerStatus","roles":["listener"],"meta":{"name":"me"}}"#,
                FromPeer::SetPeerStatus {
                    roles: vec![Role::Listener],
                    meta: json!({"name":"me"}),
                    peer_id: None,
                },
            ),
            (r#"{"type":"list"}"#, FromPeer::List),
            (r#"{"type":"listConsumers"}"#, FromPeer::ListConsumers),
            (
                r#"{"type":"setProtocolVersion","version":"v1_1"}"#,
                FromPeer::SetProtocolVersion {
                    version: "v1_1".to_owned(),
                },
            ),
            (
                r#"{"type":"startSession","peerId":"host"}"#,
                FromPeer::StartSession {
                    peer_id: "host".to_owned(),
                    offer: None,
                },
            ),
            (
                r#"{"type":"peer","sessionId":"s","sdp":{"type":"answer","sdp":"v=0"}}"#,
                FromPeer::Peer(PeerMessage {
                    session_id: "s".to_owned(),
                    content: PeerContent::Sdp(Description {
                        kind: SdpKind::Answer,
                        sdp: "v=0".to_owned(),
                    }),
                }),
            ),
            (
                r#"{"type":"peer","sessionId":"s","ice":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"x"}}"#,
                FromPeer::Peer(PeerMessage {
                    session_id: "s".to_owned(),
                    content: PeerContent::Ice(IceCandidate {
                        candidate: "candidate:1".to_owned(),
                        sdp_m_line_index: 0,
                        sdp_mid: Some("0".to_owned()),
                    }),
                }),
            ),
            (
                r#"{"type":"endSession","sessionId":"s"}"#,
                FromPeer::EndSession {
                    session_id: "s".to_owned(),
                },
            ),
        ] {
            assert_eq!(FromPeer::parse(frame), Ok(expected), "{frame}");
        }
    }

    #[test]
    fn the_server_speaks_camel_case() {
        let session = || "s".to_owned();
        for (message, expected) in [
            (
                FromServer::Welcome {
                    peer_id: "p".to_owned(),
                },
                r#"{"type":"welcome","peerId":"p"}"#,
            ),
            (
                FromServer::SessionStarted {
                    peer_id: "host".to_owned(),
                    session_id: session(),
                },
                r#"{"type":"sessionStarted","peerId":"host","sessionId":"s"}"#,
            ),
            (
                FromServer::Peer(PeerMessage {
                    session_id: session(),
                    content: PeerContent::Ice(IceCandidate {
                        candidate: String::new(),
                        sdp_m_line_index: 0,
                        sdp_mid: Some("video0".to_owned()),
                    }),
                }),
                r#"{"type":"peer","sessionId":"s","ice":{"candidate":"","sdpMLineIndex":0}}"#,
            ),
            (
                FromServer::EndSessionV1_1 {
                    session_id: session(),
                    error: None,
                },
                r#"{"type":"endSessionV1_1","sessionId":"s","error":null}"#,
            ),
            (
                FromServer::List {
                    producers: vec![PeerInfo {
                        id: "host".to_owned(),
                        meta: json!({"name":"desktop"}),
                    }],
                },
                r#"{"type":"list","producers":[{"id":"host","meta":{"name":"desktop"}}]}"#,
            ),
            (
                FromServer::ListConsumers { consumers: vec![] },
                r#"{"type":"listConsumers","consumers":[]}"#,
            ),
            (
                FromServer::Error {
                    details: "x".to_owned(),
                },
                r#"{"type":"error","details":"x"}"#,
            ),
        ] {
            assert_eq!(json(&message.encode()), json(expected));
            // The mid does not go over this wire.
            if !expected.contains("ice") {
                assert_eq!(FromServer::parse(&message.encode()), Ok(message));
            }
        }
    }

    #[test]
    fn what_is_not_understood_says_why() {
        for frame in [
            "",
            "[]",
            r#"{"type":"fly"}"#,
            r#"{"type":"startSession"}"#,
            r#"{"type":"startSession","peerId":"host","offer":"x"}"#,
            r#"{"type":"peer","sessionId":"s"}"#,
            r#"{"type":"peer","sdp":{"type":"answer","sdp":"v=0"}}"#,
            r#"{"type":"peer","sessionId":"s","ice":{"candidate":"x"}}"#,
        ] {
            assert!(!FromPeer::parse(frame).unwrap_err().is_empty(), "{frame}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(frame: String) {
            let _ = FromPeer::parse(&frame);
            let _ = FromServer::parse(&frame);
        }
    }
}
