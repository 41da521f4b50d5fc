//! A viewer's subscription to the shared streams.

use std::rc::Rc;
use std::sync::Arc;

use super::OnLost;
use super::pool::{EncoderPool, Subscriber};
use super::shared_sound::SoundSubscription;
use crate::media::encoder::output::{Consumer, Delivery};
use crate::media::encoder::running::RunningEncoder;
use crate::media::pipeline::codec::Codec;
use crate::media::rate::renditions::Rendition;
use crate::media::runtime::peer_id::PeerId;

/// A viewer's subscription to the video. Its encoder may change while it is held. Dropping it unsubscribes.
pub(crate) struct Subscription {
    pub(super) pool: Rc<EncoderPool>,
    pub(super) id: PeerId,
}

/// The parameters of a new subscription.
pub(crate) struct NewSubscriber {
    pub(crate) id: PeerId,
    pub(crate) codec: Codec,
    pub(crate) can_send_input: bool,
    /// True if the viewer accepts half the size.
    pub(crate) allows_half_size: bool,
    /// Called when its stream is lost for good.
    pub(crate) on_lost: OnLost,
}

impl EncoderPool {
    /// Subscribes a viewer to a stream of its codec, and starts the encoder and the capture if necessary.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) async fn subscribe(&self, new: NewSubscriber) -> Result<Subscription, String> {
        let _turn = self.turn.lock().await;
        let plan = self.plan();
        let is_private = plan.has_private_encoders();
        let kbps = plan.bitrate_kbps();
        let present = self
            .running_encoder(new.codec, Rendition::High)
            .filter(|_| !is_private);
        // A new viewer starts at the others' rate: a higher one would move them to a lower rendition.
        let begins_at = present.as_ref().map_or(kbps, |encoder| encoder.kbps());
        let encoder = match present {
            Some(encoder) => encoder,
            None => {
                let capture = self.capture().await?;
                let started = self
                    .start_encoder(&plan, &capture, new.codec, Rendition::High, kbps)
                    .await;
                if started.is_err() {
                    self.cool_down();
                }
                started?
            }
        };
        if !self.state.borrow().runs(encoder.capture()) {
            return Err("The capture is lost".to_owned());
        }
        let subscriber = Subscriber {
            codec: new.codec,
            encoder,
            delivery: None,
            on_lost: new.on_lost,
            kbps: begins_at,
            can_send_input: new.can_send_input,
            allows_half_size: new.allows_half_size,
            is_private,
            is_paused: false,
        };
        self.state.borrow_mut().subscribers.insert(new.id, subscriber);
        let pool = self.this.upgrade().ok_or("the host is shutting down")?;
        pool.arrange_soon();
        Ok(Subscription { pool, id: new.id })
    }

    /// Subscribes a viewer to the sound, which is started if necessary. `on_lost` is called when it is lost for good.
    /// `None`: the peer has a whole pipeline.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) async fn subscribe_to_sound(
        &self,
        id: PeerId,
        on_lost: OnLost,
    ) -> Result<Option<SoundSubscription>, String> {
        match self.plan().sound_text() {
            Some(text) => self.sound.subscribe(id, &text, on_lost).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Subscription {
    /// Returns the encoder that currently serves it.
    pub(crate) fn encoder(&self) -> Option<Rc<RunningEncoder>> {
        let state = self.pool.state.borrow();
        let subscriber = state.subscribers.get(&self.id);
        subscriber.map(|subscriber| Rc::clone(&subscriber.encoder))
    }

    /// Returns the rate of the other subscribers of its encoder, in kbit/s; `None` if there are none.
    pub(crate) fn others_kbps(&self) -> Option<u32> {
        let encoder = self.encoder()?;
        (self.pool.subscribers_of(&encoder).len() > 1).then(|| encoder.kbps())
    }

    /// Delivers access units to `consumer`, starting with the next key frame, which is requested.
    pub(crate) fn connect(&self, consumer: Arc<dyn Consumer>) {
        if let Some(subscriber) = self.pool.state.borrow_mut().subscribers.get_mut(&self.id) {
            let mut delivery = Delivery::new(consumer);
            delivery.set_paused(subscriber.is_paused);
            subscriber.encoder.deliver(&mut delivery);
            subscriber.delivery = Some(delivery);
        }
    }

    /// Ends the delivery.
    pub(crate) fn disconnect(&self) {
        if let Some(subscriber) = self.pool.state.borrow_mut().subscribers.get_mut(&self.id) {
            subscriber.delivery = None;
        }
    }

    /// Sets the rate that the viewer's link carries and that it wants, in kbit/s.
    pub(crate) fn set_kbps(&self, kbps: u32) {
        let mut state = self.pool.state.borrow_mut();
        let Some(subscriber) = state.subscribers.get_mut(&self.id) else {
            return;
        };
        if std::mem::replace(&mut subscriber.kbps, kbps) != kbps {
            drop(state);
            self.pool.arrange_soon();
        }
    }

    /// Pauses or resumes the delivery. It resumes with a key frame.
    pub(crate) fn set_paused(&self, paused: bool) {
        let mut state = self.pool.state.borrow_mut();
        let Some(subscriber) = state.subscribers.get_mut(&self.id) else {
            return;
        };
        subscriber.is_paused = paused;
        if let Some(delivery) = &subscriber.delivery {
            delivery.set_paused(paused);
        }
        subscriber.encoder.request_key_frame();
        drop(state);
        self.pool.arrange_soon();
    }

    /// Requests a key frame.
    pub(crate) fn request_key_frame(&self) {
        if let Some(encoder) = self.encoder() {
            encoder.request_key_frame();
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.pool.state.borrow_mut().subscribers.remove(&self.id);
        self.pool.arrange_soon();
    }
}
