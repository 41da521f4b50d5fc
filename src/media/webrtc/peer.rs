//! A peer: its pipeline and webrtcbin, owned by one task on the main loop.
//!
//! webrtcbin's signals arrive on its own thread and are only forwarded. All decisions are made here, one at a time, so
//! that no teardown starts while a description is being set (see `teardown` for the reason).

mod build;
mod negotiate;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gst::prelude::*;

use super::consumer::KeyFrameRequests;
use super::fingerprint::FingerprintCheck;
use super::frame_meter::FrameMeter;
use super::media_gate;
use super::messages::{
    Inbox, PeerCommand, PeerEvent, PeerFailure, PeerInput, PeerOptions, Signal, SignalSender,
};
use super::offer::Offer;
use super::outbox::Outbox;
use super::pipeline::PeerPipeline;
use super::promise::{STEP, settled};
use super::sdp;
use super::signals::Connections;
use super::stats::PeerStats;
use super::streams::Streams;
use super::teardown;
use crate::media::rate::congestion::{CongestionController, START_KBPS};
use crate::media::runtime::blocking::run_blocking;
use crate::media::runtime::mailbox::{MailboxSender, Sent};
use crate::media::runtime::peer_id::PeerId;
use crate::media::share::pool::EncoderPool;

/// Timeout from the viewer's request to the connection.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// Maximum number of data channels that a viewer may open by itself before it is disconnected: each costs threads.
const FOREIGN_CHANNELS: u32 = 2;

/// Runs one peer, from the request to the end of its teardown.
pub(crate) async fn run(
    id: PeerId,
    pool: Rc<EncoderPool>,
    options: PeerOptions,
    signals: SignalSender,
    mut inbox: Inbox,
    events: MailboxSender<PeerEvent>,
) {
    let reason = match Peer::build(id, &pool, &options, signals).await {
        Ok(mut peer) => {
            // The viewer's input is released when the last of its message sinks is dropped.
            drop(options);
            let reason = peer.live(&mut inbox, &events).await.err().map(PeerFailure::Other);
            end(id, reason, &events);
            return peer.take_down(id, &mut inbox).await;
        }
        Err(reason) => reason,
    };
    end(id, Some(reason), &events);
}

fn end(id: PeerId, reason: Option<PeerFailure>, events: &MailboxSender<PeerEvent>) {
    match reason {
        Some(reason) => {
            tracing::info!(peer = %id, %reason, "the peer has ended");
            events.send(PeerEvent::Failed(reason));
        }
        None => tracing::debug!(peer = %id, "the viewer has closed the peer"),
    }
}

/// A peer.
struct Peer {
    pipeline: PeerPipeline,
    fingerprint: Arc<FingerprintCheck>,
    connections: Connections,
    streams: Streams,
    /// Congestion controller of its link.
    congestion: CongestionController,
    key_frame_requests: KeyFrameRequests,
    meter: FrameMeter,
    outbox: Outbox,
    role: Role,
    phase: Phase,
    gathering: Gathering,
    counts: ViewerCounts,
}

/// Counts of what the viewer may do a few times.
#[derive(Default)]
struct ViewerCounts {
    foreign_channels: u32,
    /// Those that were passed to webrtcbin, and those that were too many.
    candidates: usize,
}

/// The side of the negotiation that the host takes.
enum Role {
    /// The host offers; `None` until the offer has been created.
    Offerer { offer: Option<String> },
    /// The viewer offers.
    Answerer { offer: Offer },
}

/// Progress of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Negotiating and connecting; must be finished by the deadline.
    Handshake { deadline: Instant },
    /// Connected; media flows.
    Connected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gathering {
    New,
    Running,
    Complete,
}

impl Peer {
    /// Negotiates and serves, until the viewer closes the peer (`Ok`) or the peer fails (the reason).
    async fn live(&mut self, inbox: &mut Inbox, events: &MailboxSender<PeerEvent>) -> Result<(), String> {
        if let Role::Answerer { offer } = &self.role {
            let offer = offer.clone();
            let answer = self.make_answer(&offer).await?;
            self.start_rate(offer.transport_cc.is_some());
            self.start().await?;
            let candidates = self.gather(inbox).await?;
            notify(
                events,
                PeerEvent::Answer(sdp::with_candidates(&answer, &candidates)),
            )?;
        } else {
            self.start().await?;
        }
        self.serve(inbox, events).await
    }

    async fn start(&self) -> Result<(), String> {
        let pipeline = self.pipeline.pipeline.clone();
        match run_blocking("peer-start", STEP, move || {
            pipeline.set_state(gst::State::Playing)
        })
        .await
        {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(format!("Cannot start the pipeline: {error}")),
            None => Err(format!(
                "The pipeline has not started within {} s",
                STEP.as_secs()
            )),
        }
    }

    /// Processes inputs, until the viewer closes the peer (`Ok`) or the peer fails (the reason).
    async fn serve(&mut self, inbox: &mut Inbox, events: &MailboxSender<PeerEvent>) -> Result<(), String> {
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
                PeerInput::Closed => return Ok(()),
                PeerInput::Command(command) => self.command(command, events).await?,
                PeerInput::Signal(signal) => self.signal(signal, events).await?,
            }
        }
    }

    fn overdue(&self) -> String {
        let what = match self.role {
            Role::Offerer { offer: None } => "The pipeline has encoded no frame, so no offer was made",
            Role::Offerer { .. } => "The viewer has not answered and connected",
            Role::Answerer { .. } => "The viewer has not connected",
        };
        format!("{what} within {} s", HANDSHAKE.as_secs())
    }

    async fn command(
        &mut self,
        command: PeerCommand,
        events: &MailboxSender<PeerEvent>,
    ) -> Result<(), String> {
        match command {
            PeerCommand::Answer(sdp) => self.apply_answer(&sdp, events).await?,
            PeerCommand::Candidate {
                candidate,
                sdp_m_line_index,
            } => {
                self.add_candidate(&candidate, sdp_m_line_index);
            }
            PeerCommand::Message(message) => {
                self.outbox.push(message);
                self.flush_outbox();
            }
            PeerCommand::Bitrate { kbps } => {
                self.congestion.set_most(kbps);
                self.follow_congestion();
            }
            PeerCommand::Pause(paused) => self.streams.set_paused(paused),
            PeerCommand::KeyFrame => self.streams.request_key_frame(),
            PeerCommand::Stats(reply) => reply.send(self.stats().await),
        }
        Ok(())
    }

    fn flush_outbox(&mut self) {
        if let Some(channel) = &self.pipeline.channel {
            self.outbox.flush(channel);
        }
    }

    /// Sets the start rate: for a viewer that reports arrivals it is the others' rate, or that for an unknown link.
    fn start_rate(&mut self, reports_arrivals: bool) {
        let Some(video) = &self.streams.video else {
            return;
        };
        if reports_arrivals {
            self.congestion
                .start_at(video.others_kbps().unwrap_or(START_KBPS));
        }
        self.follow_congestion();
    }

    fn follow_congestion(&self) {
        if let Some(video) = &self.streams.video {
            video.set_kbps(self.congestion.kbps());
        }
    }

    async fn stats(&mut self) -> PeerStats {
        let (promise, reply) = gst::Promise::new_future();
        self.pipeline
            .webrtc
            .emit_by_name::<()>("get-stats", &[&None::<gst::Pad>, &promise]);
        let mut stats = match settled(reply).await {
            Ok(Some(reply)) => PeerStats::read(&reply),
            _ => PeerStats::default(),
        };
        if let Some(encoder) = self.streams.encoder() {
            self.meter.measure(&encoder, &mut stats);
            stats.available_kbps = Some(self.congestion.kbps());
        }
        stats
    }

    async fn signal(&mut self, signal: Signal, events: &MailboxSender<PeerEvent>) -> Result<(), String> {
        match signal {
            Signal::NegotiationNeeded if matches!(self.role, Role::Offerer { offer: None }) => {
                self.make_offer(events).await?;
            }
            // webrtcbin repeats the signal for a negotiation that is already under way.
            Signal::NegotiationNeeded => {}
            Signal::LocalCandidate {
                candidate,
                sdp_m_line_index,
            } => {
                if sdp::is_useful_candidate(&candidate) {
                    notify(
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
                notify(
                    events,
                    PeerEvent::Candidate {
                        candidate: String::new(),
                        sdp_m_line_index: 0,
                    },
                )?;
            }
            Signal::Connected => {
                if self.phase == Phase::Connected {
                    // Packets sent during the interruption are lost.
                    self.streams.request_key_frame();
                }
                self.phase = Phase::Connected;
                // The sinks inside webrtcbin know the latency only now; RTCP's clock needs it.
                let _ = self.pipeline.pipeline.recalculate_latency();
                let (video, sound) = (self.pipeline.video.take(), self.pipeline.sound.take());
                self.streams.connect(video, sound);
                if self.streams.is_empty() {
                    let webrtc = self.pipeline.webrtc.clone();
                    let ask = move || media_gate::request_key_frames(&webrtc);
                    run_blocking("peer-key-frames", STEP, ask).await;
                }
                notify(events, PeerEvent::Connected)?;
            }
            Signal::FingerprintMismatch => {
                tracing::warn!("a viewer's certificate does not match the fingerprint in its answer");
                return Err(
                    "The certificate of the connection does not match the fingerprint in the answer"
                        .to_owned(),
                );
            }
            Signal::Report(packets) => {
                self.congestion.report(&packets);
                self.follow_congestion();
            }
            Signal::ChannelOpened => {
                // Frames sent before the viewer had finished its handshake are lost; on a still screen no others would
                // follow.
                self.streams.request_key_frame();
                notify(events, PeerEvent::ChannelOpen)?;
            }
            Signal::ChannelDrained => self.flush_outbox(),
            Signal::KeyFrameRequest => {
                self.key_frame_requests.take();
                if self.phase == Phase::Connected {
                    self.streams.request_key_frame();
                }
            }
            Signal::ForeignChannel => {
                self.counts.foreign_channels += 1;
                if self.counts.foreign_channels > FOREIGN_CHANNELS {
                    return Err("The viewer opened too many data channels".to_owned());
                }
            }
            Signal::Lost(reason) => return Err(reason),
        }
        Ok(())
    }

    async fn take_down(mut self, id: PeerId, inbox: &mut Inbox) {
        self.fingerprint.close();
        self.streams.disconnect();
        if self.gathering == Gathering::Running {
            teardown::wait_for_gathering(inbox).await;
        }
        self.connections.disconnect();
        self.pipeline.channel = None;
        self.pipeline.unordered = None;
        teardown::stop(id, self.pipeline.pipeline, self.pipeline.webrtc).await;
    }
}

/// Sends an event. Fails if the viewer's task does not receive events, and the peer is then closed.
fn notify(events: &MailboxSender<PeerEvent>, event: PeerEvent) -> Result<(), String> {
    match events.send(event) {
        Sent::Queued => Ok(()),
        Sent::Full | Sent::Closed => Err("The viewer's task does not receive events".to_owned()),
    }
}
