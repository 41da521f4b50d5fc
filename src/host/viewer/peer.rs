//! A viewer's peer: its media side, its data channel, and the gate of its input.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::channel_reader::{ChannelReader, Heard, Request};
use super::input_gate::InputGate;
use crate::clock::steady_ms;
use crate::host::context::HostContext;
use crate::host::desktop::cursor_overlay::OverlayVote;
use crate::media::{ChannelOptions, PeerEvent, PeerHandle, PeerOptions};
use crate::protocol::channel::{ChannelLabel, Decoder, HostMessage, MOTION};
use crate::protocol::input::FrameSize;
use crate::quota::Place;
use crate::session::{PeerKey, PeerRequest};
use crate::sync::lock;

/// One peer of a viewer. What is pressed through it is released when it is closed.
pub(super) struct Peer {
    handle: PeerHandle,
    gate: Arc<InputGate>,
    decoder: Arc<Mutex<Decoder>>,
    channel: Option<ChannelLabel>,
    is_open: bool,
    heard: Heard,
    overlay_vote: OverlayVote,
    /// `None`: that of its viewer.
    _place: Option<Place>,
}

impl Peer {
    /// Opens a peer as `request` says. Input from its data channels goes through `gate`, all else to `requests`.
    pub(super) async fn open(
        context: &HostContext,
        key: PeerKey,
        request: PeerRequest,
        gate: InputGate,
        requests: mpsc::Sender<Request>,
        place: Option<Place>,
    ) -> Self {
        let gate = Arc::new(gate);
        let mut decoder = Decoder::default();
        context
            .desktop
            .handle
            .size()
            .inspect(|size| decoder.set_frame(*size));
        let decoder = Arc::new(Mutex::new(decoder));
        let reader = ChannelReader::new(key, Arc::clone(&gate), Arc::clone(&decoder), requests);
        let (channel, heard) = (request.channel, reader.heard());
        let options = peer_options(request, move |message| reader.take(message));
        let handle = context.media.handle.open_peer(context.next_peer(), options).await;
        Self {
            handle,
            gate,
            decoder,
            channel,
            is_open: false,
            heard,
            overlay_vote: context.desktop.cursor_overlay.join(),
            _place: place,
        }
    }

    /// The media side of the peer.
    pub(super) fn media(&self) -> &PeerHandle {
        &self.handle
    }

    /// The peer's next event; ready with `None` once it is down.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<PeerEvent>> {
        self.handle.poll_event(cx)
    }

    /// Takes note that the data channel is open.
    pub(super) fn set_open(&mut self) {
        self.is_open = true;
    }

    /// Says whether this peer needs the cursor in the video.
    pub(super) fn set_pointer_drawn(&mut self, is_drawn: bool) {
        self.overlay_vote.set_drawn(is_drawn);
    }

    /// True if the host may send cursor, statistics and the like on this peer's channel.
    pub(super) fn takes_messages(&self) -> bool {
        self.is_open && self.channel.is_some_and(ChannelLabel::takes_messages)
    }

    /// Sends on the data channel, if it is open and free.
    pub(super) fn send(&self, message: &HostMessage) {
        let _ = self.handle.send_message(message.encode());
    }

    /// Sets the size of the frame, by which the coordinates of some clients are scaled.
    pub(super) fn set_frame(&self, frame: FrameSize) {
        lock(&self.decoder).set_frame(frame);
    }

    /// True if a viewer that answered pings has fallen silent.
    pub(super) fn is_silent(&self) -> bool {
        self.heard.is_silent(steady_ms())
    }

    /// Releases what is pressed through it.
    pub(super) fn release_all(&self) {
        self.gate.release_all();
    }

    /// Releases what is pressed, and takes the peer down in a task of its own. The handle ends when it is down.
    pub(super) fn close(self, context: &HostContext) -> JoinHandle<()> {
        self.gate.release_all();
        context.tasks.spawn(self.handle.closed())
    }
}

/// The next event of any of the peers.
pub(super) async fn next_event(peers: &mut BTreeMap<PeerKey, Peer>) -> (PeerKey, Option<PeerEvent>) {
    poll_fn(|cx| {
        for (key, peer) in peers.iter_mut() {
            if let Poll::Ready(event) = peer.poll_event(cx) {
                return Poll::Ready((*key, event));
            }
        }
        Poll::Pending
    })
    .await
}

fn peer_options(request: PeerRequest, read: impl Fn(&str) + Send + Sync + 'static) -> PeerOptions {
    PeerOptions {
        codecs: request.codecs,
        video: request.video,
        audio: request.audio,
        allows_half_size: request.allows_half_size,
        channel: request.channel.map(|label| ChannelOptions {
            label: label.as_str(),
            unordered: (label == ChannelLabel::InputAndMotion).then_some(MOTION),
            messages: Arc::new(read),
        }),
        remote_offer: request.remote_offer,
    }
}
