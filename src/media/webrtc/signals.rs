//! webrtcbin's signals and the pipeline's bus: each callback builds one value, sends it, and returns.
//!
//! Callbacks run on webrtcbin's thread, which must not be blocked, and hold no reference that keeps the pipeline alive.

use std::sync::Arc;

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCICEGatheringState, WebRTCPeerConnectionState};

use super::fingerprint::FingerprintCheck;
use super::messages::{MessageSink, Signal, SignalSender};

/// The connected signal handlers, so that they can be disconnected before the teardown: a data channel that outlives
/// its webrtcbin is a use after free in GStreamer 1.22.
pub(crate) struct Connections {
    signals: SignalSender,
    handlers: Vec<(glib::Object, glib::SignalHandlerId)>,
    bus: Option<gst::bus::BusWatchGuard>,
}

impl Connections {
    /// Connects webrtcbin's signals and the bus to `signals`.
    pub(crate) fn watch(
        pipeline: &gst::Pipeline,
        webrtc: &gst::Element,
        fingerprint: &Arc<FingerprintCheck>,
        signals: SignalSender,
    ) -> Result<Self, String> {
        let mut connections = Self {
            signals,
            handlers: Vec::new(),
            bus: None,
        };
        connections.on(webrtc, "on-negotiation-needed", |_| {
            Some(Signal::NegotiationNeeded)
        });
        connections.on(webrtc, "on-data-channel", |_| Some(Signal::ForeignChannel));
        connections.on(webrtc, "on-ice-candidate", |arguments| {
            Some(Signal::LocalCandidate {
                sdp_m_line_index: arguments.get(1)?.get().ok()?,
                candidate: arguments.get(2)?.get().ok()?,
            })
        });
        connections.on(webrtc, "notify::ice-gathering-state", |arguments| {
            let webrtc: gst::Element = arguments.first()?.get().ok()?;
            let state: WebRTCICEGatheringState = webrtc.property("ice-gathering-state");
            (state == WebRTCICEGatheringState::Complete).then_some(Signal::GatheringComplete)
        });
        let fingerprint = Arc::clone(fingerprint);
        connections.on(webrtc, "notify::connection-state", move |arguments| {
            let webrtc: gst::Element = arguments.first()?.get().ok()?;
            match webrtc.property("connection-state") {
                WebRTCPeerConnectionState::Connected if fingerprint.verify() => Some(Signal::Connected),
                WebRTCPeerConnectionState::Connected => Some(Signal::FingerprintMismatch),
                WebRTCPeerConnectionState::Failed => {
                    Some(Signal::Lost("The connection to the viewer failed".to_owned()))
                }
                WebRTCPeerConnectionState::Closed => {
                    Some(Signal::Lost("The viewer has disconnected".to_owned()))
                }
                _ => None,
            }
        });
        connections.watch_bus(pipeline)?;
        Ok(connections)
    }

    /// Sends a signal when `channel` opens, and when its buffer is empty.
    pub(crate) fn watch_channel(&mut self, channel: &WebRTCDataChannel) {
        channel.set_buffered_amount_low_threshold(0);
        self.on(channel, "on-open", |_| Some(Signal::ChannelOpened));
        self.on(channel, "on-buffered-amount-low", |_| {
            Some(Signal::ChannelDrained)
        });
    }

    /// Passes the messages of `channel` to `sink` once `fingerprint` has verified the viewer's certificate.
    pub(crate) fn read_channel(
        &mut self,
        channel: &WebRTCDataChannel,
        fingerprint: &Arc<FingerprintCheck>,
        sink: MessageSink,
    ) {
        let fingerprint = Arc::clone(fingerprint);
        self.on(channel, "on-message-string", move |arguments| {
            let message: Option<glib::GString> = arguments.get(1)?.get().ok()?;
            if !fingerprint.verify() {
                return Some(Signal::FingerprintMismatch);
            }
            if let Some(message) = message {
                sink(&message);
            }
            None
        });
    }

    /// Disconnects all handlers.
    pub(crate) fn disconnect(&mut self) {
        self.bus = None;
        for (object, handler) in self.handlers.drain(..) {
            object.disconnect(handler);
        }
    }

    fn on(
        &mut self,
        object: &impl IsA<glib::Object>,
        signal: &str,
        build: impl Fn(&[glib::Value]) -> Option<Signal> + Send + Sync + 'static,
    ) {
        let signals = self.signals.clone();
        let object = object.clone().upcast::<glib::Object>();
        let handler = object.connect(signal, false, move |arguments| {
            if let Some(signal) = build(arguments) {
                signals.send(signal);
            }
            None
        });
        self.handlers.push((object, handler));
    }

    fn watch_bus(&mut self, pipeline: &gst::Pipeline) -> Result<(), String> {
        let signals = self.signals.clone();
        let watch = pipeline
            .bus()
            .ok_or("the pipeline has no bus")?
            .add_watch(move |_, message| {
                match message.view() {
                    gst::MessageView::Error(error) => signals.send(Signal::Lost(describe(error))),
                    gst::MessageView::Eos(_) => signals.send(Signal::Lost("The stream has ended".to_owned())),
                    _ => return glib::ControlFlow::Continue,
                }
                glib::ControlFlow::Break
            });
        self.bus = Some(watch.map_err(|error| error.to_string())?);
        Ok(())
    }
}

/// Returns the reason for an error on the bus. The SCTP elements post an error when the viewer has disconnected.
fn describe(error: &gst::message::Error) -> String {
    let factory = error
        .src()
        .and_then(|source| source.downcast_ref::<gst::Element>()?.factory());
    match factory.map(|factory| factory.name()) {
        Some(name) if name.starts_with("sctp") => "The viewer has disconnected".to_owned(),
        Some(name) => format!("{name}: {}", error.error()),
        None => error.error().to_string(),
    }
}
