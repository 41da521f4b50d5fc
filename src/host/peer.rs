//! A viewer's peer, and what the viewer does through it.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Shared;
use super::pointer::Seat;
use crate::input::ViewerInput;
use crate::media::{ChannelOptions, PeerEvent, PeerHandle, PeerOptions};
use crate::protocol::channel::{ChannelLabel, ChannelMessage, Decoder, HostMessage};
use crate::protocol::input::{FrameSize, InputEvent};
use crate::session::{PeerKey, PeerRequest};

/// What a viewer asks for on its data channel, apart from input, on the way to its task.
pub(super) type Request = (PeerKey, ChannelMessage);

/// One peer of a viewer. What is held through it is released when it is closed.
pub(super) struct Peer {
    handle: PeerHandle,
    input: Arc<ViewerInput>,
    decoder: Arc<Mutex<Decoder>>,
    channel: Option<ChannelLabel>,
    is_open: bool,
    seat: Seat,
}

impl Peer {
    /// Asks for a peer. `requests` takes what is not input.
    pub(super) async fn open(
        shared: &Shared,
        key: PeerKey,
        request: PeerRequest,
        requests: mpsc::Sender<Request>,
    ) -> Self {
        let input = Arc::new(shared.input.viewer());
        let mut decoder = Decoder::default();
        shared.desk.size().inspect(|size| decoder.set_frame(*size));
        let decoder = Arc::new(Mutex::new(decoder));
        let (sink, reader) = (Arc::clone(&input), Arc::clone(&decoder));
        let messages = Arc::new(move |message: &str| take(message, &reader, &sink, key, &requests));
        let channel = request.channel;
        let options = PeerOptions {
            codecs: request.codecs,
            video: request.video,
            audio: request.audio,
            channel: channel.map(|label| ChannelOptions {
                label: label.as_str(),
                messages,
            }),
            remote_offer: request.remote_offer,
        };
        let handle = shared.media.open_peer(shared.next_peer(), options).await;
        Self {
            handle,
            input,
            decoder,
            channel,
            is_open: false,
            seat: shared.audience.join(),
        }
    }

    /// The media side of the peer.
    pub(super) fn media(&self) -> &PeerHandle {
        &self.handle
    }

    /// What the peer says next; ready with `None` once it is down.
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<PeerEvent>> {
        self.handle.poll_event(cx)
    }

    /// The data channel takes messages from now on.
    pub(super) fn set_open(&mut self) {
        self.is_open = true;
    }

    /// Whether the pointer has to be in the picture for this peer.
    pub(super) fn set_pointer_drawn(&mut self, is_drawn: bool) {
        self.seat.set_drawn(is_drawn);
    }

    /// Whether the host may tell cursor, statistics and the like on this peer's channel.
    pub(super) fn is_told(&self) -> bool {
        self.is_open && self.channel == Some(ChannelLabel::Input)
    }

    /// Sends on the data channel, if it is open and free.
    pub(super) fn tell(&self, message: &HostMessage) {
        let _ = self.handle.send_message(message.encode());
    }

    /// The size of the picture, by which some clients' coordinates are scaled.
    pub(super) fn set_frame(&self, frame: FrameSize) {
        self.decoder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .set_frame(frame);
    }

    /// Releases what is held, at once, and lets the peer be taken down behind our back. The handle ends when it is.
    pub(super) fn close(self, shared: &Shared) -> JoinHandle<()> {
        self.input.send(InputEvent::ReleaseAll);
        shared.tasks.spawn(self.handle.closed())
    }
}

/// On webrtcbin's thread: decode and hand over. The lock is this thread's own but for a change of the size.
fn take(
    message: &str,
    decoder: &Mutex<Decoder>,
    input: &ViewerInput,
    key: PeerKey,
    requests: &mpsc::Sender<Request>,
) {
    let decoded = decoder
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .decode(message);
    let messages = match decoded {
        Ok(messages) => messages,
        Err(error) => return tracing::debug!(%error, "a message on the data channel was not understood"),
    };
    for message in messages {
        match message {
            ChannelMessage::Input(event) => input.send(event),
            // A viewer that floods its task with requests loses some of them.
            other => drop(requests.try_send((key, other))),
        }
    }
}
