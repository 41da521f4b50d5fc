//! A viewer without a browser: its webrtcbin answers, decodes, and sends on the data channel.

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCSDPType, WebRTCSessionDescription};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::signaling::Client;
use super::{DEADLINE, soon};

pub struct Viewer {
    pub client: Client,
    pipeline: gst::Pipeline,
    webrtc: gst::Element,
    events: mpsc::UnboundedReceiver<Happened>,
    channel: Option<WebRTCDataChannel>,
    motion: Option<WebRTCDataChannel>,
    /// Number of decoded frames.
    pub decoded: u32,
    pub encoded: u32,
    pub key_frames: u32,
    /// The last error that the host has sent.
    pub error: Option<Value>,
    /// The replies to `get-stats`.
    pub stats: Vec<Value>,
    /// The messages of the host on the data channel.
    pub messages: Vec<Value>,
}

#[derive(Debug)]
pub(super) enum Happened {
    Candidate(u32, String),
    Answer(WebRTCSessionDescription),
    /// A frame has arrived; true if it is a key frame.
    Encoded(bool),
    Decoded,
    Channel(WebRTCDataChannel),
    ChannelOpen,
    Message(Value),
}

/// Options of a viewer.
#[derive(Clone, Copy)]
pub struct ViewerOptions {
    pub codecs: &'static [&'static str],
    pub change_answer: fn(String) -> String,
    /// The viewer waits for the host's DTLS handshake instead of beginning it.
    pub is_dtls_server: bool,
    /// False if frames are only counted on arrival.
    pub decode: bool,
    /// The client capabilities in the hello message.
    pub capabilities: &'static [&'static str],
}

impl ViewerOptions {
    pub const DEFAULT: Self = Self {
        codecs: &["H264", "VP8"],
        change_answer: |sdp| sdp,
        is_dtls_server: false,
        decode: true,
        capabilities: &[],
    };
}

impl Default for ViewerOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Viewer {
    /// Connects, and negotiates until the answer is acknowledged. Also returns the offer.
    pub async fn join(url: &str, options: ViewerOptions) -> (Self, String) {
        Self::join_as(Client::connect(url).await, options).await
    }

    /// Negotiates on a socket that has just been opened.
    pub async fn join_as(mut client: Client, options: ViewerOptions) -> (Self, String) {
        gst::init().unwrap();
        assert_eq!(client.receive().await["type"], "welcome");
        client
            .send(json!({"type":"hello","id":"h","data":{
                "video_codecs": options.codecs, "capabilities": options.capabilities}}))
            .await;
        client
            .send(json!({"type":"request-offer","id":"r","data":{"constraints":{"video":true}}}))
            .await;
        let offer = client.receive().await;
        assert_eq!(
            (offer["type"].as_str(), offer["id"].as_str()),
            (Some("offer"), Some("r")),
            "{offer}"
        );
        let offer = offer["data"]["sdp"]["sdp"].as_str().unwrap().to_owned();

        let (sender, events) = mpsc::unbounded_channel();
        let pipeline = gst::Pipeline::new();
        let webrtc = webrtcbin(&pipeline, &sender, options.decode);
        pipeline.set_state(gst::State::Playing).unwrap();
        answer(&webrtc, &offer, options.is_dtls_server, &sender);
        let mut viewer = Self {
            client,
            pipeline,
            webrtc,
            events,
            channel: None,
            motion: None,
            decoded: 0,
            encoded: 0,
            key_frames: 0,
            error: None,
            stats: Vec::new(),
            messages: Vec::new(),
        };
        let description = soon("webrtcbin answers", async {
            loop {
                match viewer.events.recv().await.unwrap() {
                    Happened::Answer(description) => return description,
                    other => viewer.take(other).await,
                }
            }
        })
        .await;
        let sdp = (options.change_answer)(description.sdp().as_text().unwrap());
        viewer
            .client
            .send(json!({"type":"answer","id":"a","data":{"sdp":{"type":"answer","sdp":sdp}}}))
            .await;
        (viewer, offer)
    }

    /// Runs until `condition` is true.
    pub async fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + DEADLINE;
        while !condition(self) {
            tokio::select! {
                event = self.events.recv() => { let event = event.unwrap(); self.take(event).await; }
                frame = self.client.next_frame() => {
                    let frame = frame.unwrap_or_else(|| panic!("{what}: the host has closed the socket"));
                    self.take_message(&serde_json::from_str(frame.to_text().unwrap()).unwrap());
                }
                () = tokio::time::sleep_until(deadline) => panic!("{what}: not within {DEADLINE:?}"),
            }
        }
    }

    /// Returns true if the data channel is open.
    pub fn can_send(&self) -> bool {
        is_open(self.channel.as_ref())
    }

    /// Returns true if the data channel for motion was created before the other one.
    pub fn has_motion_first(&self) -> bool {
        let id = |channel: &Option<WebRTCDataChannel>| channel.as_ref().map(WebRTCDataChannel::id);
        id(&self.motion) < id(&self.channel)
    }

    /// Returns true if the data channel for motion is open.
    pub fn can_move(&self) -> bool {
        is_open(self.motion.as_ref())
    }

    /// Opens a data channel that the host does not expect.
    pub fn open_channel(&self, label: &str) -> WebRTCDataChannel {
        let options: Option<gst::Structure> = None;
        self.webrtc
            .emit_by_name("create-data-channel", &[&label, &options])
    }

    /// Sends a message on the data channel for motion, which must be open.
    pub fn send_motion(&self, data: Value) {
        let message = json!({"type": "mouse-move", "data": data}).to_string();
        self.motion
            .as_ref()
            .unwrap()
            .send_string_full(Some(&message))
            .unwrap();
    }

    /// Sends a message on the data channel, which must be open.
    pub fn send_input(&self, kind: &str, data: Value) {
        self.send_text(&json!({"type": kind, "data": data}).to_string());
    }

    /// Sends a text on the data channel, which must be open.
    pub fn send_text(&self, message: &str) {
        self.channel
            .as_ref()
            .unwrap()
            .send_string_full(Some(message))
            .unwrap();
    }

    /// Returns the width of the video, once it is decoded.
    pub fn width(&self) -> Option<i32> {
        let caps = self
            .pipeline
            .by_name("sink")?
            .static_pad("sink")?
            .current_caps()?;
        caps.structure(0)?.get("width").ok()
    }

    /// Returns the size of the video and its frame rate, from the decoder and the stream's parameters.
    pub fn picture(&self) -> Option<(i32, i32, gst::Fraction)> {
        let caps = |name: &str, pad: &str| self.pipeline.by_name(name)?.static_pad(pad)?.current_caps();
        let (decoded, parsed) = (caps("sink", "sink")?, caps("parse", "src")?);
        let decoded = decoded.structure(0)?;
        let rate = parsed.structure(0)?.get("framerate").ok()?;
        Some((decoded.get("width").ok()?, decoded.get("height").ok()?, rate))
    }

    /// Returns the brightness of the video, 0 to 255, a quarter from its top left corner, where no pointer is
    /// initially.
    pub fn brightness(&self) -> Option<u8> {
        let sample: gst::Sample = self
            .pipeline
            .by_name("sink")?
            .property::<Option<_>>("last-sample")?;
        let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer()?, &info).ok()?;
        let (x, y) = (info.width() as usize / 4, info.height() as usize / 4);
        let row = y * usize::try_from(info.stride()[0]).ok()?;
        frame.plane_data(0).ok()?.get(row + x).copied()
    }

    /// Calls a function with each video packet from now on, as it arrives and before it is depayloaded.
    pub fn on_packet(
        &self,
        look: impl Fn(&gst_rtp::RTPBuffer<gst_rtp::rtp_buffer::Readable>) + Send + Sync + 'static,
    ) {
        let pad = self.webrtc.src_pads().remove(0);
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            look(&gst_rtp::RTPBuffer::from_buffer_readable(info.buffer().unwrap()).unwrap());
            gst::PadProbeReturn::Ok
        });
    }

    /// Requests a key frame, as a decoder does after a loss.
    pub fn request_key_frame(&self) {
        let pad = self.webrtc.src_pads().remove(0);
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .build();
        assert!(pad.send_event(event), "the request was not handled");
    }

    /// Leaves like a closed page: the socket is closed first.
    pub async fn leave(mut self) {
        (self.channel, self.motion) = (None, None);
        drop(self.client);
        let pipeline = self.pipeline;
        tokio::task::spawn_blocking(move || pipeline.set_state(gst::State::Null).unwrap())
            .await
            .unwrap();
    }

    async fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Candidate(index, candidate) => {
                let candidate = json!({"candidate": candidate, "sdpMLineIndex": index, "sdpMid": null});
                self.client
                    .send(json!({"type":"ice-candidate","data":{"candidate":candidate}}))
                    .await;
            }
            Happened::Answer(_) => panic!("a second answer"),
            Happened::Encoded(is_key_frame) => {
                self.encoded += 1;
                self.key_frames += u32::from(is_key_frame);
            }
            Happened::Decoded => self.decoded += 1,
            Happened::Channel(channel) if channel.label().as_deref() == Some("motion") => {
                self.motion = Some(channel);
            }
            Happened::Channel(channel) => self.channel = Some(channel),
            Happened::ChannelOpen => {}
            Happened::Message(message) => self.messages.push(message),
        }
    }

    fn take_message(&mut self, message: &Value) {
        match message["type"].as_str() {
            Some("ice-candidate") => {
                let candidate = &message["data"]["candidate"];
                let text = candidate["candidate"].as_str().unwrap();
                let index = u32::try_from(candidate["sdpMLineIndex"].as_u64().unwrap()).unwrap();
                if !text.is_empty() {
                    self.webrtc
                        .emit_by_name::<()>("add-ice-candidate", &[&index, &text]);
                }
            }
            Some("stats") => self.stats.push(message.clone()),
            Some("answer-ack") => assert_eq!(message["id"], "a"),
            Some("error") => self.error = Some(message.clone()),
            _ => panic!("unexpected: {message}"),
        }
    }
}

fn is_open(channel: Option<&WebRTCDataChannel>) -> bool {
    channel.is_some_and(|channel| channel.ready_state() == gst_webrtc::WebRTCDataChannelState::Open)
}

pub(super) fn webrtcbin(
    pipeline: &gst::Pipeline,
    sender: &mpsc::UnboundedSender<Happened>,
    decodes: bool,
) -> gst::Element {
    let webrtc = gst::ElementFactory::make("webrtcbin")
        .property_from_str("bundle-policy", "max-bundle")
        .property("latency", 0u32)
        .build()
        .unwrap();
    let ice: gst::glib::Object = webrtc.property("ice-agent");
    ice.property::<gst::glib::Object>("agent")
        .set_property("upnp", false);
    pipeline.add(&webrtc).unwrap();
    let send = sender.clone();
    webrtc.connect("on-ice-candidate", false, move |values| {
        let _ = send.send(Happened::Candidate(
            values[1].get().unwrap(),
            values[2].get().unwrap(),
        ));
        None
    });
    let send = sender.clone();
    webrtc.connect("on-data-channel", false, move |values| {
        let channel: WebRTCDataChannel = values[1].get().unwrap();
        let _ = send.send(Happened::Channel(channel.clone()));
        let (opened, said) = (send.clone(), send.clone());
        channel.connect_on_open(move |_| drop(opened.send(Happened::ChannelOpen)));
        channel.connect_on_message_string(move |_, text| {
            let message = serde_json::from_str(text.unwrap()).unwrap();
            let _ = said.send(Happened::Message(message));
        });
        None
    });
    let send = sender.clone();
    let pipeline = pipeline.downgrade();
    webrtc.connect_pad_added(move |_, pad| receive(&pipeline.upgrade().unwrap(), pad, &send, decodes));
    webrtc
}

/// Counts the frames that leave `pad`, and decodes them if `decodes`.
fn receive(pipeline: &gst::Pipeline, pad: &gst::Pad, send: &mpsc::UnboundedSender<Happened>, decodes: bool) {
    let caps = pad.current_caps().unwrap();
    let text = match caps.structure(0).unwrap().get::<&str>("encoding-name").unwrap() {
        "H264" if !decodes => "rtph264depay name=depay ! fakesink name=sink sync=false",
        "VP8" if !decodes => "rtpvp8depay name=depay ! fakesink name=sink sync=false",
        "H264" => {
            "rtph264depay name=depay ! h264parse name=parse ! openh264dec ! fakesink name=sink sync=false"
        }
        "VP8" => "rtpvp8depay name=depay ! vp8dec ! fakesink name=sink sync=false",
        "AV1" => "rtpav1depay name=depay ! av1parse ! av1dec ! fakesink name=sink sync=false",
        // Sound is discarded.
        "OPUS" => {
            let sink = gst::ElementFactory::make("fakesink")
                .property("sync", false)
                .build()
                .unwrap();
            pipeline.add(&sink).unwrap();
            sink.sync_state_with_parent().unwrap();
            pad.link(&sink.static_pad("sink").unwrap()).unwrap();
            return;
        }
        other => panic!("the host sends {other}"),
    };
    let bin = gst::parse::bin_from_description(text, false).unwrap();
    let depay = bin.by_name("depay").unwrap();
    let ghost = gst::GhostPad::with_target(&depay.static_pad("sink").unwrap()).unwrap();
    bin.add_pad(&ghost).unwrap();
    let counted = send.clone();
    depay
        .static_pad("src")
        .unwrap()
        .add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let is_key_frame = info
                .buffer()
                .is_some_and(|buffer| !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT));
            let _ = counted.send(Happened::Encoded(is_key_frame));
            gst::PadProbeReturn::Ok
        });
    let counted = send.clone();
    let sink = bin.by_name("sink").unwrap();
    sink.static_pad("sink")
        .unwrap()
        .add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let _ = counted.send(Happened::Decoded);
            gst::PadProbeReturn::Ok
        });
    pipeline.add(&bin).unwrap();
    bin.sync_state_with_parent().unwrap();
    pad.link(&ghost).unwrap();
}

/// Sets the offer, creates the answer and sets that.
pub(super) fn answer(
    webrtc: &gst::Element,
    offer: &str,
    is_dtls_server: bool,
    sender: &mpsc::UnboundedSender<Happened>,
) {
    let sdp = gst_sdp::SDPMessage::parse_buffer(offer.as_bytes()).unwrap();
    let offer = WebRTCSessionDescription::new(WebRTCSDPType::Offer, sdp);
    let (send, weak) = (sender.clone(), webrtc.downgrade());
    let set = gst::Promise::with_change_func(move |_| {
        let webrtc = weak.upgrade().unwrap();
        let weak = webrtc.downgrade();
        let made = gst::Promise::with_change_func(move |reply| {
            let answer: WebRTCSessionDescription = reply.unwrap().unwrap().get("answer").unwrap();
            let answer = if is_dtls_server { passive(&answer) } else { answer };
            let webrtc = weak.upgrade().unwrap();
            webrtc.emit_by_name::<()>("set-local-description", &[&answer, &None::<gst::Promise>]);
            let _ = send.send(Happened::Answer(answer));
        });
        webrtc.emit_by_name::<()>("create-answer", &[&None::<gst::Structure>, &made]);
    });
    webrtc.emit_by_name::<()>("set-remote-description", &[&offer, &set]);
}

/// Returns the same answer as one that lets the other side begin the DTLS handshake (RFC 5763 section 5).
fn passive(answer: &WebRTCSessionDescription) -> WebRTCSessionDescription {
    let text = answer.sdp().as_text().unwrap();
    let text = text.replace("a=setup:active", "a=setup:passive");
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).unwrap();
    WebRTCSessionDescription::new(WebRTCSDPType::Answer, sdp)
}
