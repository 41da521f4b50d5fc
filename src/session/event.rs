//! The events that go into a session, and the actions that come out.

use std::sync::Arc;

use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::ChannelLabel;
use crate::protocol::input::{FrameSize, InputEvent};
use crate::protocol::lease::{LeaseRequest, LeaseState};
use crate::protocol::people::{Person, PersonName};
use crate::protocol::stats::{Stats, StatsGroup};

/// One peer of a session. Dialects with one peer at a time always use [`PeerKey::ONLY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PeerKey(pub(super) u64);

impl PeerKey {
    /// The peer of a socket that never has two.
    pub(crate) const ONLY: Self = Self(0);
}

/// An event for the session.
pub(crate) enum Event<'a> {
    /// A text frame came.
    Text(&'a str),
    /// A binary frame came.
    Binary,
    /// The other side has answered a WebSocket ping: it is alive, though it sends nothing.
    Alive,
    /// The time of [`super::Session::next_deadline`] has come. Harmless at any other time.
    Tick,
    /// Something happened to this peer.
    Peer(PeerKey, PeerEvent),
    /// The numbers of an [`Action::CollectStats`].
    Stats {
        /// The request of the action.
        request: StatsRequest,
        /// The numbers.
        stats: Stats,
    },
    /// The client has gained or lost the control, which it has at first. Its role limits it all the same.
    Control {
        /// True if it has the control.
        granted: bool,
    },
    /// The control has changed hands, or is asked for.
    Lease(LeaseState),
    /// A viewer has come or left, or has another name.
    People(Arc<[Person]>),
    /// The client lacks the permission for something that it wanted to do on a data channel.
    Refused,
    /// The captured frame has this size now.
    FrameSize(FrameSize),
    /// Too much waits to be sent to the client.
    SendQueueFull,
}

/// An event of one peer.
pub(crate) enum PeerEvent {
    /// The peer has made its offer: the session description.
    Offered(String),
    /// The peer has made its answer to the client's offer: the session description.
    Answered(String),
    /// The peer has found one of its candidates, or all of them.
    LocalCandidate(IceCandidate),
    /// The peer has applied the client's answer.
    AnswerApplied,
    /// The peer could not apply the client's answer, and waits for another one. The reason is a sentence for the
    /// client's author.
    AnswerRefused(String),
    /// The peer could not be made, or has failed, and is gone.
    Failed(PeerFailure),
}

/// The end of a peer by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerFailure {
    /// A sentence for a person.
    pub reason: String,
    /// The kind, for programs.
    pub kind: FailureKind,
}

/// The kind of a peer's failure, as far as clients act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The client decodes nothing that the host encodes.
    NoCommonCodec {
        /// The codecs of the host by their names in SDP, the preferred first.
        offered: Vec<String>,
    },
    /// Anything else.
    Other,
}

impl PeerFailure {
    /// A failure of no special kind.
    pub(crate) fn other(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            kind: FailureKind::Other,
        }
    }
}

/// An action for the owner of the session.
#[derive(Debug, PartialEq)]
pub(crate) enum Action {
    /// Send this text frame.
    Send(String),
    /// Close the peer of this key if there is one, and make a new one.
    OpenPeer {
        /// The key of the new peer.
        key: PeerKey,
        /// The kind of peer.
        request: PeerRequest,
    },
    /// Close this peer. No event of it is wanted any more.
    ClosePeer {
        /// The key of the peer.
        key: PeerKey,
    },
    /// Apply the client's answer; the outcome comes by [`PeerEvent::AnswerApplied`] or [`PeerEvent::AnswerRefused`].
    ApplyAnswer {
        /// The key of the peer.
        key: PeerKey,
        /// The session description.
        sdp: String,
    },
    /// Give the client's candidate to the peer.
    AddCandidate {
        /// The key of the peer.
        key: PeerKey,
        /// The candidate.
        candidate: IceCandidate,
    },
    /// Measure the groups of the request; the numbers come by [`Event::Stats`].
    CollectStats {
        /// To be handed back.
        request: StatsRequest,
    },
    /// The client wants the control, or to give it away; the outcome comes by [`Event::Lease`].
    ControlRequest(LeaseRequest),
    /// The client gives itself this name; the new list comes by [`Event::People`].
    Name(PersonName),
    /// The client has sent input over the signaling socket.
    Input(InputEvent),
    /// A note for the log: the complaint of a server that the host has called.
    Note(String),
    /// Close the socket with this code (RFC 6455 section 7.4), and all peers. The session takes nothing more.
    Close {
        /// The code.
        code: u16,
        /// A short reason.
        reason: String,
    },
}

/// The kind of peer that a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerRequest {
    /// The codecs that the client can decode, by their names in SDP, best first. Empty: any.
    pub codecs: Vec<String>,
    /// True if it sends the video.
    pub video: bool,
    /// True if it sends the sound. A peer that is to send nothing else sends silence where there is no sound.
    pub audio: bool,
    /// True if the video may come in half its size: the client's coordinates refer to the size of the desktop.
    pub allows_half_size: bool,
    /// The data channel that the peer makes.
    pub channel: Option<ChannelLabel>,
    /// The client's offer: the peer answers it ([`PeerEvent::Answered`]), and takes the channel that the client makes.
    /// `None`: the peer offers ([`PeerEvent::Offered`]).
    pub remote_offer: Option<String>,
}

/// A client's request for numbers, to be handed back with them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StatsRequest {
    /// The groups of numbers.
    pub groups: Vec<StatsGroup>,
    pub(super) id: Option<String>,
}

impl std::fmt::Debug for Event<'_> {
    /// Without the frame, which may hold a viewer's typing, and without descriptions and numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(frame) => write!(f, "Text({} bytes)", frame.len()),
            Self::Binary => f.write_str("Binary"),
            Self::Alive => f.write_str("Alive"),
            Self::Tick => f.write_str("Tick"),
            Self::Peer(key, event) => write!(f, "Peer({key:?}, {event:?})"),
            Self::Stats { request, .. } => write!(f, "Stats({:?})", request.groups),
            Self::Control { granted } => write!(f, "Control({granted})"),
            Self::Lease(state) => write!(f, "{state:?}"),
            Self::People(people) => write!(f, "People({})", people.len()),
            Self::Refused => f.write_str("Refused"),
            Self::FrameSize(size) => write!(f, "{size:?}"),
            Self::SendQueueFull => f.write_str("SendQueueFull"),
        }
    }
}

impl std::fmt::Debug for PeerEvent {
    /// Without descriptions and candidates.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Offered(_) => f.write_str("Offered"),
            Self::Answered(_) => f.write_str("Answered"),
            Self::LocalCandidate(_) => f.write_str("LocalCandidate"),
            Self::AnswerApplied => f.write_str("AnswerApplied"),
            Self::AnswerRefused(reason) => write!(f, "AnswerRefused({reason})"),
            Self::Failed(failure) => write!(f, "Failed({})", failure.reason),
        }
    }
}
