//! The messages between a viewer's task, its peer and GStreamer's threads.

use std::sync::Arc;

use crate::media::pipeline::plan::NoCommonCodec;
use crate::media::rate::congestion::Packet;
use crate::media::runtime::mailbox::{
    Delivery, Either, Mailbox, MailboxSender, Reply, WeakMailboxSender, mailbox, next_of,
};
use crate::media::webrtc::stats::PeerStats;

/// Commands that wait for one peer.
pub(crate) const PEER_COMMANDS: usize = 64;
/// Events of one peer that wait for its viewer's task.
pub(crate) const EVENTS: usize = 256;
/// Signals of GStreamer's that wait for one peer: its candidates are the most, a few per network address.
const SIGNALS: usize = 256;

/// Takes the messages of a peer's data channel. Called on webrtcbin's thread: it must not block.
pub type MessageSink = Arc<dyn Fn(&str) + Send + Sync>;

/// The kind of peer to make.
#[derive(Clone)]
pub struct PeerOptions {
    /// The codecs that the viewer can decode, by their names in SDP. Empty: any.
    pub codecs: Vec<String>,
    /// True if it gets video.
    pub video: bool,
    /// True if it gets sound.
    pub audio: bool,
    /// True if the video may come in half its size, for a link that carries little.
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
    /// Takes the messages of both.
    pub messages: MessageSink,
}

/// An event of a peer, for its viewer's task.
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
        /// The m-line that it belongs to.
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
    Failed(PeerFailure),
}

/// The reason for which a peer is lost. Its text is a sentence for a person.
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

/// A command of a viewer's task to its peer.
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

/// A signal of GStreamer's threads to a peer's task.
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
    /// The viewer reports the arrival of packets.
    Report(Vec<Packet>),
    /// The viewer asks for a key frame (RTCP PLI or FIR).
    KeyFrameRequest,
    /// The peer, the shared capture or an element is lost.
    Lost(String),
}

/// The next thing for a peer's task.
pub(crate) enum PeerInput {
    Command(PeerCommand),
    Signal(Signal),
    /// The viewer's task has let go of its handle.
    Closed,
}

/// Sends signals to one peer's task, from any thread, without waiting.
#[derive(Debug, Clone)]
pub(crate) struct SignalSender(MailboxSender<Signal>);

impl SignalSender {
    /// Makes an end that tells whether the peer still lives.
    pub(crate) fn downgrade(&self) -> WeakMailboxSender<Signal> {
        self.0.downgrade()
    }

    /// Sends. A full queue means that the task has stalled and will be given up anyway.
    pub(crate) fn send(&self, signal: Signal) {
        if self.0.send(signal) == Delivery::Full {
            tracing::warn!("a peer's task has stalled");
        }
    }
}

/// Everything that a peer's task waits for.
#[derive(Debug)]
pub(crate) struct Inbox {
    commands: Mailbox<PeerCommand>,
    signals: Mailbox<Signal>,
}

impl Inbox {
    /// Makes the inbox of a peer that takes `commands`, and the sender of its signals.
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

    /// Waits for the next signal, whatever the viewer does.
    pub(crate) async fn next_signal(&mut self) -> Option<Signal> {
        self.signals.next().await
    }
}
