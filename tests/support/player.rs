//! A player without a browser: a webrtcbin that offers to receive video, or answers, and decodes it.

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCSDPType, WebRTCSessionDescription};
use serde_json::Value;
use tokio::sync::mpsc;

use super::soon;
use super::viewer::{self, Happened};

pub struct Player {
    pipeline: gst::Pipeline,
    webrtc: gst::Element,
    events: mpsc::UnboundedReceiver<Happened>,
    channel: Option<WebRTCDataChannel>,
    /// Its own offer with all candidates, or the offer that it answers.
    pub offer: String,
    /// Number of decoded frames.
    pub decoded: u32,
    /// The messages of the host on the data channel.
    pub messages: Vec<Value>,
}

impl Player {
    pub async fn new() -> Self {
        Self::start(false).await
    }

    /// Starts a player that also offers a data channel.
    pub async fn with_channel() -> Self {
        Self::start(true).await
    }

    /// Starts a player that answers `offer`, and returns it with the answer, including all candidates.
    pub async fn answering(offer: &str) -> (Self, String) {
        let mut player = Self::idle();
        let mut gathered = gathered(&player.webrtc);
        let (sender, events) = mpsc::unbounded_channel();
        viewer::answer(&player.webrtc, offer, false, &sender);
        soon("all candidates are gathered", gathered.recv())
            .await
            .unwrap();
        drop(events);
        player.offer = offer.to_owned();
        let answer = player.local_description();
        (player, answer)
    }

    async fn start(with_channel: bool) -> Self {
        let mut player = Self::idle();
        let webrtc = &player.webrtc;
        let caps = gst::Caps::builder("application/x-rtp")
            .field("media", "video")
            .field("encoding-name", "VP8")
            .field("payload", 96)
            .field("clock-rate", 90_000)
            .build();
        let direction = gst_webrtc::WebRTCRTPTransceiverDirection::Recvonly;
        webrtc.emit_by_name::<gst_webrtc::WebRTCRTPTransceiver>("add-transceiver", &[&direction, &caps]);
        let channel = with_channel.then(|| {
            webrtc.emit_by_name::<WebRTCDataChannel>(
                "create-data-channel",
                &[&"input", &None::<gst::Structure>],
            )
        });
        let weak = webrtc.downgrade();
        let made = gst::Promise::with_change_func(move |reply| {
            let offer: WebRTCSessionDescription = reply.unwrap().unwrap().get("offer").unwrap();
            let webrtc = weak.upgrade().unwrap();
            webrtc.emit_by_name::<()>("set-local-description", &[&offer, &None::<gst::Promise>]);
        });
        let mut gathered = gathered(webrtc);
        webrtc.emit_by_name::<()>("create-offer", &[&None::<gst::Structure>, &made]);
        soon("all candidates are gathered", gathered.recv())
            .await
            .unwrap();
        player.offer = player.local_description();
        player.channel = channel;
        player
    }

    /// Starts a player that has not negotiated.
    fn idle() -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let pipeline = gst::Pipeline::new();
        let webrtc = viewer::webrtcbin(&pipeline, &sender, true);
        pipeline.set_state(gst::State::Playing).unwrap();
        Self {
            offer: String::new(),
            pipeline,
            webrtc,
            events,
            channel: None,
            decoded: 0,
            messages: Vec::new(),
        }
    }

    fn local_description(&self) -> String {
        let description: WebRTCSessionDescription = self.webrtc.property("local-description");
        description.sdp().as_text().unwrap()
    }

    /// Adds a candidate of the host; an empty one marks the end of candidates.
    pub fn take_candidate(&self, index: u32, candidate: &str) {
        if !candidate.is_empty() {
            self.webrtc
                .emit_by_name::<()>("add-ice-candidate", &[&index, &candidate]);
        }
    }

    /// Applies the host's answer.
    pub fn take_answer(&self, answer: &str) {
        let sdp = gst_sdp::SDPMessage::parse_buffer(answer.as_bytes()).unwrap();
        let answer = WebRTCSessionDescription::new(WebRTCSDPType::Answer, sdp);
        self.webrtc
            .emit_by_name::<()>("set-remote-description", &[&answer, &None::<gst::Promise>]);
    }

    /// Runs until `frames` frames have been decoded.
    pub async fn until_decoded(&mut self, frames: u32) {
        soon("frames are decoded", async {
            while self.decoded < frames {
                self.next().await;
            }
        })
        .await;
    }

    /// Processes the next event. May be cancelled and called again.
    pub async fn next(&mut self) {
        match self.events.recv().await.unwrap() {
            Happened::Decoded => self.decoded += 1,
            Happened::Message(message) => self.messages.push(message),
            _ => {}
        }
    }

    /// Sends on the data channel, if the host has opened it.
    pub fn try_input(&self, message: &str) {
        let channel = self.channel.as_ref().unwrap();
        let _ = channel.send_string_full(Some(message));
    }

    pub async fn leave(mut self) {
        self.channel = None;
        let pipeline = self.pipeline;
        tokio::task::spawn_blocking(move || pipeline.set_state(gst::State::Null).unwrap())
            .await
            .unwrap();
    }
}

/// Returns a receiver that is notified when all candidates have been gathered.
fn gathered(webrtc: &gst::Element) -> mpsc::UnboundedReceiver<()> {
    let (sender, receiver) = mpsc::unbounded_channel();
    webrtc.connect_notify(Some("ice-gathering-state"), move |webrtc, _| {
        let state: gst_webrtc::WebRTCICEGatheringState = webrtc.property("ice-gathering-state");
        if state == gst_webrtc::WebRTCICEGatheringState::Complete {
            let _ = sender.send(());
        }
    });
    receiver
}
