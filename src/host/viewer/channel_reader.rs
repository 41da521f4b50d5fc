//! The reader of a peer's data channels, on webrtcbin's threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::input_gate::InputGate;
use crate::clock::steady_ms;
use crate::input::Hold;
use crate::protocol::channel::{ChannelMessage, Decoder};
use crate::protocol::text::ClipboardText;
use crate::session::{Bucket, PeerKey};
use crate::sync::lock;

/// The most messages that a viewer may send on its data channels at once. A fast mouse sends 1,000 a second.
const BURST: u32 = 5_000;
/// The sustained limit, per second.
const PER_SECOND: u32 = 2_500;
/// The silence after which a viewer that is pinged every second, and has answered before, is gone, in milliseconds.
const SILENCE_MS: u64 = 8_000;

/// A message from a viewer's data channels, apart from input, to its task.
pub(super) enum Request {
    /// The viewer asks for this, and may.
    Wanted(PeerKey, ChannelMessage),
    /// The viewer sets the clipboard. Its input waits for that.
    SetClipboard(PeerKey, ClipboardText, Hold),
    /// The viewer asked for something that it lacks the permission for. Sent once, and again after
    /// its control has changed.
    Refused,
    /// The viewer sends far more than a person can do: its peer is to be closed.
    Flood(PeerKey),
}

/// Reads the data channels of one peer.
pub(super) struct ChannelReader {
    key: PeerKey,
    gate: Arc<InputGate>,
    decoder: Arc<Mutex<Decoder>>,
    heard: Heard,
    requests: mpsc::Sender<Request>,
    bucket: Mutex<Bucket>,
    is_flooding: AtomicBool,
}

impl ChannelReader {
    /// A reader of the peer `key`. Input goes through `gate`, all else to `requests`; `decoder` knows the size of the
    /// frame.
    pub(super) fn new(
        key: PeerKey,
        gate: Arc<InputGate>,
        decoder: Arc<Mutex<Decoder>>,
        requests: mpsc::Sender<Request>,
    ) -> Self {
        Self {
            key,
            gate,
            decoder,
            heard: Heard::default(),
            requests,
            bucket: Mutex::new(Bucket::new(BURST, PER_SECOND, steady_ms())),
            is_flooding: AtomicBool::new(false),
        }
    }

    /// The sign of life that this reader keeps.
    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// Decodes a message, drops what the viewer lacks the permission for, and hands over the rest, in one go: each
    /// channel is read by a thread of its own, and the decoder puts their messages in order. Nothing here waits.
    pub(super) fn take(&self, message: &str) {
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
            let passed = match message {
                ChannelMessage::Input(event) => self.gate.pass(event, now_ms),
                // It stands behind what was asked for.
                ChannelMessage::Control { id, .. } if refused => {
                    let error = Some("This client may look and not act now");
                    self.request(ChannelMessage::Control { id, error });
                    Ok(())
                }
                other => self.gate.check(other.permission()).map(|()| self.request(other)),
            };
            refused |= passed.is_err();
        }
        if refused && self.gate.is_first_refusal() {
            drop(self.requests.try_send(Request::Refused));
        }
    }

    /// Takes nothing more, and releases what is pressed: its release would not be taken.
    fn block_flood(&self) {
        if !self.is_flooding.swap(true, Ordering::Relaxed) {
            self.gate.release_all();
        }
        // Again with each message, until the viewer's task has room for it.
        drop(self.requests.try_send(Request::Flood(self.key)));
    }

    /// Hands `message` to the viewer's task. If that is behind, the message is lost.
    fn request(&self, message: ChannelMessage) {
        let request = match message {
            ChannelMessage::ClipboardWrite(text) => Request::SetClipboard(self.key, text, self.gate.hold()),
            other => Request::Wanted(self.key, other),
        };
        drop(self.requests.try_send(request));
    }
}

/// The time of the last message of a viewer that answers pings, in milliseconds since the epoch; 0 until it has
/// answered one.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<AtomicU64>);

impl Heard {
    /// True if a viewer that answered pings has fallen silent: its socket may be alive and the stream's path cut.
    pub(super) fn is_silent(&self, now_ms: u64) -> bool {
        let last_ms = self.0.load(Ordering::Relaxed);
        last_ms > 0 && now_ms.saturating_sub(last_ms) > SILENCE_MS
    }

    fn note(&self, messages: &[ChannelMessage], now_ms: u64) {
        let is_answer = |message: &ChannelMessage| matches!(message, ChannelMessage::Pong { .. });
        if self.0.load(Ordering::Relaxed) > 0 || messages.iter().any(is_answer) {
            self.0.store(now_ms, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::input_gate::tests::gate;
    use super::*;
    use crate::input::{Injector, RecordBackend};
    use crate::protocol::role::Role;

    #[test]
    fn a_viewer_without_the_control_is_refused_once_until_that_changes() {
        let (backend, _) = RecordBackend::new();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let (requests, mut received) = mpsc::channel(64);
        let gate = Arc::new(gate(Role::Control, &injector, steady_ms()));
        let reader = |gate: &Arc<InputGate>| {
            ChannelReader::new(PeerKey::ONLY, Arc::clone(gate), Arc::default(), requests.clone())
        };
        let (one, other) = (
            reader(&gate),
            reader(&Arc::new(gate.beside(injector.handle().viewer()))),
        );
        let mut refusals = || {
            for reader in [&one, &other, &one] {
                reader.take("kd,97");
            }
            std::iter::from_fn(|| received.try_recv().ok()).count()
        };
        gate.set_control(false);
        assert_eq!((refusals(), refusals()), (1, 0));
        gate.set_control(true);
        assert_eq!(refusals(), 0);
        gate.set_control(false);
        assert_eq!((refusals(), refusals()), (1, 0));
    }

    #[test]
    fn a_role_that_only_looks_reaches_nothing_and_hears_so_once() {
        let (backend, recording) = RecordBackend::new();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let read = |role, messages: &[&str]| {
            let (requests, mut received) = mpsc::channel(64);
            let gate = gate(role, &injector, steady_ms());
            let reader = ChannelReader::new(PeerKey::ONLY, Arc::new(gate), Arc::default(), requests);
            messages.iter().for_each(|message| reader.take(message));
            let (mut refusals, mut wanted) = (0, Vec::new());
            while let Ok(request) = received.try_recv() {
                match request {
                    Request::Refused => refusals += 1,
                    Request::Flood(_) => panic!("that was no flood"),
                    Request::Wanted(_, message) => wanted.push(message),
                    Request::SetClipboard(_, text, _) => wanted.push(ChannelMessage::ClipboardWrite(text)),
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
