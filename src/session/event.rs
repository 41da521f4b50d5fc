//! What goes into a session and what comes out.

use std::sync::Arc;

use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::ChannelLabel;
use crate::protocol::input::{FrameSize, InputEvent};
use crate::protocol::lease::{LeaseRequest, LeaseState};
use crate::protocol::people::{Person, PersonName};
use crate::protocol::stats::{Stats, StatsGroup};

/// One peer of a session. Dialects with one peer at a time always use [`PeerKey::ONLY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey(pub(super) u64);

impl PeerKey {
    /// The peer of a socket that never has two.
    pub const ONLY: Self = Self(0);
}

/// What happened.
#[non_exhaustive]
pub enum Event<'a> {
    /// A text frame came.
    Text(&'a str),
    /// A binary frame came.
    Binary,
    /// The other side has answered a WebSocket ping: it lives, though it says nothing.
    Alive,
    /// The time of [`super::Session::next_deadline`] has come. Harmless at any other time.
    Tick,
    /// Something happened to this peer.
    Peer(PeerKey, PeerEvent),
    /// The numbers of an [`Action::CollectStats`].
    Stats {
        /// The action's.
        request: StatsRequest,
        /// What was measured.
        stats: Stats,
    },
    /// The client may act on the desktop from now on, or may only look. At first, it may what its role allows, and
    /// never more.
    Control {
        /// Whether it may act.
        granted: bool,
    },
    /// Somebody has the control now, or nobody.
    Lease(LeaseState),
    /// Somebody has come or gone, or is called something else.
    People(Arc<[Person]>),
    /// Something that the client wanted on a data channel was not done: its role does not allow it.
    Refused,
    /// The captured frame has this size now.
    FrameSize(FrameSize),
    /// Too much waits to be sent to the client.
    SendQueueFull,
}

/// What happened to one peer.
#[non_exhaustive]
pub enum PeerEvent {
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
pub struct PeerFailure {
    /// A sentence for a person.
    pub reason: String,
    /// The kind, for programs.
    pub kind: FailureKind,
}

/// The kind of a peer's failure, as far as clients act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
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
    pub fn other(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            kind: FailureKind::Other,
        }
    }
}

/// What the owner has to do.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Send this text frame.
    Send(String),
    /// Close the peer of this key if there is one, and make a new one.
    OpenPeer {
        /// By which the peer is known from now on.
        key: PeerKey,
        /// What kind of peer.
        request: PeerRequest,
    },
    /// Close this peer. No event of it is wanted any more.
    ClosePeer {
        /// Which peer.
        key: PeerKey,
    },
    /// Apply the client's answer; tell the outcome by [`PeerEvent::AnswerApplied`] or [`PeerEvent::AnswerRefused`].
    ApplyAnswer {
        /// Which peer.
        key: PeerKey,
        /// The session description.
        sdp: String,
    },
    /// Give the client's candidate to the peer.
    AddCandidate {
        /// Which peer.
        key: PeerKey,
        /// The candidate.
        candidate: IceCandidate,
    },
    /// Measure, and tell the numbers by [`Event::Stats`]: only of the groups of the request.
    CollectStats {
        /// To be handed back.
        request: StatsRequest,
    },
    /// The client wants the control, or to give it away; tell what comes of it by [`Event::Lease`].
    ControlRequest(LeaseRequest),
    /// The client wants to be called this; tell who is there by [`Event::People`].
    Name(PersonName),
    /// The client has pointed or typed over the signaling socket.
    Input(InputEvent),
    /// Something worth a line in the log: what a server that the host has called complains of.
    Note(String),
    /// Close the socket with this code (RFC 6455 section 7.4), and all peers. The session takes nothing more.
    Close {
        /// The code.
        code: u16,
        /// A few words.
        reason: String,
    },
}

/// What kind of peer a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRequest {
    /// The codecs that the client can decode, by their names in SDP, best first. Empty: any.
    pub codecs: Vec<String>,
    /// Whether it sends the picture.
    pub video: bool,
    /// Whether it sends the sound. A peer that is to send nothing else sends silence where there is no sound.
    pub audio: bool,
    /// Whether the picture may come in half its size: the client tells places by the size of the desktop.
    pub allows_half_size: bool,
    /// The data channel that it makes.
    pub channel: Option<ChannelLabel>,
    /// The client's offer: the peer answers it ([`PeerEvent::Answered`]), and takes the channel that the client makes.
    /// `None`: the peer offers ([`PeerEvent::Offered`]).
    pub remote_offer: Option<String>,
}

/// A client's wish for numbers, to be handed back with them.
#[derive(Debug, PartialEq, Eq)]
pub struct StatsRequest {
    /// Which numbers.
    pub groups: Vec<StatsGroup>,
    pub(super) id: Option<String>,
}

impl std::fmt::Debug for Event<'_> {
    /// Without the frame, which may say what somebody types, and without descriptions and numbers.
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
