//! The native protocol: the events of the host and of the peer.

mod messages;

use std::sync::Arc;

use serde_json::json;

use super::dialect::Dialect;
use super::gstwebrtc_server::GstWebrtcServer;
use super::selkies_server::SelkiesServer;
use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::{HostMessage, SystemAction};
use crate::protocol::client::{ClientMessage, Hello};
use crate::protocol::description::{Description, SdpKind};
use crate::protocol::dialect::Dialect as DialectName;
use crate::protocol::envelope::{Envelope, Rejection};
use crate::protocol::error::ErrorCode;
use crate::protocol::gstwebrtc;
use crate::protocol::input::InputEvent;
use crate::protocol::lease::LeaseState;
use crate::protocol::people::Person;
use crate::protocol::role::Permission;
use crate::protocol::selkies::{self, SelkiesText};
use crate::protocol::server::ServerMessage;
use crate::protocol::stats::Stats;
use crate::session::auto_release::AutoRelease;
use crate::session::context::Context;
use crate::session::event::{Action, FailureKind, PeerEvent, PeerFailure, PeerKey, StatsRequest};
use crate::session::negotiation::Negotiation;

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
            relay: cx.config.relay.clone(),
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

fn add(candidate: IceCandidate) -> Action {
    Action::AddCandidate { key: KEY, candidate }
}

const LOOK_ONLY: &str = "This client may look and not act now";
/// The longest frame with a motion, in bytes.
const MAX_MOTION: usize = 512;
