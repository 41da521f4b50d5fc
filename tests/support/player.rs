//! A player without a browser: a webrtcbin that offers to receive a picture, and decodes what comes.

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCSDPType, WebRTCSessionDescription};
use tokio::sync::mpsc;

use super::soon;
use super::viewer::{self, Happened};

pub struct Player {
    pipeline: gst::Pipeline,
    webrtc: gst::Element,
    events: mpsc::UnboundedReceiver<Happened>,
    channel: Option<WebRTCDataChannel>,
    /// With all candidates.
    pub offer: String,
    decoded: u32,
}

impl Player {
    pub async fn new() -> Self {
        Self::start(false).await
    }

    /// One that offers a data channel, too.
    pub async fn with_channel() -> Self {
        Self::start(true).await
    }

    async fn start(with_channel: bool) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let pipeline = gst::Pipeline::new();
        let webrtc = viewer::webrtcbin(&pipeline, &sender);
        let caps = gst::Caps::builder("application/x-rtp")
            .field("media", "video")
            .field("encoding-name", "VP8")
            .field("payload", 96)
            .field("clock-rate", 90_000)
            .build();
        let direction = gst_webrtc::WebRTCRTPTransceiverDirection::Recvonly;
        webrtc.emit_by_name::<gst_webrtc::WebRTCRTPTransceiver>("add-transceiver", &[&direction, &caps]);
        pipeline.set_state(gst::State::Playing).unwrap();
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
        let (gathered, mut complete) = mpsc::unbounded_channel();
        webrtc.connect_notify(Some("ice-gathering-state"), move |webrtc, _| {
            let state: gst_webrtc::WebRTCICEGatheringState = webrtc.property("ice-gathering-state");
            if state == gst_webrtc::WebRTCICEGatheringState::Complete {
                let _ = gathered.send(());
            }
        });
        webrtc.emit_by_name::<()>("create-offer", &[&None::<gst::Structure>, &made]);
        soon("all candidates are found", complete.recv()).await.unwrap();
        let description: WebRTCSessionDescription = webrtc.property("local-description");
        Self {
            offer: description.sdp().as_text().unwrap(),
            pipeline,
            webrtc,
            events,
            channel,
            decoded: 0,
        }
    }

    /// Takes the host's answer.
    pub fn take_answer(&self, answer: &str) {
        let sdp = gst_sdp::SDPMessage::parse_buffer(answer.as_bytes()).unwrap();
        let answer = WebRTCSessionDescription::new(WebRTCSDPType::Answer, sdp);
        self.webrtc
            .emit_by_name::<()>("set-remote-description", &[&answer, &None::<gst::Promise>]);
    }

    /// Goes on until so many frames have been decoded.
    pub async fn until_decoded(&mut self, frames: u32) {
        soon("frames are decoded", async {
            while self.decoded < frames {
                if let Happened::Decoded = self.events.recv().await.unwrap() {
                    self.decoded += 1;
                }
            }
        })
        .await;
    }

    /// Sends on the channel, if the host has let it open.
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
