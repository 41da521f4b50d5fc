//! The construction of a peer.

use std::sync::Arc;
use std::time::Instant;

use gst::prelude::*;

use super::{Gathering, HANDSHAKE, Peer, Phase, Role, ViewerCounts};
use crate::descriptors;
use crate::media::rate::congestion::CongestionController;
use crate::media::rate::retransmit::Retransmitter;
use crate::media::rate::twcc;
use crate::media::runtime::peer_id::PeerId;
use crate::media::share::pool::EncoderPool;
use crate::media::webrtc::consumer::KeyFrameRequests;
use crate::media::webrtc::fingerprint::FingerprintCheck;
use crate::media::webrtc::frame_meter::FrameMeter;
use crate::media::webrtc::media_gate;
use crate::media::webrtc::messages::{
    ChannelOptions, MessageSink, PeerFailure, PeerOptions, Signal, SignalSender,
};
use crate::media::webrtc::offer::Offer;
use crate::media::webrtc::outbox::Outbox;
use crate::media::webrtc::pipeline::PeerPipeline;
use crate::media::webrtc::selection::MediaSelection;
use crate::media::webrtc::signals::Connections;
use crate::media::webrtc::streams::Streams;

/// Minimum video bitrate on a bad link, in kbit/s.
const LEAST_KBPS: u32 = 300;

impl Peer {
    /// Subscribes to the streams that `options` request, and builds the pipeline in state READY.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(super) async fn build(
        id: PeerId,
        pool: &EncoderPool,
        options: &PeerOptions,
        signals: SignalSender,
    ) -> Result<Self, PeerFailure> {
        if descriptors::left() < descriptors::PEER {
            let reason = "The host cannot open another stream: too many files are open";
            return Err(PeerFailure::Other(reason.to_owned()));
        }
        let plan = pool.plan();
        let offer = options.remote_offer.as_deref().map(Offer::check).transpose()?;
        let media = MediaSelection::choose(&plan, options, offer.as_ref())?;
        let streams = Streams::subscribe(pool, id, &media, options, &signals).await?;
        // A viewer that offers creates its data channels itself.
        let channels = options.channel.as_ref().filter(|_| offer.is_none());
        let pipeline = PeerPipeline::build(&plan, &media, &streams, channels)?;
        let meter = FrameMeter::new(streams.encoder().as_deref());
        let key_frame_requests = KeyFrameRequests::default();
        if let Some(consumer) = &pipeline.video {
            consumer.watch_key_frame_requests(key_frame_requests.clone(), signals.clone());
        }
        watch_video(&pipeline, &media, &meter, &signals);
        let fingerprint = Arc::new(FingerprintCheck::new(&pipeline.webrtc));
        media_gate::hold_back(&pipeline.webrtc, &fingerprint);
        let connections = connect(&pipeline, &fingerprint, options.channel.as_ref(), signals)?;
        Ok(Self {
            pipeline,
            fingerprint,
            connections,
            streams,
            congestion: CongestionController::new(LEAST_KBPS, plan.bitrate_kbps()),
            key_frame_requests,
            meter,
            outbox: Outbox::default(),
            role: match offer {
                Some(offer) => Role::Answerer { offer },
                None => Role::Offerer { offer: None },
            },
            phase: Phase::Handshake {
                deadline: Instant::now() + HANDSHAKE,
            },
            gathering: Gathering::New,
            counts: ViewerCounts::default(),
        })
    }
}

/// Watches the video's packets, and the viewer's reports on them.
fn watch_video(pipeline: &PeerPipeline, media: &MediaSelection, meter: &FrameMeter, signals: &SignalSender) {
    let Some(payloader) = pipeline.pipeline.by_name("pay") else {
        return;
    };
    let retransmitter = Retransmitter::default();
    if let Some((payload_type, id)) = media.reported() {
        retransmitter.watch(&pipeline.webrtc, payload_type, id);
    }
    let reports = signals.clone();
    twcc::watch(&payloader, retransmitter, move |packets| {
        reports.send(Signal::Report(packets));
    });
    meter.send_times.watch(&pipeline.pipeline, &payloader);
}

/// Connects webrtcbin's signals and the messages of its data channels.
fn connect(
    pipeline: &PeerPipeline,
    fingerprint: &Arc<FingerprintCheck>,
    options: Option<&ChannelOptions>,
    signals: SignalSender,
) -> Result<Connections, String> {
    let mut connections = Connections::watch(&pipeline.pipeline, &pipeline.webrtc, fingerprint, signals)?;
    if let (Some(channel), Some(options)) = (&pipeline.channel, options) {
        connections.watch_channel(channel);
        for channel in [Some(channel), pipeline.unordered.as_ref()].into_iter().flatten() {
            connections.read_channel(channel, fingerprint, MessageSink::clone(&options.messages));
        }
    }
    Ok(connections)
}
