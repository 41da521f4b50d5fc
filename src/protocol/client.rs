//! The client's messages on the signaling socket.

use serde_json::Value;

use super::candidate::IceCandidate;
use super::description::{Description, SdpKind};
use super::envelope::{Envelope, Rejection};
use super::error::ErrorCode;
use super::fields;
use super::input::{self, FrameSize, InputError, InputEvent};
use super::lease::LeaseRequest;
use super::people::PersonName;
use super::stats::StatsGroup;

/// The most codecs and capabilities that a client may list, and the longest name of one, in bytes.
const MAX_NAMES: (usize, usize) = (32, 64);

/// A message from a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ClientMessage {
    /// The client introduces itself. There is no response: the welcome was sent already.
    Hello(Hello),
    /// The client wants a pong.
    Ping {
        /// `data.timestamp`, echoed in the pong, else the envelope's.
        timestamp: Option<Value>,
        /// `data.sequence`, echoed in the pong.
        sequence: Option<Value>,
    },
    /// The client wants the stream: make a peer, send an offer.
    RequestOffer(OfferConstraints),
    /// The SDP answer to the host's offer.
    Answer {
        /// The session description.
        sdp: String,
    },
    /// One of the client's ICE candidates, or the end of them.
    Candidate(IceCandidate),
    /// Pointer or keyboard: several events for a click, none for a repeated key.
    Input(Vec<InputEvent>),
    /// The client wants numbers.
    GetStats {
        /// The groups. Empty if it named only groups that are not known.
        groups: Vec<StatsGroup>,
    },
    /// The client wants to agree on a protocol.
    Negotiate(Negotiate),
    /// The client wants to have the control for itself, or to give it away.
    Lease(LeaseRequest),
    /// The name that the client gives itself. It wants to know the others, too.
    Name(PersonName),
}

/// The protocols that a client speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Negotiate {
    /// In the client's order.
    pub supported: Vec<String>,
    /// The protocol that it prefers.
    pub preferred: Option<String>,
    /// Feature names, as in the hello. `None`: they are not given.
    pub capabilities: Option<Vec<String>>,
}

/// A client's description of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hello {
    /// `client_info.user_agent`, cut to 512 bytes.
    pub user_agent: Option<String>,
    /// Feature names: `input-v2` says that the client sends key and button releases by itself, `dc-motion` that it
    /// knows the data channel of that purpose.
    pub capabilities: Vec<String>,
    /// The video codecs that it can decode, by their names in SDP. Empty: they are not given.
    pub video_codecs: Vec<String>,
}

/// The parts of the offer that a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OfferConstraints {
    /// True if the video is wanted; true by default.
    pub video: bool,
    /// True if the sound is wanted; false by default.
    pub audio: bool,
    /// True if the host makes the data channel `input`; true by default.
    pub data_channel: bool,
    /// The codecs that the client wants, by their names in SDP. Empty: those of the hello.
    pub codec_preferences: Vec<String>,
}

impl ClientMessage {
    /// Reads the message in `envelope`. `frame` is the size of the captured frame, if it is known:
    /// coordinates in another space are scaled to it.
    ///
    /// # Errors
    /// If the type is unknown, or its data is not what the type needs.
    pub(crate) fn from_envelope(envelope: &Envelope, frame: Option<FrameSize>) -> Result<Self, Rejection> {
        let data = &envelope.data;
        match envelope.kind.as_str() {
            "hello" => Ok(Self::Hello(hello(data))),
            "ping" => Ok(Self::Ping {
                timestamp: scalar(data, "timestamp").or_else(|| envelope.timestamp.clone()),
                sequence: scalar(data, "sequence"),
            }),
            "request-offer" => offer_constraints(envelope),
            "answer" | "sdp" => answer(envelope),
            "ice-candidate" | "ice" => candidate(envelope),
            "get-stats" => Ok(Self::GetStats {
                groups: stats_groups(data),
            }),
            "protocol-negotiation" => Ok(Self::Negotiate(negotiate(data))),
            kind @ ("control-request" | "control-release" | "control-grant") => {
                LeaseRequest::read(kind, data)
                    .map(Self::Lease)
                    .ok_or_else(|| envelope.reject(ErrorCode::InvalidMessageData, "\"client_id\" is missing"))
            }
            "name" => PersonName::read(data).map(Self::Name).ok_or_else(|| {
                envelope.reject(
                    ErrorCode::InvalidMessageData,
                    "\"name\" must be a line of 1 to 64 bytes",
                )
            }),
            kind => match input::from_json(kind, data, frame) {
                Ok(events) => Ok(Self::Input(events)),
                Err(InputError::UnknownType) => Err(envelope.reject(
                    ErrorCode::InvalidMessageType,
                    format!("Unknown message type: {}", kind.escape_debug()),
                )),
                Err(error) => {
                    Err(envelope.reject(ErrorCode::InvalidMessageData, format!("The message is {error}")))
                }
            },
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

fn offer_constraints(envelope: &Envelope) -> Result<ClientMessage, Rejection> {
    let (items, length) = MAX_NAMES;
    let wanted = |name: &str, otherwise: bool| {
        let constraint = envelope
            .data
            .get("constraints")
            .and_then(|constraints| constraints.get(name));
        constraint.and_then(Value::as_bool).unwrap_or(otherwise)
    };
    let constraints = OfferConstraints {
        video: wanted("video", true),
        audio: wanted("audio", false),
        data_channel: wanted("data_channel", true),
        codec_preferences: fields::texts(&envelope.data, "codec_preferences", items, length),
    };
    if !(constraints.video || constraints.audio || constraints.data_channel) {
        return Err(envelope.reject(
            ErrorCode::InvalidMessageData,
            "An offer of neither video nor audio nor data_channel is none",
        ));
    }
    Ok(ClientMessage::RequestOffer(constraints))
}

/// Takes `data.sdp{type,sdp}`, `data.sdp` as a text, and `data{type,sdp}`.
fn answer(envelope: &Envelope) -> Result<ClientMessage, Rejection> {
    let description = Description::from_json(nested(&envelope.data, "sdp"))
        .map_err(|message| envelope.reject(ErrorCode::InvalidMessageData, message))?;
    match description.kind {
        SdpKind::Answer => Ok(ClientMessage::Answer { sdp: description.sdp }),
        SdpKind::Offer => Err(envelope.reject(
            ErrorCode::InvalidMessageData,
            "The host offers and the client answers: \"type\" must be \"answer\"",
        )),
    }
}

/// Takes `data.candidate{…}`, the same fields flat in `data`, and null, nothing or an empty text as the end.
fn candidate(envelope: &Envelope) -> Result<ClientMessage, Rejection> {
    IceCandidate::from_json(nested(&envelope.data, "candidate"))
        .map(ClientMessage::Candidate)
        .map_err(|message| envelope.reject(ErrorCode::InvalidMessageData, message))
}

/// `data[name]` if that is an object, else `data`.
fn nested<'a>(data: &'a Value, name: &str) -> &'a Value {
    data.get(name).filter(|inner| inner.is_object()).unwrap_or(data)
}

fn stats_groups(data: &Value) -> Vec<StatsGroup> {
    let (items, length) = MAX_NAMES;
    let names = fields::texts(data, "stats_type", items, length);
    if names.is_empty() {
        return StatsGroup::DEFAULT.to_vec();
    }
    let mut groups = Vec::new();
    for group in names.iter().filter_map(|name| StatsGroup::named(name)) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

fn negotiate(data: &Value) -> Negotiate {
    let (items, length) = MAX_NAMES;
    Negotiate {
        supported: fields::texts(data, "supported_protocols", items, length),
        preferred: fields::text(data, "preferred_protocol", length).map(str::to_owned),
        capabilities: data
            .get("client_capabilities")
            .is_some_and(Value::is_array)
            .then(|| fields::texts(data, "client_capabilities", items, length)),
    }
}

/// A value that may be echoed: a number, or a text that is not long.
fn scalar(data: &Value, name: &str) -> Option<Value> {
    let value = data.get(name)?;
    (value.is_number() || value.as_str().is_some_and(|text| text.len() <= 64)).then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(frame: &str) -> Result<ClientMessage, Rejection> {
        ClientMessage::from_envelope(&Envelope::parse(frame)?, None)
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

    #[test]
    fn stats_are_filtered_by_the_groups_that_are_known() {
        let groups = |data: &str| match read(&format!(r#"{{"type":"get-stats","data":{data}}}"#)) {
            Ok(ClientMessage::GetStats { groups }) => groups,
            other => panic!("{other:?}"),
        };
        assert_eq!(groups("null"), StatsGroup::DEFAULT);
        assert_eq!(groups(r#"{"stats_type":[]}"#), StatsGroup::DEFAULT);
        assert_eq!(
            groups(r#"{"stats_type":["system","gpu","system"]}"#),
            [StatsGroup::System]
        );
        assert_eq!(groups(r#"{"stats_type":["gpu"]}"#), []);
    }

    #[test]
    fn constraints_that_are_not_given_mean_a_silent_picture_with_input() {
        let Ok(ClientMessage::RequestOffer(wanted)) = read(r#"{"type":"request-offer"}"#) else {
            panic!("not a request")
        };
        assert_eq!(
            (wanted.video, wanted.audio, wanted.data_channel),
            (true, false, true)
        );
        let nothing =
            r#"{"type":"request-offer","data":{"constraints":{"video":false,"data_channel":false}}}"#;
        assert_eq!(read(nothing).unwrap_err().code, ErrorCode::InvalidMessageData);
    }

    #[test]
    fn what_was_typed_shows_neither_in_the_message_nor_in_the_refusal() {
        let frame = r#"{"type":"key-press","data":{"key":"hunter2","action":"down"}}"#;
        let envelope = Envelope::parse(frame).unwrap();
        assert!(!format!("{envelope:?} {:?}", read(frame)).contains("hunter2"));
        let frame = r#"{"type":"key-press","data":{"key":"hunter2","action":"hunter2"}}"#;
        assert!(!format!("{:?}", read(frame)).contains("hunter2"));
    }
}
