//! One viewer's pipeline and webrtcbin, owned by one task on the main loop.
//!
//! webrtcbin's signals arrive on its own thread and only send; everything is decided here, one thing at a time, so
//! that nothing is torn down while a description is being set (`teardown` says why that matters).

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gst::prelude::*;
use gst_webrtc::{
    WebRTCDataChannel, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection, WebRTCSDPType,
    WebRTCSessionDescription,
};

use super::capture::Capture;
use super::gate::Gate;
use super::parse;
use super::plan::{FRAMES, Plan, WEBRTC};
use super::playout_delay;
use super::sdp::{self, Answer};
use super::seam::{
    EventSender, Inbox, Input, MessageSink, PeerCommand, PeerEvent, PeerId, PeerOptions, Signal,
    SignalSender, off_loop,
};
use super::signals::Connections;
use super::teardown;

/// How long the viewer has from its request until it is connected.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How long webrtcbin may take for one step.
const STEP: Duration = Duration::from_secs(5);
/// The data channel for input. Clients in the field keep the last channel that is announced, so there is one.
const CHANNEL: &str = "input";
/// How many data channels a viewer may open by itself before it is shown out: each costs threads.
const FOREIGN_CHANNELS: u32 = 2;

/// The life of one peer, from the request to the end of its teardown.
pub(super) async fn run(
    id: PeerId,
    plan: Rc<Plan>,
    capture: Option<Rc<Capture>>,
    options: PeerOptions,
    signals: SignalSender,
    mut inbox: Inbox,
    events: EventSender,
) {
    let reason = match Peer::build(&plan, capture, &options, signals) {
        Ok(mut peer) => {
            let reason = match peer.start().await {
                Ok(()) => peer.serve(&mut inbox, &events).await.err(),
                Err(reason) => Some(reason),
            };
            tell_end(id, reason, &events);
            return peer.take_down(id, &mut inbox).await;
        }
        Err(reason) => reason,
    };
    tell_end(id, Some(reason), &events);
}

fn tell_end(id: PeerId, reason: Option<String>, events: &EventSender) {
    match reason {
        Some(reason) => {
            tracing::info!(peer = %id, %reason, "the peer ends");
            events.send(PeerEvent::Failed(reason));
        }
        None => tracing::debug!(peer = %id, "the viewer lets go of the peer"),
    }
}

/// What a peer is made of.
struct Peer {
    pipeline: gst::Pipeline,
    webrtc: gst::Element,
    gate: Arc<Gate>,
    connections: Connections,
    feed: Option<gst_utils::ConsumptionLink>,
    /// Keeps the shared capture running.
    _capture: Option<Rc<Capture>>,
    offer: Option<String>,
    phase: Phase,
    gathering: Gathering,
    foreign_channels: u32,
}

/// How far a peer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The offer is due, or the answer, or the connection; all before the deadline.
    Handshake { deadline: Instant },
    /// Media flows.
    Connected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gathering {
    New,
    Running,
    Complete,
}

impl Peer {
    fn build(
        plan: &Plan,
        capture: Option<Rc<Capture>>,
        options: &PeerOptions,
        signals: SignalSender,
    ) -> Result<Self, String> {
        let encoder = plan.encoder_for(&options.codecs)?;
        let text = plan.viewer_text(encoder);
        let pipeline = parse::parse("the viewer's pipeline", &text).map_err(|error| error.to_string())?;
        let webrtc = pipeline
            .by_name(WEBRTC)
            .ok_or("there is no webrtcbin called \"webrtc\"")?;
        restrict_ice(&webrtc);
        if let Some(payloader) = pipeline.by_name("pay") {
            playout_delay::add_to(&payloader);
        }
        send_only_with_retransmission(&webrtc);
        let mut feed = None;
        if let Some(capture) = &capture {
            capture.share_clock(&pipeline);
            let frames = pipeline
                .by_name(FRAMES)
                .and_then(|element| element.downcast::<gst_app::AppSrc>().ok());
            feed = Some(capture.feed(&frames.ok_or("there is no appsrc called \"frames\"")?)?);
        }
        let gate = Arc::new(Gate::new(&webrtc));
        let mut connections = Connections::watch(&pipeline, &webrtc, &gate, signals)?;
        // A data channel can be made from READY on, and has to be there before the first offer.
        pipeline
            .set_state(gst::State::Ready)
            .map_err(|error| error.to_string())?;
        if let Some(sink) = &options.messages {
            let channel = create_channel(&webrtc)?;
            connections.watch_channel(&channel, &gate, MessageSink::clone(sink));
        }
        Ok(Self {
            pipeline,
            webrtc,
            gate,
            connections,
            feed,
            _capture: capture,
            offer: None,
            phase: Phase::Handshake {
                deadline: Instant::now() + HANDSHAKE,
            },
            gathering: Gathering::New,
            foreign_channels: 0,
        })
    }

    async fn start(&self) -> Result<(), String> {
        let pipeline = self.pipeline.clone();
        match off_loop("peer-start", STEP, move || {
            pipeline.set_state(gst::State::Playing)
        })
        .await
        {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(format!("The pipeline does not start: {error}")),
            None => Err(format!(
                "The pipeline has not started within {} s",
                STEP.as_secs()
            )),
        }
    }

    /// Does what comes in, until the viewer lets go (`Ok`) or the peer is lost (the reason).
    async fn serve(&mut self, inbox: &mut Inbox, events: &EventSender) -> Result<(), String> {
        loop {
            let input = match self.phase {
                Phase::Connected => inbox.next().await,
                Phase::Handshake { deadline } => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    glib::future_with_timeout(left, inbox.next())
                        .await
                        .map_err(|_| self.overdue())?
                }
            };
            match input {
                Input::Closed => return Ok(()),
                Input::Command(PeerCommand::Answer(sdp)) => self.apply_answer(&sdp, events).await?,
                Input::Command(PeerCommand::Candidate {
                    candidate,
                    sdp_m_line_index,
                }) => {
                    self.add_candidate(&candidate, sdp_m_line_index);
                }
                Input::Signal(signal) => self.signal(signal, events).await?,
            }
        }
    }

    fn overdue(&self) -> String {
        let what = match self.offer {
            None => "The pipeline has delivered no encoded frame, so there is no offer,",
            Some(_) => "The viewer has not answered and connected",
        };
        format!("{what} within {} s", HANDSHAKE.as_secs())
    }

    async fn signal(&mut self, signal: Signal, events: &EventSender) -> Result<(), String> {
        match signal {
            Signal::NegotiationNeeded if self.offer.is_none() => self.make_offer(events).await?,
            // webrtcbin asks again for what is being negotiated already.
            Signal::NegotiationNeeded => {}
            Signal::LocalCandidate {
                candidate,
                sdp_m_line_index,
            } => {
                if sdp::is_useful_candidate(&candidate) {
                    tell(
                        events,
                        PeerEvent::Candidate {
                            candidate,
                            sdp_m_line_index,
                        },
                    )?;
                }
            }
            Signal::GatheringComplete => {
                self.gathering = Gathering::Complete;
                tell(
                    events,
                    PeerEvent::Candidate {
                        candidate: String::new(),
                        sdp_m_line_index: 0,
                    },
                )?;
            }
            Signal::Connected => {
                self.phase = Phase::Connected;
                // The sinks inside webrtcbin can tell the latency only now; RTCP's clock needs it.
                let _ = self.pipeline.recalculate_latency();
                tell(events, PeerEvent::Connected)?;
            }
            Signal::Impostor => {
                tracing::warn!("a peer's certificate is not the one that its answer announced");
                return Err(
                    "The certificate of the connection is not the one that the answer announced".to_owned(),
                );
            }
            Signal::ChannelOpened => tracing::debug!("the data channel is open"),
            Signal::ForeignChannel => {
                self.foreign_channels += 1;
                if self.foreign_channels > FOREIGN_CHANNELS {
                    return Err("The viewer opens data channels that nobody asked for".to_owned());
                }
            }
            Signal::Lost(reason) => return Err(reason),
        }
        Ok(())
    }

    async fn make_offer(&mut self, events: &EventSender) -> Result<(), String> {
        let (promise, reply) = gst::Promise::new_future();
        self.webrtc
            .emit_by_name::<()>("create-offer", &[&None::<gst::Structure>, &promise]);
        let reply = settled(reply)
            .await
            .map_err(|error| format!("No offer: {error}"))?;
        let offer = reply
            .and_then(|reply| reply.get::<WebRTCSessionDescription>("offer").ok())
            .ok_or("webrtcbin made no offer")?;
        let text = offer.sdp().as_text().map_err(|error| error.to_string())?;
        self.set_description("set-local-description", &offer).await?;
        if self.gathering == Gathering::New {
            self.gathering = Gathering::Running;
        }
        self.offer = Some(text.clone());
        tell(events, PeerEvent::Offer(text))
    }

    async fn apply_answer(&mut self, text: &str, events: &EventSender) -> Result<(), String> {
        let Some(offer) = &self.offer else {
            return tell(
                events,
                PeerEvent::AnswerRefused("There is no offer yet".to_owned()),
            );
        };
        let checked = Answer::check(text, offer).and_then(|answer| {
            let sdp = gst_sdp::SDPMessage::parse_buffer(answer.sdp.as_bytes())
                .map_err(|_| "The answer is not a session description".to_owned())?;
            Ok((
                answer.fingerprint,
                WebRTCSessionDescription::new(WebRTCSDPType::Answer, sdp),
            ))
        });
        let (fingerprint, description) = match checked {
            Ok(checked) => checked,
            Err(reason) => return tell(events, PeerEvent::AnswerRefused(reason)),
        };
        self.gate.expect(fingerprint);
        match self.set_description("set-remote-description", &description).await {
            Ok(()) => tell(events, PeerEvent::AnswerApplied),
            Err(reason) => tell(events, PeerEvent::AnswerRefused(reason)),
        }
    }

    async fn set_description(
        &self,
        signal: &str,
        description: &WebRTCSessionDescription,
    ) -> Result<(), String> {
        let (promise, reply) = gst::Promise::new_future();
        self.webrtc.emit_by_name::<()>(signal, &[description, &promise]);
        settled(reply)
            .await
            .map(drop)
            .map_err(|error| format!("{signal}: {error}"))
    }

    /// mDNS names stay out: webrtcbin 1.22 crashes and leaks on them, and the browser's own checks make the pair.
    fn add_candidate(&self, candidate: &str, sdp_m_line_index: u32) {
        if !sdp::is_mdns_candidate(candidate) {
            self.webrtc
                .emit_by_name::<()>("add-ice-candidate", &[&sdp_m_line_index, &candidate]);
        }
    }

    async fn take_down(mut self, id: PeerId, inbox: &mut Inbox) {
        self.gate.close();
        self.feed = None;
        if self.gathering == Gathering::Running {
            teardown::wait_for_gathering(inbox).await;
        }
        self.connections.disconnect();
        teardown::stop(id, self.pipeline, self.webrtc).await;
    }
}

/// Gives up a peer whose viewer's task does not listen.
fn tell(events: &EventSender, event: PeerEvent) -> Result<(), String> {
    if events.send(event) {
        Ok(())
    } else {
        Err("The viewer's task does not listen".to_owned())
    }
}

/// What a promise of webrtcbin's came to, within bounds.
async fn settled<R: std::ops::Deref<Target = gst::StructureRef>>(
    reply: impl Future<Output = Result<Option<R>, gst::PromiseError>>,
) -> Result<Option<gst::Structure>, String> {
    let reply = glib::future_with_timeout(STEP, reply)
        .await
        .map_err(|_| format!("no reply within {} s", STEP.as_secs()))?
        .map_err(|error| format!("{error:?}"))?;
    let reply = reply.as_deref().map(ToOwned::to_owned);
    match reply
        .as_ref()
        .and_then(|reply| reply.get::<glib::Error>("error").ok())
    {
        Some(error) => Err(error.message().to_owned()),
        None => Ok(reply),
    }
}

/// Keeps libnice from opening ports on the router, and from offering TCP, which may block in it.
fn restrict_ice(webrtc: &gst::Element) {
    let ice: Option<glib::Object> = webrtc.property("ice-agent");
    if let Some(agent) = ice.and_then(|ice| ice.property::<Option<glib::Object>>("agent")) {
        agent.set_property("upnp", false);
        agent.set_property("ice-tcp", false);
    }
}

/// The host only sends, and sends again what is lost: at half a percent of loss video stands still without it.
fn send_only_with_retransmission(webrtc: &gst::Element) {
    for pad in webrtc.sink_pads() {
        let transceiver: WebRTCRTPTransceiver = pad.property("transceiver");
        transceiver.set_direction(WebRTCRTPTransceiverDirection::Sendonly);
        transceiver.set_property("do-nack", true);
    }
}

fn create_channel(webrtc: &gst::Element) -> Result<WebRTCDataChannel, String> {
    let options = gst::Structure::builder("config").field("ordered", true).build();
    webrtc
        .emit_by_name::<Option<WebRTCDataChannel>>("create-data-channel", &[&CHANNEL, &options])
        .ok_or_else(|| "webrtcbin makes no data channel".to_owned())
}
