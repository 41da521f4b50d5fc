//! Who is on which rendition of the ladder, and at which rate each of them encodes.

use std::rc::Rc;

use super::pool::{EncoderPool, Subscriber};
use crate::media::encoder::running::RunningEncoder;
use crate::media::pipeline::codec::Codec;
use crate::media::rate::renditions::{self, Member};
use crate::media::webrtc::messages::PeerId;

impl EncoderPool {
    pub(super) fn move_to(&self, id: PeerId, encoding: &Rc<RunningEncoder>) {
        let mut state = self.state.borrow_mut();
        let Some(subscriber) = state.subscribers.get_mut(&id) else {
            return;
        };
        if let Some(link) = &mut subscriber.link
            && let Err(error) = encoding.take_over(link)
        {
            tracing::error!(%error, "a viewer cannot be moved");
        }
        subscriber.encoding = Rc::clone(encoding);
    }

    /// Puts the viewers on the renditions that fit them, in a task: numbers change in bursts.
    pub(super) fn arrange_soon(self: &Rc<Self>) {
        if !std::mem::replace(&mut self.state.borrow_mut().is_unarranged, true) {
            let this = Rc::clone(self);
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
                let encoding = match self.encoding_for(codec, rendition) {
                    Some(encoding) => Ok(encoding),
                    None => match &capture {
                        Some(capture) => {
                            self.start_encoding(&plan, capture, codec, rendition, member.kbps)
                                .await
                        }
                        None => break,
                    },
                };
                match encoding {
                    Ok(encoding) => {
                        tracing::debug!(peer = %id, ?rendition, kbps = member.kbps, "the viewer moves");
                        self.move_to(id, &encoding);
                    }
                    // It stays where it is.
                    Err(reason) => tracing::warn!(%reason, ?rendition, "there is no such rung"),
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
            controls: subscriber.controls,
            allows_half_size: subscriber.allows_half_size,
            rendition: subscriber.encoding.rendition,
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
        for encoding in &state.encodings {
            let on_it = || {
                state
                    .subscribers
                    .values()
                    .filter(|subscriber| Rc::ptr_eq(&subscriber.encoding, encoding))
            };
            if let Some(kbps) = renditions::rate(on_it().map(|subscriber| subscriber.kbps)) {
                encoding.set_rate(kbps, renditions::frame_rate(kbps, encoding.rendition, pixels));
            }
            encoding.set_paused(on_it().all(|subscriber| subscriber.is_paused));
        }
    }
}
