//! The assignment of subscribers to renditions, and the rate of each rendition.

use std::rc::Rc;

use super::pool::{EncoderPool, Subscriber};
use crate::media::encoder::running::RunningEncoder;
use crate::media::pipeline::codec::Codec;
use crate::media::rate::renditions::{self, Member};
use crate::media::runtime::peer_id::PeerId;

impl EncoderPool {
    pub(super) fn move_to(&self, id: PeerId, encoder: &Rc<RunningEncoder>) {
        let mut state = self.state.borrow_mut();
        let Some(subscriber) = state.subscribers.get_mut(&id) else {
            return;
        };
        if let Some(delivery) = &mut subscriber.delivery {
            encoder.deliver(delivery);
        }
        subscriber.encoder = Rc::clone(encoder);
    }

    /// Schedules an assignment of subscribers to renditions, in one task for a burst of rate changes.
    pub(super) fn arrange_soon(&self) {
        if let Some(this) = self.this.upgrade()
            && !std::mem::replace(&mut self.state.borrow_mut().is_unarranged, true)
        {
            glib::MainContext::default().spawn_local(async move { this.arrange().await });
        }
    }

    async fn arrange(&self) {
        let _turn = self.turn.lock().await;
        self.state.borrow_mut().is_unarranged = false;
        let (plan, capture) = (self.plan(), self.state.borrow().capture.clone());
        let size = capture.as_ref().and_then(|capture| capture.size());
        let pixels = size.map_or(0, |size| u64::from(size.width) * u64::from(size.height));
        for codec in plan.codecs() {
            let members = self.members(codec);
            for (id, rendition) in renditions::assign(&members, pixels) {
                let Some(member) = members
                    .iter()
                    .find(|member| member.id == id && member.rendition != rendition)
                else {
                    continue;
                };
                let encoder = match self.running_encoder(codec, rendition) {
                    Some(encoder) => Ok(encoder),
                    None => match &capture {
                        Some(capture) => {
                            self.start_encoder(&plan, capture, codec, rendition, member.kbps)
                                .await
                        }
                        None => break,
                    },
                };
                match encoder {
                    Ok(encoder) => {
                        tracing::debug!(peer = %id, ?rendition, kbps = member.kbps, "the viewer changes rendition");
                        self.move_to(id, &encoder);
                    }
                    // The viewer stays where it is.
                    Err(reason) => {
                        tracing::warn!(%reason, ?rendition, "cannot start the encoder for this rendition")
                    }
                }
            }
        }
        self.set_rates(pixels);
        self.cool_down();
    }

    fn members(&self, codec: Codec) -> Vec<Member> {
        let state = self.state.borrow();
        let shares = |subscriber: &&Subscriber| subscriber.codec == codec && !subscriber.is_private;
        let member = |(id, subscriber): (&PeerId, &Subscriber)| Member {
            id: *id,
            kbps: subscriber.kbps,
            can_send_input: subscriber.can_send_input,
            allows_half_size: subscriber.allows_half_size,
            rendition: subscriber.encoder.rendition,
        };
        state
            .subscribers
            .iter()
            .filter(|(_, subscriber)| shares(subscriber))
            .map(member)
            .collect()
    }

    fn set_rates(&self, pixels: u64) {
        let state = self.state.borrow();
        for encoder in &state.encoders {
            let on_it = || {
                state
                    .subscribers
                    .values()
                    .filter(|subscriber| Rc::ptr_eq(&subscriber.encoder, encoder))
            };
            if let Some(kbps) = renditions::rate(on_it().map(|subscriber| subscriber.kbps)) {
                encoder.set_rate(kbps, renditions::frame_rate(kbps, encoder.rendition, pixels));
            }
            encoder.set_paused(on_it().all(|subscriber| subscriber.is_paused));
        }
    }
}
