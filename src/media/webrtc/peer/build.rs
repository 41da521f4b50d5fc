//! How a peer is put together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use gst::prelude::*;

use super::{Gathering, HANDSHAKE, Peer, Phase, Role};
use crate::descriptors;
use crate::media::latency::SendTimes;
use crate::media::rate::congestion::CongestionController;
use crate::media::rate::retransmit::Retransmitter;
use crate::media::rate::twcc;
use crate::media::runtime::mailbox::SignalSender;
use crate::media::share::pool::{EncoderPool, NewSubscriber};
use crate::media::share::subscription::Subscription;
use crate::media::webrtc::build::{MediaSelection, PeerPipeline};
use crate::media::webrtc::fingerprint::FingerprintCheck;
use crate::media::webrtc::messages::{MessageSink, PeerId, PeerOptions};
use crate::media::webrtc::offer::Offer;
use crate::media::webrtc::signals::Connections;

/// The least rate that a bad line brings the picture down to, in kbit/s.
const LEAST_KBPS: u32 = 300;

impl Peer {
    pub(crate) async fn build(
        id: PeerId,
        pool: &EncoderPool,
        options: &PeerOptions,
        signals: SignalSender,
    ) -> Result<Self, String> {
        if descriptors::left() < descriptors::PEER {
            return Err("The host has no room for another stream: too many files are open".to_owned());
        }
        let plan = pool.plan();
        let offer = options.remote_offer.as_deref().map(Offer::check).transpose()?;
        let media = MediaSelection::choose(&plan, options, offer.as_ref())?;
        let subscription = match media.codec {
            Some(codec) => {
                let new = NewSubscriber {
                    id,
                    codec,
                    controls: options.channel.is_some(),
                    allows_half_size: options.allows_half_size,
                    signals: signals.clone(),
                };
                Some(pool.subscribe(new).await?)
            }
            None => None,
        };
        let encoding = subscription.as_ref().and_then(Subscription::encoding);
        let channel = options.channel.as_ref();
        let parts = PeerPipeline::build(&plan, &media, encoding.as_deref(), channel, offer.as_ref())?;
        let send_times = SendTimes::default();
        if let Some(payloader) = parts.pipeline.by_name("pay") {
            let retransmitter = Retransmitter::default();
            if let Some((payload_type, id)) = media.reported() {
                retransmitter.watch(&parts.webrtc, payload_type, id);
            }
            twcc::watch(&payloader, retransmitter, signals.clone());
            send_times.watch(&parts.pipeline, &payloader);
        }
        let gate = Arc::new(FingerprintCheck::new(&parts.webrtc));
        let mut connections = Connections::watch(&parts.pipeline, &parts.webrtc, &gate, signals)?;
        if let (Some(channel), Some(options)) = (&parts.channel, &options.channel) {
            connections.watch_channel(channel);
            for channel in [Some(channel), parts.unordered.as_ref()].into_iter().flatten() {
                connections.read_channel(channel, &gate, MessageSink::clone(&options.messages));
            }
        }
        let role = match offer {
            Some(offer) => Role::Answerer { offer },
            None => Role::Offerer { offer: None },
        };
        Ok(Self {
            parts,
            gate,
            connections,
            subscription,
            congestion: CongestionController::new(LEAST_KBPS, plan.bitrate_kbps()),
            send_times,
            outbox: VecDeque::new(),
            role,
            phase: Phase::Handshake {
                deadline: Instant::now() + HANDSHAKE,
            },
            gathering: Gathering::New,
            foreign_channels: 0,
            counted: (encoding.map_or(0, |encoding| encoding.encoded()), Instant::now()),
        })
    }
}
