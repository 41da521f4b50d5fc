//! The native protocol.

use std::sync::Arc;

use serde_json::json;

use super::{Dialect, DialectName, GstWebrtcServer, SelkiesServer};
use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::{ChannelLabel, HostMessage, SystemAction};
use crate::protocol::client::{ClientMessage, Hello, Negotiate, OfferConstraints};
use crate::protocol::description::{Description, SdpKind};
use crate::protocol::envelope::{Envelope, Rejection};
use crate::protocol::error::ErrorCode;
use crate::protocol::gstwebrtc;
use crate::protocol::input::InputEvent;
use crate::protocol::lease::LeaseState;
use crate::protocol::people::Person;
use crate::protocol::role::Permission;
use crate::protocol::select::select;
use crate::protocol::selkies::{self, SelkiesText};
use crate::protocol::server::ServerMessage;
use crate::protocol::stats::Stats;
use crate::session::auto_release::AutoRelease;
use crate::session::context::Context;
use crate::session::event::{
    Action, FailureKind, PeerEvent, PeerFailure, PeerKey, PeerRequest, StatsRequest,
};
use crate::session::negotiation::{MAX_WAITING_CANDIDATES, Negotiation, RemoteAnswer, RemoteCandidate};

const KEY: PeerKey = PeerKey::ONLY;

/// One client.
#[derive(Debug, Default)]
pub(in crate::session) struct Native {
    negotiation: Negotiation,
    owed: Owed,
    hello: Hello,
    peer_id: Option<String>,
    /// Descriptions and candidates go out in the format of Selkies.
    sends_selkies: bool,
    auto_release: AutoRelease,
    /// The client was told that it may not act, since its control changed last.
    is_refusal_sent: bool,
    /// The client has given its name, and is told who is connected.
    is_named: bool,
    /// The newest motion that came too fast.
    late_motion: Option<InputEvent>,
}

/// The response that the client waits for while a peer works.
#[derive(Debug, Default)]
enum Owed {
    /// None.
    #[default]
    Nothing,
    /// One to the request of this id, if it had one.
    Response(Option<String>),
}

impl Native {
    /// The first message.
    pub(in crate::session) fn welcome(cx: &mut Context, now_ms: u64) -> Action {
        let welcome = ServerMessage::Welcome {
            app_name: cx.app_name.clone(),
            heartbeat_interval_ms: cx.config.heartbeat_interval_ms,
            max_message_size: cx.config.max_message_size,
            ice_servers: cx.config.ice_servers.clone(),
            role: cx.config.role,
            policy: cx.config.policy,
            client: cx.config.client.clone(),
        };
        cx.send(&welcome, None, now_ms)
    }

    /// True if the client was told to speak Selkies and has not begun.
    fn expects_selkies(&self) -> bool {
        self.sends_selkies && self.negotiation.is_idle()
    }

    /// `{sdp}` and `{ice}` without an envelope, which some clients send whatever was agreed on.
    fn bare(&mut self, frame: &str) -> Option<Result<Vec<Action>, Rejection>> {
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

    fn enveloped(&mut self, cx: &mut Context, frame: &str, now_ms: u64) -> Result<Vec<Action>, Rejection> {
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

    fn offered(&mut self, cx: &mut Context, sdp: String, now_ms: u64) -> Vec<Action> {
        if !self.negotiation.offered() {
            return Vec::new();
        }
        if self.sends_selkies {
            self.owed = Owed::Nothing;
            let kind = SdpKind::Offer;
            return vec![Action::Send(SelkiesText::Sdp(Description { kind, sdp }).encode())];
        }
        let ice_servers = cx.config.ice_servers.clone();
        let offer = ServerMessage::Offer { sdp, ice_servers };
        self.respond(|id| cx.send(&offer, id, now_ms))
            .into_iter()
            .collect()
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

    /// The response that is owed, if one is.
    fn respond(&mut self, send: impl FnOnce(Option<String>) -> Action) -> Option<Action> {
        match std::mem::take(&mut self.owed) {
            Owed::Nothing => None,
            Owed::Response(id) => Some(send(id)),
        }
    }

    /// Rejects the request whose response is owed, if one is.
    fn fail(&mut self, cx: &mut Context, rejection: Rejection, now_ms: u64) -> Action {
        let id = match std::mem::take(&mut self.owed) {
            Owed::Nothing => None,
            Owed::Response(id) => id,
        };
        cx.reject(Rejection { id, ..rejection }, now_ms)
    }
}

impl Dialect for Native {
    fn name(&self) -> DialectName {
        DialectName::Native
    }

    fn text(&mut self, cx: &mut Context, frame: &str, now_ms: u64) -> Vec<Action> {
        let late = self.late_motion.take().map(Action::Input);
        let understood = self
            .bare(frame)
            .unwrap_or_else(|| self.enveloped(cx, frame, now_ms));
        let actions = understood.unwrap_or_else(|rejection| vec![cx.reject(rejection, now_ms)]);
        late.into_iter().chain(actions).collect()
    }

    fn peer(&mut self, cx: &mut Context, _key: PeerKey, event: PeerEvent, now_ms: u64) -> Vec<Action> {
        match event {
            PeerEvent::Offered(sdp) => self.offered(cx, sdp, now_ms),
            PeerEvent::LocalCandidate(candidate) if self.negotiation.takes_local_candidates() => {
                vec![if self.sends_selkies {
                    Action::Send(SelkiesText::Ice(candidate).encode())
                } else {
                    cx.send(&ServerMessage::Candidate(candidate), None, now_ms)
                }]
            }
            PeerEvent::AnswerApplied => {
                let Some(waiting) = self.negotiation.applied() else {
                    return Vec::new();
                };
                let ack = self.respond(|id| cx.send(&ServerMessage::AnswerAck, id, now_ms));
                ack.into_iter().chain(waiting.into_iter().map(add)).collect()
            }
            PeerEvent::AnswerRefused(reason) if self.negotiation.refused() => {
                let rejection = Rejection::new(ErrorCode::SdpProcessingFailed, reason);
                vec![self.fail(cx, rejection, now_ms)]
            }
            PeerEvent::Failed(failure) if !self.negotiation.is_idle() => {
                self.negotiation = Negotiation::Idle;
                vec![self.fail(cx, rejection_of(failure), now_ms)]
            }
            _ => Vec::new(),
        }
    }

    fn reject(&self, cx: &mut Context, rejection: Rejection, now_ms: u64) -> Action {
        cx.reject(rejection, now_ms)
    }

    /// A client may turn out to speak another dialect by its first frame, or after it was told to.
    fn switch(&self, cx: &Context, frame: &str) -> Option<Box<dyn Dialect>> {
        let is_first = cx.messages_received == 1;
        if (is_first || self.expects_selkies() && frame.starts_with("HELLO"))
            && cx.config.supports(DialectName::Selkies)
            && selkies::looks_like(frame)
        {
            return Some(Box::new(if frame.starts_with('{') {
                SelkiesServer::registered()
            } else {
                SelkiesServer::default()
            }));
        }
        let is_gstwebrtc =
            is_first && cx.config.supports(DialectName::GstWebrtc) && gstwebrtc::looks_like(frame);
        is_gstwebrtc.then(|| Box::<GstWebrtcServer>::default() as Box<dyn Dialect>)
    }

    /// Keeps a motion, which replaces the one before it.
    fn keep(&mut self, cx: &Context, frame: &str) -> Result<(), Option<String>> {
        if frame.len() > MAX_MOTION {
            return Err(None);
        }
        let envelope = Envelope::parse(frame).map_err(|rejection| rejection.id)?;
        match ClientMessage::from_envelope(&envelope, cx.frame) {
            Ok(ClientMessage::Input(mut events))
                if matches!(
                    events[..],
                    [InputEvent::Motion { .. } | InputEvent::RelativeMotion { .. }]
                ) =>
            {
                if cx.rights.allows(Permission::Pointer) {
                    self.late_motion = events.pop();
                }
                Ok(())
            }
            _ => Err(envelope.id),
        }
    }

    fn deadline_ms(&self, cx: &Context) -> Option<u64> {
        let motion = self.late_motion.is_some().then(|| cx.bucket.ready_at_ms());
        self.auto_release.deadline_ms().into_iter().chain(motion).min()
    }

    fn tick(&mut self, cx: &mut Context, now_ms: u64) -> Vec<Action> {
        let mut events = self.auto_release.due(now_ms);
        if self.late_motion.is_some() && cx.bucket.take(now_ms) {
            events.extend(self.late_motion.take());
        }
        events.into_iter().map(Action::Input).collect()
    }

    fn stats(&self, cx: &mut Context, request: StatsRequest, stats: Stats, now_ms: u64) -> Option<Action> {
        Some(cx.send(&ServerMessage::Stats(stats), request.id, now_ms))
    }

    fn lease(&self, cx: &mut Context, state: LeaseState, now_ms: u64) -> Option<Action> {
        Some(cx.send(&ServerMessage::ControlState(state), None, now_ms))
    }

    /// Only clients that have given their name are told.
    fn people(&self, cx: &mut Context, people: Arc<[Person]>, now_ms: u64) -> Option<Action> {
        self.is_named
            .then(|| cx.send(&ServerMessage::People(people), None, now_ms))
    }

    fn control(&mut self, granted: bool) -> Vec<Action> {
        self.is_refusal_sent = false;
        if granted {
            return Vec::new();
        }
        self.late_motion = None;
        self.auto_release.note(&InputEvent::ReleaseAll, 0);
        vec![Action::Input(InputEvent::ReleaseAll)]
    }

    /// A client is told once, until its control changes.
    fn refused(&mut self, cx: &mut Context, now_ms: u64) -> Option<Action> {
        let is_first = !std::mem::replace(&mut self.is_refusal_sent, true);
        is_first.then(|| cx.reject(Rejection::new(ErrorCode::Forbidden, LOOK_ONLY), now_ms))
    }

    fn peer_id(&self) -> Option<&str> {
        self.peer_id.as_deref()
    }

    fn hello(&self) -> Option<&Hello> {
        Some(&self.hello)
    }

    /// The settings of the stream are words of Selkies, but for the size of the desktop.
    fn knows(&self, message: &HostMessage) -> bool {
        match message {
            HostMessage::System(action) => matches!(action, SystemAction::Resolution(..)),
            _ => true,
        }
    }
}

fn rejection_of(PeerFailure { reason, kind }: PeerFailure) -> Rejection {
    match kind {
        FailureKind::NoCommonCodec { offered } => Rejection {
            details: Some(json!({ "codecs": offered })),
            ..Rejection::new(ErrorCode::OfferCreationFailed, reason)
        },
        FailureKind::Other => Rejection::new(ErrorCode::PeerConnectionFailed, reason),
    }
}

fn apply(sdp: String) -> Action {
    Action::ApplyAnswer { key: KEY, sdp }
}

fn add(candidate: IceCandidate) -> Action {
    Action::AddCandidate { key: KEY, candidate }
}

const LOOK_ONLY: &str = "This client may look and not act now";
const NO_OFFER: &str = "There is no offer that this could answer";
/// The longest frame with a motion, in bytes.
const MAX_MOTION: usize = 512;
