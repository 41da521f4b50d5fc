//! A viewer's peer, and what the viewer does through it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::clock::steady_ms;
use crate::host::HostContext;
use crate::host::control::limits::SessionClock;
use crate::host::control::suspend::SuspendDetector;
use crate::host::desktop::cursor_overlay::OverlayVote;
use crate::input::ViewerInput;
use crate::media::{ChannelOptions, PeerEvent, PeerHandle, PeerOptions};
use crate::protocol::channel::{ChannelLabel, ChannelMessage, Decoder, HostMessage, MOTION};
use crate::protocol::input::{FrameSize, InputEvent};
use crate::protocol::role::{Permission, Policy, Role};
use crate::session::{Bucket, PeerKey, PeerRequest};
use crate::sync::lock;

/// How many messages a viewer may send on its data channels at once. A fast mouse sends 1,000 a second.
const BURST: u32 = 5_000;
/// How many it may send lastingly, per second.
const PER_SECOND: u32 = 2_500;
/// Who is asked every second and has answered before is gone when nothing has come for so long, in milliseconds.
const SILENCE_MS: u64 = 8_000;

/// What comes of a viewer's data channel, apart from input, on the way to its task.
pub(crate) enum Request {
    /// The viewer asks for this, and may.
    Wanted(PeerKey, ChannelMessage),
    /// The viewer asked for something that its role does not allow. Told once for each peer.
    Refused,
    /// The viewer sends far more than anybody can do: its peer is to be closed.
    Flood(PeerKey),
}

/// One peer of a viewer. What is held through it is released when it is closed.
pub(crate) struct Peer {
    handle: PeerHandle,
    input: Arc<ViewerInput>,
    decoder: Arc<Mutex<Decoder>>,
    channel: Option<ChannelLabel>,
    is_open: bool,
    heard: Heard,
    overlay_vote: OverlayVote,
}

impl Peer {
    /// Asks for a peer, through which the viewer may do what `permissions` allows, which `clock` takes note of. `requests`
    /// takes what is not input.
    pub(crate) async fn open(
        context: &HostContext,
        key: PeerKey,
        request: PeerRequest,
        permissions: Permissions,
        clock: SessionClock,
        requests: mpsc::Sender<Request>,
    ) -> Self {
        let input = Arc::new(context.input.viewer());
        let mut decoder = Decoder::default();
        context.desktop.size().inspect(|size| decoder.set_frame(*size));
        let decoder = Arc::new(Mutex::new(decoder));
        let heard = Heard::default();
        let reader = ChannelReader {
            heard: heard.clone(),
            decoder: Arc::clone(&decoder),
            input: Arc::clone(&input),
            permissions,
            clock,
            key,
            requests,
            is_refused: AtomicBool::new(false),
            bucket: Mutex::new(Bucket::new(BURST, PER_SECOND, steady_ms())),
            is_flooding: AtomicBool::new(false),
            suspend: context.suspend.clone(),
        };
        let messages = Arc::new(move |message: &str| reader.take(message));
        let channel = request.channel;
        let options = PeerOptions {
            codecs: request.codecs,
            video: request.video,
            audio: request.audio,
            allows_half_size: request.allows_half_size,
            channel: channel.map(|label| ChannelOptions {
                label: label.as_str(),
                unordered: (label == ChannelLabel::InputAndMotion).then_some(MOTION),
                messages,
            }),
            remote_offer: request.remote_offer,
        };
        let handle = context.media.open_peer(context.next_peer(), options).await;
        Self {
            handle,
            input,
            decoder,
            channel,
            is_open: false,
            heard,
            overlay_vote: context.cursor_overlay.join(),
        }
    }

    /// The media side of the peer.
    pub(crate) fn media(&self) -> &PeerHandle {
        &self.handle
    }

    /// What the peer says next; ready with `None` once it is down.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<PeerEvent>> {
        self.handle.poll_event(cx)
    }

    /// The data channel takes messages from now on.
    pub(crate) fn set_open(&mut self) {
        self.is_open = true;
    }

    /// Whether the pointer has to be in the picture for this peer.
    pub(crate) fn set_pointer_drawn(&mut self, is_drawn: bool) {
        self.overlay_vote.set_drawn(is_drawn);
    }

    /// Whether the host may tell cursor, statistics and the like on this peer's channel.
    pub(crate) fn is_told(&self) -> bool {
        self.is_open && self.channel.is_some_and(ChannelLabel::is_told)
    }

    /// Sends on the data channel, if it is open and free.
    pub(crate) fn tell(&self, message: &HostMessage) {
        let _ = self.handle.send_message(message.encode());
    }

    /// The size of the picture, by which some clients' coordinates are scaled.
    pub(crate) fn set_frame(&self, frame: FrameSize) {
        lock(&self.decoder).set_frame(frame);
    }

    /// Whether a viewer that answers pings has fallen silent: the socket may be alive and the stream's way cut.
    pub(crate) fn is_silent(&self) -> bool {
        self.heard.is_silent(steady_ms())
    }

    /// Releases what is held through it.
    pub(crate) fn let_go(&self) {
        self.input.send(InputEvent::ReleaseAll);
    }

    /// Releases what is held, at once, and lets the peer be taken down behind our back. The handle ends when it is.
    pub(crate) fn close(self, context: &HostContext) -> JoinHandle<()> {
        self.input.send(InputEvent::ReleaseAll);
        context.tasks.spawn(self.handle.closed())
    }
}

/// What reads a peer's data channels, on webrtcbin's thread.
struct ChannelReader {
    heard: Heard,
    decoder: Arc<Mutex<Decoder>>,
    input: Arc<ViewerInput>,
    permissions: Permissions,
    clock: SessionClock,
    key: PeerKey,
    requests: mpsc::Sender<Request>,
    is_refused: AtomicBool,
    bucket: Mutex<Bucket>,
    is_flooding: AtomicBool,
    suspend: SuspendDetector,
}

/// When a viewer that answers pings was heard last, in milliseconds since the epoch; 0 until it has answered one.
#[derive(Clone, Default)]
struct Heard(Arc<AtomicU64>);

impl Heard {
    fn note(&self, messages: &[ChannelMessage], now_ms: u64) {
        let is_answer = |message: &ChannelMessage| matches!(message, ChannelMessage::Pong { .. });
        if self.0.load(Ordering::Relaxed) > 0 || messages.iter().any(is_answer) {
            self.0.store(now_ms, Ordering::Relaxed);
        }
    }

    fn is_silent(&self, now_ms: u64) -> bool {
        let last_ms = self.0.load(Ordering::Relaxed);
        last_ms > 0 && now_ms.saturating_sub(last_ms) > SILENCE_MS
    }
}

/// What a viewer may do now.
#[derive(Clone)]
pub(crate) struct Permissions {
    role: Role,
    policy: Policy,
    /// Whether nobody else has the control.
    is_action: Arc<AtomicBool>,
}

impl Permissions {
    pub(crate) fn new(role: Role, policy: Policy, is_action: bool) -> Self {
        Self {
            role,
            policy,
            is_action: Arc::new(AtomicBool::new(is_action)),
        }
    }

    /// Somebody else has taken the control, or left it. True: it has been so before.
    pub(crate) fn set_acts(&self, is_action: bool) -> bool {
        self.is_action.swap(is_action, Ordering::Relaxed) == is_action
    }

    /// Reading takes no control.
    pub(crate) fn allows(&self, capability: Permission) -> bool {
        let needs_control = capability != Permission::ClipboardRead;
        self.role.allows(capability)
            && self.policy.allows(capability)
            && (self.is_action.load(Ordering::Relaxed) || !needs_control)
    }
}

impl ChannelReader {
    /// Decodes, keeps back what the role does not allow, and hands over, in one go: each channel is read by a thread of
    /// its own, and what they have is put in order by the decoder. Nothing here waits.
    fn take(&self, message: &str) {
        let now_ms = steady_ms();
        let mut bucket = lock(&self.bucket);
        if self.is_flooding.load(Ordering::Relaxed) || !bucket.take(now_ms) {
            return self.block_flood();
        }
        drop(bucket);
        let mut decoder = lock(&self.decoder);
        let messages = match decoder.decode(message) {
            Ok(messages) => messages,
            Err(error) => return tracing::debug!(%error, "a message on the data channel was not understood"),
        };
        self.heard.note(&messages, now_ms);
        let mut refused = false;
        for message in messages {
            // Who tries and may not, because another has the control, is not idle.
            if let ChannelMessage::Input(event) = &message {
                self.clock.note(event, now_ms);
            }
            let is_allowed =
                Permission::needed_by(&message).is_none_or(|needed| self.permissions.allows(needed));
            match message {
                _ if !is_allowed => refused = true,
                ChannelMessage::Input(event) if self.suspend.lets_through(&event, now_ms) => {
                    self.input.send(event);
                }
                ChannelMessage::Input(_) => {}
                // It stands behind what was asked for.
                ChannelMessage::Control { id, .. } if refused => {
                    let error = Some("This client may look and not act now");
                    self.request(ChannelMessage::Control { id, error });
                }
                other => self.request(other),
            }
        }
        if refused && !self.is_refused.swap(true, Ordering::Relaxed) {
            drop(self.requests.try_send(Request::Refused));
        }
    }

    /// Nothing more is taken, and nothing stays held because its up was not.
    fn block_flood(&self) {
        if !self.is_flooding.swap(true, Ordering::Relaxed) {
            self.input.send(InputEvent::ReleaseAll);
        }
        // Until its task has room to hear of it.
        drop(self.requests.try_send(Request::Flood(self.key)));
    }

    /// A viewer that floods its task with requests loses some of them.
    fn request(&self, message: ChannelMessage) {
        drop(self.requests.try_send(Request::Wanted(self.key, message)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Injector, RecordBackend};

    #[test]
    fn a_role_that_only_looks_reaches_nothing_and_hears_so_once() {
        let (backend, recording) = RecordBackend::new();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let read = |role, messages: &[&str]| {
            let (requests, mut received) = mpsc::channel(64);
            let reader = ChannelReader {
                heard: Heard::default(),
                decoder: Arc::default(),
                input: Arc::new(injector.handle().viewer()),
                permissions: Permissions::new(role, Policy::default(), true),
                clock: SessionClock::begin(steady_ms()),
                key: PeerKey::ONLY,
                requests,
                is_refused: AtomicBool::new(false),
                bucket: Mutex::new(Bucket::new(BURST, PER_SECOND, steady_ms())),
                is_flooding: AtomicBool::new(false),
                suspend: SuspendDetector::new(steady_ms()),
            };
            messages.iter().for_each(|message| reader.take(message));
            let (mut refusals, mut wanted) = (0, Vec::new());
            while let Ok(request) = received.try_recv() {
                match request {
                    Request::Refused => refusals += 1,
                    Request::Flood(_) => panic!("that was no flood"),
                    Request::Wanted(_, message) => wanted.push(message),
                }
            }
            (refusals, wanted)
        };
        let acting = [
            r#"{"type":"key-press","data":{"key":"a","code":"KeyA","action":"down"}}"#,
            r#"{"type":"mouse-move","data":{"x":1,"y":2}}"#,
            r#"{"type":"clipboard","data":{"text":"x"}}"#,
            r#"{"type":"clipboard-read"}"#,
            r#"{"type":"set-framerate","data":{"fps":5}}"#,
            r#"{"type":"resize","data":{"width":100,"height":100,"enabled":true}}"#,
            "kd,97",
            "m,1,2,1,0",
            "cr",
        ];
        let (refusals, wanted) = read(Role::View, &acting);
        assert_eq!((refusals, wanted), (1, Vec::new()));
        assert_eq!(
            read(Role::View, &[r#"{"type":"ping"}"#]).1.len(),
            1,
            "it may ping"
        );
        let layout = r#"{"type":"layout","data":{"keys":{"KeyA":"a"}}}"#;
        assert_eq!(read(Role::View, &[layout]), (0, Vec::new()), "it takes no role");
        let navigate =
            r#"{"id":7,"request":{"type":"navigationEvent","event":{"event":"MouseMove","x":1,"y":2}}}"#;
        let (_, wanted) = read(Role::View, &[navigate]);
        assert!(
            matches!(
                wanted[..],
                [ChannelMessage::Control {
                    id: 7,
                    error: Some(_)
                }]
            ),
            "{wanted:?}"
        );
        assert_eq!(recording.events(), []);
        let (refusals, wanted) = read(Role::Control, &acting);
        assert_eq!((refusals, wanted.len()), (0, 5));
        let recorded = recording.wait_until(std::time::Duration::from_secs(30), |events| !events.is_empty());
        assert!(recorded.is_ok());
    }
}
