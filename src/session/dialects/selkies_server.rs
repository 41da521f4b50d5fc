//! A client of Selkies or of the gst-examples: it says hello and is offered to, or calls and offers.

use super::dialect::Dialect;
use super::selkies_peer::{self, Outcome, add};
use crate::protocol::channel::{ChannelLabel, HostMessage};
use crate::protocol::description::{Description, SdpKind};
use crate::protocol::dialect::Dialect as DialectName;
use crate::protocol::envelope::Rejection;
use crate::protocol::selkies::SelkiesText;
use crate::session::context::Context;
use crate::session::event::{Action, PeerEvent, PeerKey, PeerRequest};
use crate::session::negotiation::{Negotiation, RemoteAnswer, RemoteCandidate};

const KEY: PeerKey = PeerKey::ONLY;
/// The uid by which the page of Selkies registers for the video.
const VIDEO_UID: &str = "1";
/// The uid by which the page of Selkies registers for the sound, on a second socket.
const AUDIO_UID: &str = "3";

/// One client.
#[derive(Debug, Default)]
pub(in crate::session) struct SelkiesServer {
    registration: Registration,
    negotiation: Negotiation,
}

#[derive(Debug, Default)]
enum Registration {
    /// The client owes a hello.
    #[default]
    Awaited,
    /// The client has given its uid.
    Done {
        uid: String,
        /// True if the client is in a room.
        in_room: bool,
    },
}

impl SelkiesServer {
    /// A client that sends a description without having said hello.
    pub(super) fn registered() -> Self {
        Self {
            registration: Registration::Done {
                uid: String::new(),
                in_room: false,
            },
            ..Self::default()
        }
    }

    fn uid(&self) -> Option<&str> {
        match &self.registration {
            Registration::Done { uid, .. } => Some(uid),
            Registration::Awaited => None,
        }
    }

    fn hello(&mut self, cx: &mut Context, frame: &str) -> Vec<Action> {
        match SelkiesText::parse_hello(frame) {
            Ok(uid) => {
                let open = self.open(&uid, None);
                self.registration = Registration::Done { uid, in_room: false };
                vec![Action::Send(SelkiesText::HelloAccepted.encode()), open]
            }
            Err(wrong) => {
                cx.errors += 1;
                vec![Action::Close {
                    code: 1002,
                    reason: wrong.reason().to_owned(),
                }]
            }
        }
    }

    fn registered_text(&mut self, text: SelkiesText) -> Result<Vec<Action>, String> {
        let uid = self.uid().unwrap_or_default().to_owned();
        match text {
            SelkiesText::Sdp(Description {
                kind: SdpKind::Answer,
                sdp,
            }) => match self.negotiation.remote_answer() {
                RemoteAnswer::Apply => Ok(vec![Action::ApplyAnswer { key: KEY, sdp }]),
                RemoteAnswer::Duplicate => Ok(Vec::new()),
                RemoteAnswer::Unexpected => Err("there is no offer that this could answer".to_owned()),
            },
            SelkiesText::Sdp(Description {
                kind: SdpKind::Offer,
                sdp,
            }) => Ok(vec![self.open(&uid, Some(sdp))]),
            SelkiesText::Ice(candidate) => match self.negotiation.remote_candidate(candidate) {
                RemoteCandidate::Add(candidate) => Ok(vec![add(candidate)]),
                RemoteCandidate::Nothing => Ok(Vec::new()),
                RemoteCandidate::TooMany => Err("too many candidates before the description".to_owned()),
                RemoteCandidate::Unexpected => Err("there is no peer for this candidate".to_owned()),
            },
            // Every call reaches the host.
            SelkiesText::Session { .. } => Ok(vec![Action::Send(SelkiesText::SessionOk.encode())]),
            SelkiesText::OfferRequest if matches!(self.negotiation, Negotiation::Offering) => Ok(Vec::new()),
            SelkiesText::OfferRequest => Ok(vec![self.open(&uid, None)]),
            SelkiesText::Error(reason) => Ok(vec![Action::Note(reason)]),
            text => self.room(text),
        }
    }

    /// Answers as a server whose rooms are empty.
    fn room(&mut self, text: SelkiesText) -> Result<Vec<Action>, String> {
        let Registration::Done { in_room, .. } = &mut self.registration else {
            return Err("invalid msg".to_owned());
        };
        match text {
            SelkiesText::Room { .. } if *in_room => Err("invalid msg, already in room".to_owned()),
            SelkiesText::Room { .. } => {
                *in_room = true;
                let alone = SelkiesText::RoomOk { uids: Vec::new() };
                Ok(vec![Action::Send(alone.encode())])
            }
            SelkiesText::RoomList if *in_room => Ok(vec![Action::Send(SelkiesText::RoomList.encode())]),
            SelkiesText::RoomMessage { uid } if *in_room => Err(format!("peer '{uid}' is not in the room")),
            _ => Err("invalid msg".to_owned()),
        }
    }

    fn open(&mut self, uid: &str, remote_offer: Option<String>) -> Action {
        self.negotiation = Negotiation::open(remote_offer.is_some());
        let channel = (uid != AUDIO_UID && remote_offer.is_none()).then_some(ChannelLabel::Input);
        Action::OpenPeer {
            key: KEY,
            request: PeerRequest {
                codecs: Vec::new(),
                video: uid != AUDIO_UID,
                audio: uid != VIDEO_UID,
                allows_half_size: false,
                channel,
                remote_offer,
            },
        }
    }

    /// The client connects again by itself.
    fn give_up(&mut self, cx: &mut Context, reason: String) -> Vec<Action> {
        self.negotiation = Negotiation::Idle;
        vec![
            error(cx, reason),
            Action::Close {
                code: 1011,
                reason: "the stream has failed".to_owned(),
            },
        ]
    }
}

impl Dialect for SelkiesServer {
    fn name(&self) -> DialectName {
        DialectName::Selkies
    }

    fn text(&mut self, cx: &mut Context, frame: &str, _now_ms: u64) -> Vec<Action> {
        if matches!(self.registration, Registration::Awaited) {
            return self.hello(cx, frame);
        }
        let done = SelkiesText::parse(frame).and_then(|text| self.registered_text(text));
        done.unwrap_or_else(|reason| vec![error(cx, reason)])
    }

    fn peer(&mut self, cx: &mut Context, _key: PeerKey, event: PeerEvent, _now_ms: u64) -> Vec<Action> {
        match selkies_peer::follow(&mut self.negotiation, event) {
            Outcome::Act(actions) => actions,
            Outcome::GiveUp(reason) => self.give_up(cx, reason),
        }
    }

    fn reject(&self, cx: &mut Context, rejection: Rejection, _now_ms: u64) -> Action {
        error(cx, rejection.message)
    }

    fn peer_id(&self) -> Option<&str> {
        self.uid()
    }

    fn knows(&self, message: &HostMessage) -> bool {
        selkies_peer::knows(message)
    }
}

/// The message that something cannot be done.
fn error(cx: &mut Context, reason: String) -> Action {
    cx.errors += 1;
    Action::Send(SelkiesText::Error(reason).encode())
}
