//! The messages between a viewer's task, its peer and GStreamer's threads.

use std::sync::Arc;

use crate::media::pipeline::plan::NoCommonCodec;
use crate::media::rate::congestion::Packet;
use crate::media::runtime::mailbox::{
    Either, Mailbox, MailboxSender, Reply, Sent, WeakMailboxSender, mailbox, next_of,
};
use crate::media::webrtc::stats::PeerStats;

/// Capacity of a peer's command queue.
pub(crate) const PEER_COMMANDS: usize = 64;
/// Capacity of the queue of a peer's events to its viewer's task.
pub(crate) const EVENTS: usize = 256;
/// Capacity of a peer's queue of GStreamer's signals: most are ICE candidates, a few per network address.
const SIGNALS: usize = 256;

/// Callback for the messages of a peer's data channels. Called on webrtcbin's thread: it must not block.
pub type MessageSink = Arc<dyn Fn(&str) + Send + Sync>;

/// The options of a new peer.
#[derive(Clone)]
pub struct PeerOptions {
    /// Codecs that the viewer can decode, by their names in SDP. Empty: any.
    pub codecs: Vec<String>,
    /// True if the viewer receives video.
    pub video: bool,
    /// True if the viewer receives sound.
    pub audio: bool,
    /// True if the video may have half its size, for a slow link.
    pub allows_half_size: bool,
    /// The data channels that the host creates.
    pub channel: Option<ChannelOptions>,
    /// The viewer's own offer, which the host answers; it then determines the codecs and media.
    pub remote_offer: Option<String>,
}

/// The data channel of a peer, which is reliable and ordered, and an optional second one that is neither.
#[derive(Clone)]
pub struct ChannelOptions {
    /// Label of the reliable channel.
    pub label: &'static str,
    /// Label of the second channel, which is created first.
    pub unordered: Option<&'static str>,
    /// Callback for the messages of both.
    pub messages: MessageSink,
}

/// An event of a peer, for its viewer's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// The SDP offer; first and only once.
    Offer(String),
    /// The answer to the viewer's offer, with all candidates; only once, in place of an offer.
    Answer(String),
    /// One of the host's ICE candidates; empty when there are no more.
    Candidate {
        /// `candidate:…`.
        candidate: String,
        /// The m-line that it belongs to.
        sdp_m_line_index: u32,
    },
    /// The viewer's answer has been applied.
    AnswerApplied,
    /// The viewer's answer was refused, with the reason; the viewer may send another.
    AnswerRefused(String),
    /// DTLS is connected, and the viewer's certificate matches the fingerprint in its answer.
    Connected,
    /// The data channel is open.
    ChannelOpen,
    /// The peer has failed, with the reason. It is being taken down.
    Failed(PeerFailure),
}

/// The reason why a peer has failed. Its text is a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerFailure {
    /// The viewer decodes nothing that the host encodes.
    NoCommonCodec(NoCommonCodec),
    /// Anything else.
    Other(String),
}

impl From<NoCommonCodec> for PeerFailure {
    fn from(error: NoCommonCodec) -> Self {
        Self::NoCommonCodec(error)
    }
}

impl From<String> for PeerFailure {
    fn from(reason: String) -> Self {
        Self::Other(reason)
    }
}

impl std::fmt::Display for PeerFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoCommonCodec(error) => error.fmt(f),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// A command from a viewer's task to its peer.
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
    Stats(Reply<PeerStats>),
}

/// A signal from GStreamer's threads to a peer's task.
#[derive(Debug)]
pub(crate) enum Signal {
    NegotiationNeeded,
    LocalCandidate {
        candidate: String,
        sdp_m_line_index: u32,
    },
    GatheringComplete,
    Connected,
    /// The viewer's certificate does not match the fingerprint in its answer.
    FingerprintMismatch,
    ChannelOpened,
    /// The data channel's buffer is empty.
    ChannelDrained,
    ForeignChannel,
    /// The viewer's report on the arrival of packets.
    Report(Vec<Packet>),
    /// The viewer's request for a key frame (RTCP PLI or FIR).
    KeyFrameRequest,
    /// The peer, the shared capture or an element has failed.
    Lost(String),
}

/// The next input of a peer's task.
pub(crate) enum PeerInput {
    Command(PeerCommand),
    Signal(Signal),
    /// The viewer's task has dropped its handle.
    Closed,
}

/// Sends signals to one peer's task, from any thread, without blocking.
#[derive(Debug, Clone)]
pub(crate) struct SignalSender(MailboxSender<Signal>);

impl SignalSender {
    /// Returns a weak sender, which shows whether the peer is alive.
    pub(crate) fn downgrade(&self) -> WeakMailboxSender<Signal> {
        self.0.downgrade()
    }

    /// Sends a signal. A full queue means that the task has stalled; the peer will be closed anyway.
    pub(crate) fn send(&self, signal: Signal) {
        if self.0.send(signal) == Sent::Full {
            tracing::warn!("a peer's task has stalled");
        }
    }
}

/// The inputs of a peer's task.
#[derive(Debug)]
pub(crate) struct Inbox {
    commands: Mailbox<PeerCommand>,
    signals: Mailbox<Signal>,
}

impl Inbox {
    /// Creates the inbox of a peer that receives `commands`, and the sender of its signals.
    pub(crate) fn new(commands: Mailbox<PeerCommand>) -> (Self, SignalSender) {
        let (sender, signals) = mailbox(SIGNALS);
        (Self { commands, signals }, SignalSender(sender))
    }

    /// Waits for the next command or signal.
    pub(crate) async fn next(&mut self) -> PeerInput {
        match next_of(&mut self.signals, &mut self.commands).await {
            Either::First(signal) => signal.map_or(PeerInput::Closed, PeerInput::Signal),
            Either::Second(command) => command.map_or(PeerInput::Closed, PeerInput::Command),
        }
    }

    /// Waits for the next signal, ignoring commands.
    pub(crate) async fn next_signal(&mut self) -> Option<Signal> {
        self.signals.next().await
    }
}
