//! Several peers over one gstwebrtc socket, in either role of the host: the frames about a session are the same.

use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::ChannelLabel;
use crate::protocol::description::{Description, SdpKind};
use crate::protocol::gstwebrtc::{FromPeer, PeerContent, PeerMessage};
use crate::session::event::{Action, PeerEvent, PeerKey, PeerRequest};
use crate::session::negotiation::{Negotiation, RemoteAnswer, RemoteCandidate};

/// The most sessions of one socket at a time.
pub(super) const MAX_SESSIONS: usize = 16;

/// The sessions that run.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    opened: u64,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    key: PeerKey,
    id: String,
    negotiation: Negotiation,
}

/// The consequence of a peer's event for its session.
pub(super) enum Outcome {
    /// Do this, if anything.
    Actions(Vec<Action>),
    /// The session is over, and is forgotten already.
    Over {
        id: String,
        reason: String,
        /// The peer, if it must still be closed.
        close: Option<PeerKey>,
    },
}

impl Sessions {
    /// True if no further session may start.
    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= MAX_SESSIONS
    }

    /// True if the session `id` runs.
    pub(super) fn has(&self, id: &str) -> bool {
        self.open.iter().any(|open| open.id == id)
    }

    /// A number that no earlier session of this socket had.
    pub(super) fn next_number(&self) -> u64 {
        self.opened + 1
    }

    /// Starts the session `id`. With an offer of the other side, the peer answers.
    pub(super) fn start(&mut self, id: String, remote_offer: Option<String>) -> Action {
        self.opened += 1;
        let key = PeerKey(self.opened);
        self.open.push(Open {
            key,
            id,
            negotiation: Negotiation::open(remote_offer.is_some()),
        });
        Action::OpenPeer {
            key,
            request: PeerRequest {
                codecs: Vec::new(),
                video: true,
                audio: true,
                allows_half_size: false,
                // The side that offers makes the channel.
                channel: remote_offer.is_none().then_some(ChannelLabel::Control),
                remote_offer,
            },
        }
    }

    /// Ends the session `id`, if it is there.
    pub(super) fn end(&mut self, id: &str) -> Option<Action> {
        let index = self.open.iter().position(|open| open.id == id)?;
        let key = self.open.remove(index).key;
        Some(Action::ClosePeer { key })
    }

    /// Takes a message of the other side about a session.
    pub(super) fn message(&mut self, message: PeerMessage) -> Result<Vec<Action>, String> {
        let PeerMessage { session_id, content } = message;
        let Some(open) = self.open.iter_mut().find(|open| open.id == session_id) else {
            let shown: String = session_id.chars().take(64).collect();
            return Err(format!("There is no session '{}'", shown.escape_debug()));
        };
        let key = open.key;
        match content {
            PeerContent::Sdp(Description {
                kind: SdpKind::Answer,
                sdp,
            }) => match open.negotiation.remote_answer() {
                RemoteAnswer::Apply => Ok(vec![Action::ApplyAnswer { key, sdp }]),
                RemoteAnswer::Duplicate => Ok(Vec::new()),
                RemoteAnswer::Unexpected => Err("There is no offer that this could answer".to_owned()),
            },
            PeerContent::Sdp(_) => Err("An offer comes with startSession, and only once".to_owned()),
            PeerContent::Ice(candidate) => match open.negotiation.remote_candidate(candidate) {
                RemoteCandidate::Add(candidate) => Ok(vec![Action::AddCandidate { key, candidate }]),
                RemoteCandidate::Nothing => Ok(Vec::new()),
                RemoteCandidate::TooMany => Err("Too many candidates before the description".to_owned()),
                RemoteCandidate::Unexpected => Err("There is no peer for this candidate".to_owned()),
            },
        }
    }

    /// Takes news of a peer.
    pub(super) fn peer(&mut self, key: PeerKey, event: PeerEvent) -> Outcome {
        let nothing = Outcome::Actions(Vec::new());
        let mut numbered = self.open.iter_mut().enumerate();
        let Some((index, Open { id, negotiation, .. })) = numbered.find(|(_, open)| open.key == key) else {
            return nothing;
        };
        let frame = |content| {
            let session_id = id.clone();
            Action::Send(FromPeer::Peer(PeerMessage { session_id, content }).encode())
        };
        let add = |candidate: IceCandidate| Action::AddCandidate { key, candidate };
        let description = |kind, sdp| frame(PeerContent::Sdp(Description { kind, sdp }));
        match event {
            PeerEvent::Offered(sdp) if negotiation.offered() => {
                Outcome::Actions(vec![description(SdpKind::Offer, sdp)])
            }
            PeerEvent::Answered(sdp) => match negotiation.answered() {
                Some(waiting) => {
                    let answer = description(SdpKind::Answer, sdp);
                    Outcome::Actions(
                        std::iter::once(answer)
                            .chain(waiting.into_iter().map(add))
                            .collect(),
                    )
                }
                None => nothing,
            },
            PeerEvent::LocalCandidate(candidate) if negotiation.takes_local_candidates() => {
                Outcome::Actions(vec![frame(PeerContent::Ice(candidate))])
            }
            PeerEvent::AnswerApplied => Outcome::Actions(
                negotiation
                    .applied()
                    .unwrap_or_default()
                    .into_iter()
                    .map(add)
                    .collect(),
            ),
            PeerEvent::AnswerRefused(reason) if negotiation.refused() => self.over(index, reason, Some(key)),
            PeerEvent::Failed(failure) => self.over(index, failure.reason, None),
            _ => nothing,
        }
    }

    fn over(&mut self, index: usize, reason: String, close: Option<PeerKey>) -> Outcome {
        let id = self.open.remove(index).id;
        Outcome::Over { id, reason, close }
    }
}
