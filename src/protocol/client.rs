//! What a client says on the signaling socket.

use serde_json::Value;

use super::candidate::IceCandidate;
use super::envelope::{Envelope, Rejection};
use super::error::ErrorCode;
use super::fields;

/// The longest session description that is taken, in bytes.
pub const MAX_SDP: usize = 32 * 1024;
/// The longest candidate that is taken, in bytes.
pub const MAX_CANDIDATE: usize = 1024;
/// How many codecs and capabilities a client may list, and how long each name may be, in bytes.
const MAX_NAMES: (usize, usize) = (32, 64);

/// A message from a client, understood.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage {
    /// Who the client is and what it can do. Answered by nothing: the welcome was sent already.
    Hello(Hello),
    /// Is anybody there?
    Ping {
        /// `data.timestamp`, echoed in the pong, else the envelope's.
        timestamp: Option<Value>,
        /// `data.sequence`, echoed in the pong.
        sequence: Option<Value>,
    },
    /// The client wants the stream: make a peer, send an offer.
    RequestOffer(OfferConstraints),
    /// The SDP answer to our offer.
    Answer {
        /// The session description.
        sdp: String,
    },
    /// One of the client's ICE candidates, or the end of them.
    Candidate(IceCandidate),
}

/// What a client tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hello {
    /// `client_info.user_agent`, cut to 512 bytes.
    pub user_agent: Option<String>,
    /// Feature names: `input-v2` says that the client sends key and button releases by itself.
    pub capabilities: Vec<String>,
    /// The video codecs that it can decode, by their names in SDP. Empty: it did not say.
    pub video_codecs: Vec<String>,
}

/// What a client wants in the offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferConstraints {
    /// Whether the host makes the data channel `input`.
    pub data_channel: bool,
    /// The codecs that the client wants, by their names in SDP. Empty: as the hello said.
    pub codec_preferences: Vec<String>,
}

impl ClientMessage {
    /// Understands what `envelope` carries.
    ///
    /// # Errors
    /// If the type is unknown, or its data is not what the type needs.
    pub fn from_envelope(envelope: &Envelope) -> Result<Self, Rejection> {
        let data = &envelope.data;
        match envelope.kind.as_str() {
            "hello" => Ok(Self::Hello(hello(data))),
            "ping" => Ok(Self::Ping {
                timestamp: data
                    .get("timestamp")
                    .cloned()
                    .or_else(|| envelope.timestamp.clone()),
                sequence: data.get("sequence").cloned(),
            }),
            "request-offer" => Ok(Self::RequestOffer(offer_constraints(data))),
            "answer" | "sdp" => answer(envelope),
            "ice-candidate" | "ice" => candidate(envelope),
            other => Err(envelope.reject(
                ErrorCode::InvalidMessageType,
                format!("Unknown message type: {}", other.escape_debug()),
            )),
        }
    }
}

fn hello(data: &Value) -> Hello {
    let (items, length) = MAX_NAMES;
    Hello {
        user_agent: data
            .get("client_info")
            .and_then(|info| fields::text(info, "user_agent", 512))
            .map(str::to_owned),
        capabilities: fields::texts(data, "capabilities", items, length),
        video_codecs: fields::texts(data, "video_codecs", items, length),
    }
}

fn offer_constraints(data: &Value) -> OfferConstraints {
    let (items, length) = MAX_NAMES;
    OfferConstraints {
        data_channel: data
            .get("constraints")
            .and_then(|constraints| constraints.get("data_channel"))
            .and_then(Value::as_bool)
            .unwrap_or(true),
        codec_preferences: fields::texts(data, "codec_preferences", items, length),
    }
}

/// Takes `data.sdp{type,sdp}`, `data.sdp` as a text, and `data{type,sdp}`.
fn answer(envelope: &Envelope) -> Result<ClientMessage, Rejection> {
    let invalid = |message: &str| envelope.reject(ErrorCode::InvalidMessageData, message);
    let outer = &envelope.data;
    let description = outer
        .get("sdp")
        .filter(|inner| inner.is_object())
        .unwrap_or(outer);
    if let Some(kind) = description.get("type")
        && kind != "answer"
    {
        return Err(invalid(
            "The host offers and the client answers: \"type\" must be \"answer\"",
        ));
    }
    match description.get("sdp").and_then(Value::as_str) {
        Some(sdp) if sdp.len() > MAX_SDP => Err(invalid(&format!(
            "The session description is longer than {MAX_SDP} bytes"
        ))),
        Some(sdp) if sdp.starts_with("v=") => Ok(ClientMessage::Answer { sdp: sdp.to_owned() }),
        Some(_) => Err(invalid("The session description does not start with \"v=\"")),
        None => Err(invalid(
            "An answer needs data.sdp, an object {\"type\":\"answer\",\"sdp\":\"v=0…\"}",
        )),
    }
}

/// Takes `data.candidate{…}`, the same fields flat in `data`, and null, nothing or an empty text as the end.
fn candidate(envelope: &Envelope) -> Result<ClientMessage, Rejection> {
    let invalid = |message: String| envelope.reject(ErrorCode::InvalidMessageData, message);
    let outer = &envelope.data;
    let fields_of = outer
        .get("candidate")
        .filter(|inner| inner.is_object())
        .unwrap_or(outer);
    let candidate = match fields_of.get("candidate") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) if text.len() > MAX_CANDIDATE => {
            return Err(invalid(format!(
                "The candidate is longer than {MAX_CANDIDATE} bytes"
            )));
        }
        Some(Value::String(text)) if text.is_empty() || text.starts_with("candidate:") => text,
        Some(_) => {
            return Err(invalid(
                "A candidate is a text that starts with \"candidate:\"".to_owned(),
            ));
        }
    };
    let sdp_m_line_index = match fields_of.get("sdpMLineIndex") {
        None | Some(Value::Null) => 0,
        Some(index) => index
            .as_u64()
            .and_then(|index| u32::try_from(index).ok())
            .ok_or_else(|| invalid("sdpMLineIndex is not a small whole number".to_owned()))?,
    };
    Ok(ClientMessage::Candidate(IceCandidate {
        candidate: candidate.to_owned(),
        sdp_m_line_index,
        sdp_mid: fields::text(fields_of, "sdpMid", 64).map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(frame: &str) -> Result<ClientMessage, Rejection> {
        ClientMessage::from_envelope(&Envelope::parse(frame)?)
    }

    #[test]
    fn an_answer_is_read_in_each_of_its_three_shapes() {
        for frame in [
            r#"{"version":"1.0","type":"answer","data":{"sdp":{"type":"answer","sdp":"v=0\r\n"}}}"#,
            r#"{"version":"1.0","type":"answer","data":{"sdp":"v=0\r\n"}}"#,
            r#"{"version":"1.0","type":"sdp","data":{"type":"answer","sdp":"v=0\r\n"}}"#,
        ] {
            assert_eq!(
                read(frame),
                Ok(ClientMessage::Answer {
                    sdp: "v=0\r\n".to_owned()
                }),
                "{frame}"
            );
        }
    }

    #[test]
    fn an_offer_from_the_client_is_refused() {
        let rejection =
            read(r#"{"type":"answer","id":"7","data":{"sdp":{"type":"offer","sdp":"v=0"}}}"#).unwrap_err();
        assert_eq!(
            (rejection.id.as_deref(), rejection.code),
            (Some("7"), ErrorCode::InvalidMessageData)
        );
    }

    #[test]
    fn a_candidate_is_read_nested_and_flat_and_its_absence_is_the_end() {
        for frame in [
            r#"{"type":"ice-candidate","data":{"candidate":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}}}"#,
            r#"{"type":"ice","data":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}}"#,
        ] {
            let Ok(ClientMessage::Candidate(candidate)) = read(frame) else {
                panic!("{frame}")
            };
            assert_eq!(candidate.candidate, "candidate:1");
            assert_eq!(candidate.sdp_mid.as_deref(), Some("0"));
        }
        for frame in [
            r#"{"type":"ice-candidate","data":{"candidate":null}}"#,
            r#"{"type":"ice-candidate","data":{"candidate":{"candidate":""}}}"#,
            r#"{"type":"ice-candidate"}"#,
        ] {
            let Ok(ClientMessage::Candidate(candidate)) = read(frame) else {
                panic!("{frame}")
            };
            assert!(candidate.is_end_of_candidates(), "{frame}");
        }
    }

    #[test]
    fn what_is_not_a_message_is_refused_with_its_id() {
        for (frame, id, code) in [
            ("", None, ErrorCode::MessageParsingFailed),
            ("[]", None, ErrorCode::InvalidMessage),
            (r#"{"id":"a"}"#, Some("a"), ErrorCode::InvalidMessage),
            (r#"{"id":"a","type":7}"#, Some("a"), ErrorCode::InvalidMessage),
            (
                r#"{"message_id":"b","version":"2.0","type":"ping"}"#,
                Some("b"),
                ErrorCode::InvalidMessage,
            ),
            (
                r#"{"id":"c","type":"no-such-type"}"#,
                Some("c"),
                ErrorCode::InvalidMessageType,
            ),
            (
                r#"{"id":"d","type":"answer","data":{"sdp":"x"}}"#,
                Some("d"),
                ErrorCode::InvalidMessageData,
            ),
            (
                r#"{"id":"e","type":"ice","data":{"candidate":"x"}}"#,
                Some("e"),
                ErrorCode::InvalidMessageData,
            ),
            (
                r#"{"id":"f","type":"ice","data":{"sdpMLineIndex":-1}}"#,
                Some("f"),
                ErrorCode::InvalidMessageData,
            ),
        ] {
            let rejection = read(frame).unwrap_err();
            assert_eq!((rejection.id.as_deref(), rejection.code), (id, code), "{frame}");
        }
    }

    #[test]
    fn a_peer_id_is_a_number_or_a_text() {
        assert_eq!(
            Envelope::parse(r#"{"type":"ping","peer_id":42}"#)
                .unwrap()
                .peer_id
                .as_deref(),
            Some("42")
        );
        assert_eq!(
            Envelope::parse(r#"{"type":"ping","peer_id":"x"}"#)
                .unwrap()
                .peer_id
                .as_deref(),
            Some("x")
        );
        assert_eq!(
            Envelope::parse(r#"{"type":"ping","peer_id":{}}"#)
                .unwrap()
                .peer_id,
            None
        );
    }

    #[test]
    fn a_ping_falls_back_to_the_envelopes_timestamp() {
        let Ok(ClientMessage::Ping { timestamp, sequence }) =
            read(r#"{"type":"ping","timestamp":5,"data":{"sequence":3}}"#)
        else {
            panic!("not a ping")
        };
        assert_eq!(
            (timestamp, sequence),
            (Some(Value::from(5)), Some(Value::from(3)))
        );
    }
}
