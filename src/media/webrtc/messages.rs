//! What a viewer's task, its peer and GStreamer's threads tell each other.

use std::fmt;
use std::sync::Arc;

use crate::media::rate::congestion::Packet;
use crate::media::runtime::mailbox::StatsReply;

/// One peer's number, unique in this process. For logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is done with the messages of a peer's data channel. Called on webrtcbin's thread: it must not block.
pub type MessageSink = Arc<dyn Fn(&str) + Send + Sync>;

/// What kind of peer to make.
#[derive(Clone)]
pub struct PeerOptions {
    /// The codecs that the viewer can decode, by their names in SDP. Empty: any.
    pub codecs: Vec<String>,
    /// Whether it gets the picture.
    pub video: bool,
    /// Whether it gets sound.
    pub audio: bool,
    /// Whether the picture may come in half its size, for a line that carries little.
    pub allows_half_size: bool,
    /// The data channels that the host makes.
    pub channel: Option<ChannelOptions>,
    /// The viewer's own offer, which the host answers. Then the codecs and media are those of the offer.
    pub remote_offer: Option<String>,
}

/// The data channel of a peer: reliable and ordered. There may be another beside it that is neither.
#[derive(Clone)]
pub struct ChannelOptions {
    /// Its label.
    pub label: &'static str,
    /// The label of the one beside it, which is made before it.
    pub unordered: Option<&'static str>,
    /// Where the messages of both go.
    pub messages: MessageSink,
}

/// What a peer tells its viewer's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// The SDP offer. Comes first, and once.
    Offer(String),
    /// The answer to the viewer's offer, with all candidates. Comes once, in place of an offer.
    Answer(String),
    /// One of the host's ICE candidates; empty when there are no more.
    Candidate {
        /// `candidate:…`.
        candidate: String,
        /// Which m-line it belongs to.
        sdp_m_line_index: u32,
    },
    /// The viewer's answer is applied.
    AnswerApplied,
    /// The viewer's answer was not taken, with the reason; another may be sent.
    AnswerRefused(String),
    /// DTLS is up, and the viewer's certificate is the one that its answer announced.
    Connected,
    /// The data channel takes messages.
    ChannelOpen,
    /// The peer is lost, with the reason. It is being taken down.
    Failed(String),
}

/// What a viewer's task tells its peer.
#[derive(Debug)]
pub(crate) enum PeerCommand {
    Answer(String),
    Candidate {
        candidate: String,
        sdp_m_line_index: u32,
    },
    Message(String),
    Bitrate {
        kbps: u32,
    },
    KeyFrame,
    Pause(bool),
    Stats(StatsReply),
}

/// What GStreamer's threads tell a peer's task.
#[derive(Debug)]
pub(crate) enum Signal {
    NegotiationNeeded,
    LocalCandidate {
        candidate: String,
        sdp_m_line_index: u32,
    },
    GatheringComplete,
    Connected,
    /// The certificate of the other side is not the one that the answer announced.
    FingerprintMismatch,
    ChannelOpened,
    /// Nothing waits in the data channel any more.
    ChannelDrained,
    ForeignChannel,
    /// The viewer tells which packets have arrived when.
    Report(Vec<Packet>),
    /// The peer, the shared capture or an element is lost.
    Lost(String),
}

/// What comes next to a peer's task.
pub(crate) enum PeerInput {
    Command(PeerCommand),
    Signal(Signal),
    /// The viewer's task has let go of its handle.
    Closed,
}
