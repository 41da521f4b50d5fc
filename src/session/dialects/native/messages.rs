//! The messages of a native client.

use super::{DialectName, KEY, LOOK_ONLY, Native, Owed, add};
use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::ChannelLabel;
use crate::protocol::client::{ClientMessage, Negotiate, OfferConstraints};
use crate::protocol::description::SdpKind;
use crate::protocol::envelope::{Envelope, Rejection};
use crate::protocol::error::ErrorCode;
use crate::protocol::input::InputEvent;
use crate::protocol::role::Permission;
use crate::protocol::select::select;
use crate::protocol::selkies::{self, SelkiesText};
use crate::protocol::server::ServerMessage;
use crate::session::context::Context;
use crate::session::event::{Action, PeerRequest, StatsRequest};
use crate::session::negotiation::{MAX_WAITING_CANDIDATES, Negotiation, RemoteAnswer, RemoteCandidate};

impl Native {
    /// Takes `{sdp}` and `{ice}` without an envelope, which some clients send whatever was agreed on. `None`: the frame
    /// is something else.
    pub(super) fn bare(&mut self, frame: &str) -> Option<Result<Vec<Action>, Rejection>> {
        if !selkies::looks_like(frame) || !frame.starts_with('{') {
            return None;
        }
        let invalid = |message: String| Rejection::new(ErrorCode::InvalidMessageData, message);
        let description = match SelkiesText::parse(frame) {
            Ok(SelkiesText::Ice(candidate)) => {
                return Some(
                    self.candidate(candidate)
                        .map_err(|(code, message)| Rejection::new(code, message)),
                );
            }
            Ok(SelkiesText::Sdp(description)) => description,
            Ok(_) => return None,
            Err(message) => return Some(Err(invalid(message))),
        };
        Some(match (description.kind, self.negotiation.remote_answer()) {
            (SdpKind::Offer, _) => Err(invalid("The host offers and the client answers".to_owned())),
            (_, RemoteAnswer::Apply) => {
                self.owed = Owed::Nothing;
                Ok(vec![apply(description.sdp)])
            }
            (_, RemoteAnswer::Duplicate) => Ok(Vec::new()),
            (_, RemoteAnswer::Unexpected) => Err(Rejection::new(ErrorCode::PeerConnectionFailed, NO_OFFER)),
        })
    }

    /// Takes a frame with an envelope.
    pub(super) fn enveloped(
        &mut self,
        cx: &mut Context,
        frame: &str,
        now_ms: u64,
    ) -> Result<Vec<Action>, Rejection> {
        let envelope = Envelope::parse(frame)?;
        if let Some(peer_id) = &envelope.peer_id {
            self.peer_id = Some(peer_id.clone());
        }
        let id = envelope.id.clone();
        Ok(match ClientMessage::from_envelope(&envelope, cx.frame)? {
            ClientMessage::Hello(hello) => {
                self.note_capabilities(&hello.capabilities);
                self.hello = hello;
                Vec::new()
            }
            ClientMessage::Ping { timestamp, sequence } => {
                let pong = ServerMessage::Pong {
                    timestamp,
                    sequence,
                    message_count: cx.messages_received,
                };
                vec![cx.send(&pong, id, now_ms)]
            }
            ClientMessage::RequestOffer(constraints) => vec![self.request_offer(constraints, id)],
            ClientMessage::Answer { sdp } => match self.negotiation.remote_answer() {
                RemoteAnswer::Apply => {
                    self.owed = Owed::Response(id);
                    vec![apply(sdp)]
                }
                RemoteAnswer::Duplicate => vec![cx.send(&ServerMessage::AnswerAck, id, now_ms)],
                RemoteAnswer::Unexpected => {
                    return Err(envelope.reject(ErrorCode::PeerConnectionFailed, NO_OFFER));
                }
            },
            ClientMessage::Candidate(candidate) => self
                .candidate(candidate)
                .map_err(|(code, message)| envelope.reject(code, message))?,
            ClientMessage::Input(events) => self.input(cx, events, &envelope, now_ms)?,
            ClientMessage::GetStats { groups } => vec![Action::CollectStats {
                request: StatsRequest { groups, id },
            }],
            ClientMessage::Lease(_) if !cx.config.role.allows(Permission::Pointer) => {
                return Err(envelope.reject(ErrorCode::Forbidden, LOOK_ONLY));
            }
            ClientMessage::Lease(request) => vec![Action::ControlRequest(request)],
            ClientMessage::Name(name) => {
                self.is_named = true;
                vec![Action::Name(name)]
            }
            ClientMessage::Negotiate(wish) => vec![self.negotiate(cx, &wish, id, now_ms)],
        })
    }

    fn request_offer(&mut self, constraints: OfferConstraints, id: Option<String>) -> Action {
        self.negotiation = Negotiation::open(false);
        self.owed = Owed::Response(id);
        let codecs = if constraints.codec_preferences.is_empty() {
            self.hello.video_codecs.clone()
        } else {
            constraints.codec_preferences
        };
        let channel = match self.hello.capabilities.iter().any(|name| name == "dc-motion") {
            true => ChannelLabel::InputAndMotion,
            false => ChannelLabel::Input,
        };
        Action::OpenPeer {
            key: KEY,
            request: PeerRequest {
                codecs,
                video: constraints.video,
                audio: constraints.audio,
                allows_half_size: true,
                channel: constraints.data_channel.then_some(channel),
                remote_offer: None,
            },
        }
    }

    fn candidate(&mut self, candidate: IceCandidate) -> Result<Vec<Action>, (ErrorCode, String)> {
        match self.negotiation.remote_candidate(candidate) {
            RemoteCandidate::Add(candidate) => Ok(vec![add(candidate)]),
            RemoteCandidate::Nothing => Ok(Vec::new()),
            RemoteCandidate::TooMany => Err((
                ErrorCode::IceCandidateFailed,
                format!("More than {MAX_WAITING_CANDIDATES} candidates before the answer"),
            )),
            RemoteCandidate::Unexpected => Err((
                ErrorCode::PeerConnectionFailed,
                "There is no peer for this candidate".to_owned(),
            )),
        }
    }

    fn input(
        &mut self,
        cx: &Context,
        events: Vec<InputEvent>,
        envelope: &Envelope,
        now_ms: u64,
    ) -> Result<Vec<Action>, Rejection> {
        if !cx.rights.allows(Permission::Pointer) {
            if std::mem::replace(&mut self.is_refusal_sent, true) {
                return Ok(Vec::new());
            }
            return Err(envelope.reject(ErrorCode::Forbidden, LOOK_ONLY));
        }
        // A whole click does not show that the client releases buttons by itself.
        if let [event] = &events[..] {
            self.auto_release.note(event, now_ms);
        }
        Ok(events.into_iter().map(Action::Input).collect())
    }

    fn negotiate(&mut self, cx: &mut Context, wish: &Negotiate, id: Option<String>, now_ms: u64) -> Action {
        if let Some(capabilities) = &wish.capabilities {
            self.note_capabilities(capabilities);
        }
        let selected = select(wish, &cx.config.supported_protocols, &cx.config.default_protocol);
        self.sends_selkies = selected.protocol == DialectName::Selkies.name();
        cx.send(&ServerMessage::ProtocolSelected(selected), id, now_ms)
    }

    fn note_capabilities(&mut self, capabilities: &[String]) {
        if capabilities.iter().any(|name| name == "input-v2") {
            self.auto_release.switch_off();
        }
    }
}

fn apply(sdp: String) -> Action {
    Action::ApplyAnswer { key: KEY, sdp }
}

const NO_OFFER: &str = "There is no offer that this could answer";
