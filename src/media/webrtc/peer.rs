//! One viewer's pipeline and webrtcbin, owned by one task on the main loop.
//!
//! webrtcbin's signals arrive on its own thread and only send; everything is decided here, one thing at a time, so
//! that nothing is torn down while a description is being set (`teardown` says why that matters).

mod build;
mod negotiate;

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gst::prelude::*;

use super::build::PeerPipeline;
use super::fingerprint::FingerprintCheck;
use super::messages::{PeerCommand, PeerEvent, PeerId, PeerInput, PeerOptions, Signal};
use super::offer::Offer;
use super::sdp;
use super::signals::Connections;
use super::stats::PeerStats;
use super::teardown;
use crate::media::latency::SendTimes;
use crate::media::rate::congestion::{CongestionController, START_KBPS};
use crate::media::runtime::mailbox::{EventSender, Inbox, SignalSender, run_blocking};
use crate::media::share::pool::EncoderPool;
use crate::media::share::subscription::Subscription;

use super::promise::{STEP, settled};

/// How long the viewer has from its request until it is connected.
const HANDSHAKE: Duration = Duration::from_secs(15);
/// How much may wait in the data channel, in bytes.
const MAX_BUFFERED: u64 = 16 * 1024;
/// How many messages may wait for room there. The oldest are dropped: they are worth the least.
const OUTBOX: usize = 16;
/// How many data channels a viewer may open by itself before it is shown out: each costs threads.
const FOREIGN_CHANNELS: u32 = 2;

/// The life of one peer, from the request to the end of its teardown.
pub(crate) async fn run(
    id: PeerId,
    pool: Rc<EncoderPool>,
    options: PeerOptions,
    signals: SignalSender,
    mut inbox: Inbox,
    events: EventSender,
) {
    let reason = match Peer::build(id, &pool, &options, signals).await {
        Ok(mut peer) => {
            // What the viewer holds goes up when the last of its sinks does.
            drop(options);
            let reason = peer.live(&mut inbox, &events).await.err();
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
    parts: PeerPipeline,
    gate: Arc<FingerprintCheck>,
    connections: Connections,
    /// Its place among those who share an encoder.
    subscription: Option<Subscription>,
    /// What its line carries.
    congestion: CongestionController,
    send_times: SendTimes,
    /// Messages that the data channel has no room for yet.
    outbox: VecDeque<String>,
    role: Role,
    phase: Phase,
    gathering: Gathering,
    foreign_channels: u32,
    /// How many frames had been encoded when, the last time somebody asked.
    counted: (u64, Instant),
}

/// Who offers.
enum Role {
    /// We do. The text is there once it has been made.
    Offerer { offer: Option<String> },
    /// The viewer does.
    Answerer { offer: Offer },
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
    RunningPipeline,
    Complete,
}

impl Peer {
    /// Negotiates and serves, until the viewer lets go (`Ok`) or the peer is lost (the reason).
    async fn live(&mut self, inbox: &mut Inbox, events: &EventSender) -> Result<(), String> {
        if let Role::Answerer { offer } = &self.role {
            let offer = offer.clone();
            let answer = self.make_answer(&offer).await?;
            self.start_rate(offer.transport_cc.is_some());
            self.start().await?;
            let candidates = self.gather(inbox).await?;
            tell(
                events,
                PeerEvent::Answer(sdp::with_candidates(&answer, &candidates)),
            )?;
        } else {
            self.start().await?;
        }
        self.serve(inbox, events).await
    }

    async fn start(&self) -> Result<(), String> {
        let pipeline = self.parts.pipeline.clone();
        match run_blocking("peer-start", STEP, move || {
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
                PeerInput::Closed => return Ok(()),
                PeerInput::Command(command) => self.command(command, events).await?,
                PeerInput::Signal(signal) => self.signal(signal, events).await?,
            }
        }
    }

    fn overdue(&self) -> String {
        let what = match self.role {
            Role::Offerer { offer: None } => {
                "The pipeline has delivered no encoded frame, so there is no offer,"
            }
            Role::Offerer { .. } => "The viewer has not answered and connected",
            Role::Answerer { .. } => "The viewer has not connected",
        };
        format!("{what} within {} s", HANDSHAKE.as_secs())
    }

    async fn command(&mut self, command: PeerCommand, events: &EventSender) -> Result<(), String> {
        match command {
            PeerCommand::Answer(sdp) => self.apply_answer(&sdp, events).await?,
            PeerCommand::Candidate {
                candidate,
                sdp_m_line_index,
            } => {
                self.add_candidate(&candidate, sdp_m_line_index);
            }
            PeerCommand::Message(message) => {
                if self.outbox.len() == OUTBOX {
                    self.outbox.pop_front();
                }
                self.outbox.push_back(message);
                self.flush_outbox();
            }
            PeerCommand::Bitrate { kbps } => {
                self.congestion.set_most(kbps);
                self.follow_congestion();
            }
            PeerCommand::Pause(paused) => {
                self.subscription
                    .as_ref()
                    .inspect(|subscription| subscription.set_paused(paused));
            }
            PeerCommand::KeyFrame => {
                self.subscription
                    .as_ref()
                    .inspect(|subscription| subscription.want_key_frame());
            }
            PeerCommand::Stats(reply) => reply.send(self.stats().await),
        }
        Ok(())
    }

    /// Sends what waits as far as there is room.
    fn flush_outbox(&mut self) {
        let Some(channel) = &self.parts.channel else {
            return;
        };
        if channel.ready_state() != gst_webrtc::WebRTCDataChannelState::Open {
            return self.outbox.clear();
        }
        while let Some(message) = self.outbox.front() {
            // More than this unacknowledged, and a viewer that stops would keep the pipeline from ever stopping.
            // A single long one may go alone.
            let waiting = channel.buffered_amount();
            if waiting > 0 && waiting + message.len() as u64 > MAX_BUFFERED {
                return;
            }
            let _ = channel.send_string_full(Some(message));
            self.outbox.pop_front();
        }
    }

    /// Who tells what arrives begins with what the others get, or as one of whose line nothing is known.
    fn start_rate(&mut self, reports_arrivals: bool) {
        let Some(subscription) = &self.subscription else {
            return;
        };
        if reports_arrivals {
            self.congestion
                .start_at(subscription.others_kbps().unwrap_or(START_KBPS));
        }
        self.follow_congestion();
    }

    fn follow_congestion(&self) {
        if let Some(subscription) = &self.subscription {
            subscription.set_kbps(self.congestion.kbps());
        }
    }

    async fn stats(&mut self) -> PeerStats {
        let (promise, reply) = gst::Promise::new_future();
        self.parts
            .webrtc
            .emit_by_name::<()>("get-stats", &[&None::<gst::Pad>, &promise]);
        let mut stats = match settled(reply).await {
            Ok(Some(reply)) => PeerStats::read(&reply),
            _ => PeerStats::default(),
        };
        if let Some(encoding) = self.subscription.as_ref().and_then(Subscription::encoding) {
            let (before, since) = self.counted;
            self.counted = (encoding.encoded(), Instant::now());
            let seconds = (self.counted.1 - since).as_secs_f64();
            // After a move to another encoder there is nothing to compare with.
            if let Some(frames) = self.counted.0.checked_sub(before).filter(|_| seconds >= 0.2) {
                stats.encoded_fps = Some(frames as f64 / seconds);
            }
            let name = &encoding.encoder.description.name;
            stats.encoder = Some(name.clone()).filter(|name| !name.is_empty());
            stats.frames = self.send_times.frames(encoding.timeline());
            stats.available_kbps = Some(self.congestion.kbps());
        }
        stats
    }

    async fn signal(&mut self, signal: Signal, events: &EventSender) -> Result<(), String> {
        match signal {
            Signal::NegotiationNeeded if matches!(self.role, Role::Offerer { offer: None }) => {
                self.make_offer(events).await?;
            }
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
                let _ = self.parts.pipeline.recalculate_latency();
                if let (Some(subscription), Some(frames)) = (&self.subscription, &self.parts.frames) {
                    subscription.connect(frames)?;
                }
                tell(events, PeerEvent::Connected)?;
            }
            Signal::FingerprintMismatch => {
                tracing::warn!("a peer's certificate is not the one that its answer announced");
                return Err(
                    "The certificate of the connection is not the one that the answer announced".to_owned(),
                );
            }
            Signal::Report(packets) => {
                self.congestion.report(&packets);
                self.follow_congestion();
            }
            Signal::ChannelOpened => {
                // What was sent before the viewer had ended its handshake is lost, and on a still screen that was all.
                self.subscription
                    .as_ref()
                    .inspect(|subscription| subscription.want_key_frame());
                tell(events, PeerEvent::ChannelOpen)?;
            }
            Signal::ChannelDrained => self.flush_outbox(),
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

    async fn take_down(mut self, id: PeerId, inbox: &mut Inbox) {
        self.gate.close();
        self.subscription
            .as_ref()
            .inspect(|subscription| subscription.disconnect());
        if self.gathering == Gathering::RunningPipeline {
            teardown::wait_for_gathering(inbox).await;
        }
        self.connections.disconnect();
        self.parts.channel = None;
        self.parts.unordered = None;
        teardown::stop(id, self.parts.pipeline, self.parts.webrtc).await;
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
