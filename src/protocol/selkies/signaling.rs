//! The words on the signaling socket. The same in both directions, so one type serves a host that is called and one
//! that calls.

use serde_json::json;

use crate::protocol::candidate::IceCandidate;
use crate::protocol::description::Description;
use crate::protocol::json;

/// One text frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SelkiesText {
    /// `HELLO`, from the server: the registration is accepted.
    HelloAccepted,
    /// `HELLO <uid>[ <base64 JSON>]`, from a peer.
    Hello {
        /// The name that the peer wants. Its description of its window is not read.
        uid: String,
    },
    /// `SESSION <uid>`: the peer calls another one.
    Session {
        /// The other one.
        uid: String,
    },
    /// `SESSION_OK[ <base64 JSON>]`: the called peer is there.
    SessionOk,
    /// `OFFER_REQUEST`: the other side wants to be offered to.
    OfferRequest,
    /// `ROOM <id>`.
    Room {
        /// The room's name.
        id: String,
    },
    /// `ROOM_OK <uid…>`: the peers in the room.
    RoomOk {
        /// All but the receiver.
        uids: Vec<String>,
    },
    /// `ROOM_PEER_MSG <uid> …`.
    RoomMessage {
        /// The receiver, or the sender.
        uid: String,
    },
    /// `ROOM_PEER_LIST`.
    RoomList,
    /// `ERROR …`.
    Error(String),
    /// `{"sdp":{…}}`.
    Sdp(Description),
    /// `{"ice":{…}}`.
    Ice(IceCandidate),
}

/// The reason for which the first frame of a peer is not accepted, and the socket is closed with 1002.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelloError {
    /// Not `HELLO <uid>`.
    InvalidProtocol,
    /// The uid is empty or too long.
    InvalidPeerUid,
}

impl HelloError {
    /// The reason in the close frame.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::InvalidProtocol => "invalid protocol",
            Self::InvalidPeerUid => "invalid peer uid",
        }
    }
}

/// True if `frame` is of this protocol and of no other: a `HELLO`, or JSON with `sdp` or `ice` at its top.
pub(crate) fn looks_like(frame: &str) -> bool {
    frame == "HELLO"
        || frame.starts_with("HELLO ")
        || frame.starts_with('{')
            // Most frames need not be parsed for this.
            && (frame.contains("\"sdp\"") || frame.contains("\"ice\""))
            && json::parse(frame).is_ok_and(|value| value.get("sdp").is_some() || value.get("ice").is_some())
}

impl SelkiesText {
    /// Reads the first frame of a peer.
    ///
    /// # Errors
    /// The reason for which the socket must be closed.
    pub(crate) fn parse_hello(frame: &str) -> Result<String, HelloError> {
        let mut words = frame.split_whitespace();
        if words.next() != Some("HELLO") {
            return Err(HelloError::InvalidProtocol);
        }
        let uid = words.next().ok_or(HelloError::InvalidPeerUid)?;
        if uid.len() > MAX_WORD {
            return Err(HelloError::InvalidPeerUid);
        }
        Ok(uid.to_owned())
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// A sentence for the sender, to stand behind `ERROR `.
    pub(crate) fn parse(frame: &str) -> Result<Self, String> {
        if frame.starts_with('{') {
            return Self::parse_json(frame);
        }
        let (word, rest) = frame.split_once(' ').unwrap_or((frame, ""));
        let rest = rest.trim();
        match word {
            "HELLO" if rest.is_empty() => Ok(Self::HelloAccepted),
            "HELLO" => match Self::parse_hello(frame) {
                Ok(uid) => Ok(Self::Hello { uid }),
                Err(error) => Err(error.reason().to_owned()),
            },
            "SESSION" => Ok(Self::Session { uid: one_word(rest)? }),
            "SESSION_OK" => Ok(Self::SessionOk),
            "OFFER_REQUEST" => Ok(Self::OfferRequest),
            "ROOM" => match one_word(rest) {
                // The word means a call between two, so no room can have the name.
                Ok(id) if id != "session" => Ok(Self::Room { id }),
                _ => Err(format!("invalid room id '{}'", shown(rest))),
            },
            "ROOM_OK" => Ok(Self::RoomOk {
                uids: rest.split_whitespace().map(str::to_owned).collect(),
            }),
            "ROOM_PEER_MSG" => Ok(Self::RoomMessage {
                uid: one_word(rest.split(' ').next().unwrap_or_default())?,
            }),
            "ROOM_PEER_LIST" => Ok(Self::RoomList),
            "ERROR" => Ok(Self::Error(shown(rest))),
            _ => Err("invalid msg".to_owned()),
        }
    }

    fn parse_json(frame: &str) -> Result<Self, String> {
        let value = json::parse(frame).map_err(|error| error.to_string())?;
        if let Some(sdp) = value.get("sdp") {
            Description::from_json(sdp).map(Self::Sdp)
        } else if let Some(ice) = value.get("ice") {
            IceCandidate::from_json(ice).map(Self::Ice)
        } else {
            Err("invalid msg: neither sdp nor ice".to_owned())
        }
    }

    /// The frame.
    pub(crate) fn encode(&self) -> String {
        match self {
            Self::HelloAccepted => "HELLO".to_owned(),
            Self::Hello { uid } => format!("HELLO {uid}"),
            Self::Session { uid } => format!("SESSION {uid}"),
            Self::SessionOk => "SESSION_OK".to_owned(),
            Self::OfferRequest => "OFFER_REQUEST".to_owned(),
            Self::Room { id } => format!("ROOM {id}"),
            Self::RoomOk { uids } => format!("ROOM_OK {}", uids.join(" ")),
            Self::RoomMessage { uid } => format!("ROOM_PEER_MSG {uid} "),
            Self::RoomList => "ROOM_PEER_LIST ".to_owned(),
            Self::Error(reason) => format!("ERROR {reason}"),
            Self::Sdp(description) => json!({ "sdp": description.to_json() }).to_string(),
            // Exactly the two fields that the clients know.
            Self::Ice(candidate) => json!({ "ice": {
                "candidate": candidate.candidate,
                "sdpMLineIndex": candidate.sdp_m_line_index,
            } })
            .to_string(),
        }
    }
}

fn one_word(rest: &str) -> Result<String, String> {
    if rest.is_empty() || rest.len() > MAX_WORD || rest.contains(char::is_whitespace) {
        return Err(HelloError::InvalidPeerUid.reason().to_owned());
    }
    Ok(rest.to_owned())
}

/// The part of `text` that may be repeated.
fn shown(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    shown.trim().to_owned()
}

/// The longest uid and room id, in bytes.
const MAX_WORD: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::base64;
    use crate::protocol::description::SdpKind;

    #[test]
    fn a_hello_says_who_and_may_say_more() {
        let meta = base64::encode(br#"{"res":"1919x1080","scale":1.5}"#);
        for frame in ["HELLO 3", "HELLO 3 !!", &format!("HELLO 3 {meta}")] {
            assert_eq!(SelkiesText::parse_hello(frame), Ok("3".to_owned()), "{frame}");
        }
    }

    #[test]
    fn a_hello_that_is_none_says_why_the_socket_is_closed() {
        for (frame, error) in [
            ("", HelloError::InvalidProtocol),
            ("HI 1", HelloError::InvalidProtocol),
            ("HELLO1", HelloError::InvalidProtocol),
            ("HELLO", HelloError::InvalidPeerUid),
            ("HELLO  ", HelloError::InvalidPeerUid),
        ] {
            assert_eq!(SelkiesText::parse_hello(frame), Err(error), "{frame}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            SelkiesText::HelloAccepted,
            SelkiesText::Hello { uid: "1".to_owned() },
            SelkiesText::Session { uid: "1".to_owned() },
            SelkiesText::SessionOk,
            SelkiesText::OfferRequest,
            SelkiesText::Room { id: "r".to_owned() },
            SelkiesText::RoomOk { uids: vec![] },
            SelkiesText::RoomList,
            SelkiesText::Error("peer '1' not found".to_owned()),
            SelkiesText::Sdp(Description {
                kind: SdpKind::Offer,
                sdp: "v=0\r\n".to_owned(),
            }),
            SelkiesText::Ice(IceCandidate {
                candidate: "candidate:1".to_owned(),
                sdp_m_line_index: 1,
                sdp_mid: None,
            }),
        ] {
            assert_eq!(SelkiesText::parse(&text.encode()), Ok(text));
        }
    }

    #[test]
    fn errors_are_worded_as_the_original_server_words_them() {
        for (frame, error) in [
            ("ROOM session", "invalid room id 'session'"),
            ("ROOM a b", "invalid room id 'a b'"),
            ("SESSION", "invalid peer uid"),
            ("NONSENSE", "invalid msg"),
            (r#"{"x":1}"#, "invalid msg: neither sdp nor ice"),
        ] {
            assert_eq!(SelkiesText::parse(frame), Err(error.to_owned()), "{frame}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(frame: String, word in "(HELLO|SESSION|ROOM|ROOM_PEER_MSG|ERROR)[ ]?\\PC{0,80}") {
            let _ = SelkiesText::parse(&frame);
            let _ = SelkiesText::parse(&word);
            let _ = looks_like(&word);
        }
    }
}
