//! How a peer is put together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use gst::prelude::*;

use super::{Gathering, HANDSHAKE, Peer, Phase, Role};
use crate::descriptors;
use crate::media::latency::Departures;
use crate::media::rate::congestion::Congestion;
use crate::media::rate::retransmit::Resender;
use crate::media::rate::twcc;
use crate::media::runtime::mailbox::SignalSender;
use crate::media::share::pool::{Guest, Studio};
use crate::media::share::subscription::Seat;
use crate::media::webrtc::build::{Assembly, Media};
use crate::media::webrtc::fingerprint::Gate;
use crate::media::webrtc::messages::{MessageSink, PeerId, PeerOptions};
use crate::media::webrtc::offer::Offer;
use crate::media::webrtc::signals::Connections;

/// The least rate that a bad line brings the picture down to, in kbit/s.
const LEAST_KBPS: u32 = 300;

impl Peer {
    pub(crate) async fn build(
        id: PeerId,
        studio: &Studio,
        options: &PeerOptions,
        signals: SignalSender,
    ) -> Result<Self, String> {
        if descriptors::left() < descriptors::PEER {
            return Err("The host has no room for another stream: too many files are open".to_owned());
        }
        let plan = studio.plan();
        let offer = options.remote_offer.as_deref().map(Offer::check).transpose()?;
        let media = Media::choose(&plan, options, offer.as_ref())?;
        let seat = match media.codec {
            Some(codec) => {
                let guest = Guest {
                    id,
                    codec,
                    controls: options.channel.is_some(),
                    may_halve: options.may_halve,
                    signals: signals.clone(),
                };
                Some(studio.seat(guest).await?)
            }
            None => None,
        };
        let encoding = seat.as_ref().and_then(Seat::encoding);
        let channel = options.channel.as_ref();
        let assembly = Assembly::build(&plan, &media, encoding.as_deref(), channel, offer.as_ref())?;
        let departures = Departures::default();
        if let Some(payloader) = assembly.pipeline.by_name("pay") {
            let resender = Resender::default();
            if let Some((payload_type, id)) = media.reported() {
                resender.watch(&assembly.webrtc, payload_type, id);
            }
            twcc::watch(&payloader, resender, signals.clone());
            departures.watch(&assembly.pipeline, &payloader);
        }
        let gate = Arc::new(Gate::new(&assembly.webrtc));
        let mut connections = Connections::watch(&assembly.pipeline, &assembly.webrtc, &gate, signals)?;
        if let (Some(channel), Some(options)) = (&assembly.channel, &options.channel) {
            connections.watch_channel(channel);
            for channel in [Some(channel), assembly.unordered.as_ref()].into_iter().flatten() {
                connections.read_channel(channel, &gate, MessageSink::clone(&options.messages));
            }
        }
        let role = match offer {
            Some(offer) => Role::Answerer { offer },
            None => Role::Offerer { offer: None },
        };
        Ok(Self {
            assembly,
            gate,
            connections,
            seat,
            congestion: Congestion::new(LEAST_KBPS, plan.bitrate_kbps()),
            departures,
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
