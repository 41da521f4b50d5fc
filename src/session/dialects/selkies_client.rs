//! The host as a peer at a server of the gst-examples or of Selkies elsewhere: it calls a peer, or waits to be called.

use super::dialect::Dialect;
use super::selkies_peer::{self, Outcome, add};
use crate::protocol::channel::{ChannelLabel, HostMessage};
use crate::protocol::description::{Description, SdpKind};
use crate::protocol::dialect::Dialect as DialectName;
use crate::protocol::envelope::Rejection;
use crate::protocol::selkies::SelkiesText;
use crate::session::context::Context;
use crate::session::event::{Action, PeerEvent, PeerKey, PeerRequest};
use crate::session::excerpt::excerpt;
use crate::session::negotiation::{Negotiation, RemoteAnswer, RemoteCandidate};

const KEY: PeerKey = PeerKey::ONLY;
/// The pause before a peer that was absent or busy is called again, in milliseconds.
const RETRY_MS: u64 = 2_000;

/// The registration, and the one session that it can have.
#[derive(Debug)]
pub(in crate::session) struct SelkiesClient {
    /// The peer to call. `None`: wait for a call.
    callee: Option<String>,
    state: State,
    negotiation: Negotiation,
}

#[derive(Debug)]
enum State {
    /// The server owes its hello.
    Greeting,
    /// The server owes its response to the call.
    Calling,
    /// The callee is not there, or busy.
    CallAgainAt { ms: u64 },
    /// Another peer may call.
    Waiting,
    /// Connected with the other peer.
    Talking,
}

impl SelkiesClient {
    /// The machine, and the frame to send first.
    pub(in crate::session) fn new(uid: &str, callee: Option<String>) -> (Self, Action) {
        let hello = SelkiesText::Hello { uid: uid.to_owned() };
        let client = Self {
            callee,
            state: State::Greeting,
            negotiation: Negotiation::Idle,
        };
        (client, Action::Send(hello.encode()))
    }

    /// True if a partner's frames can arrive: the server relays them without naming the caller.
    fn is_reachable(&self) -> bool {
        matches!(self.state, State::Waiting | State::Talking)
    }

    fn call(&mut self) -> Vec<Action> {
        let Some(uid) = self.callee.clone() else {
            self.state = State::Waiting;
            return Vec::new();
        };
        self.state = State::Calling;
        vec![Action::Send(SelkiesText::Session { uid }.encode())]
    }

    fn description(&mut self, description: Description) -> Vec<Action> {
        let Description { kind, sdp } = description;
        match kind {
            SdpKind::Offer => vec![self.open(Some(sdp))],
            SdpKind::Answer => match self.negotiation.remote_answer() {
                RemoteAnswer::Apply => vec![Action::ApplyAnswer { key: KEY, sdp }],
                RemoteAnswer::Duplicate => Vec::new(),
                RemoteAnswer::Unexpected => vec![Action::Note("an answer came to no offer".to_owned())],
            },
        }
    }

    fn open(&mut self, remote_offer: Option<String>) -> Action {
        self.negotiation = Negotiation::open(remote_offer.is_some());
        Action::OpenPeer {
            key: KEY,
            request: PeerRequest {
                codecs: Vec::new(),
                video: true,
                audio: true,
                allows_half_size: false,
                channel: remote_offer.is_none().then_some(ChannelLabel::Input),
                remote_offer,
            },
        }
    }

    /// Leaving is the only way to end a session of this protocol; the owner connects again.
    fn give_up(&mut self, reason: String) -> Vec<Action> {
        self.negotiation = Negotiation::Idle;
        vec![
            Action::Note(reason),
            Action::Close {
                code: 1000,
                reason: "the stream has failed".to_owned(),
            },
        ]
    }
}

impl Dialect for SelkiesClient {
    fn name(&self) -> DialectName {
        DialectName::Selkies
    }

    fn deadline_ms(&self, _cx: &Context) -> Option<u64> {
        match self.state {
            State::CallAgainAt { ms } => Some(ms),
            _ => None,
        }
    }

    fn tick(&mut self, _cx: &mut Context, now_ms: u64) -> Vec<Action> {
        match self.state {
            State::CallAgainAt { ms } if ms <= now_ms => self.call(),
            _ => Vec::new(),
        }
    }

    fn text(&mut self, _cx: &mut Context, frame: &str, now_ms: u64) -> Vec<Action> {
        let text = match SelkiesText::parse(frame) {
            Ok(text) => text,
            Err(why) => {
                return vec![Action::Note(format!(
                    "a message of the server was not understood: {why}"
                ))];
            }
        };
        match text {
            SelkiesText::HelloAccepted if matches!(self.state, State::Greeting) => self.call(),
            SelkiesText::SessionOk if matches!(self.state, State::Calling) => {
                self.state = State::Talking;
                vec![self.open(None)]
            }
            SelkiesText::OfferRequest if self.is_reachable() => {
                self.state = State::Talking;
                vec![self.open(None)]
            }
            SelkiesText::Sdp(description) if self.is_reachable() => {
                self.state = State::Talking;
                self.description(description)
            }
            SelkiesText::Ice(candidate) => match self.negotiation.remote_candidate(candidate) {
                RemoteCandidate::Add(candidate) => vec![add(candidate)],
                RemoteCandidate::Nothing => Vec::new(),
                RemoteCandidate::TooMany | RemoteCandidate::Unexpected => {
                    vec![Action::Note("a candidate came that no peer can take".to_owned())]
                }
            },
            SelkiesText::Error(reason) => {
                if matches!(self.state, State::Calling) {
                    self.state = State::CallAgainAt {
                        ms: now_ms.saturating_add(RETRY_MS),
                    };
                }
                vec![Action::Note(format!(
                    "the server complains: {}",
                    excerpt(&reason)
                ))]
            }
            _ => vec![Action::Note("the server says what was not expected".to_owned())],
        }
    }

    fn peer(&mut self, _cx: &mut Context, _key: PeerKey, event: PeerEvent, _now_ms: u64) -> Vec<Action> {
        match selkies_peer::follow(&mut self.negotiation, event) {
            Outcome::Act(actions) => actions,
            Outcome::GiveUp(reason) => self.give_up(reason),
        }
    }

    fn reject(&self, _cx: &mut Context, rejection: Rejection, _now_ms: u64) -> Action {
        Action::Note(rejection.message)
    }

    fn is_outbound(&self) -> bool {
        true
    }

    fn knows(&self, message: &HostMessage) -> bool {
        selkies_peer::knows(message)
    }
}
