//! A viewer's subscription to the shared streams.

use std::rc::Rc;
use std::sync::Arc;

use super::pool::EncoderPool;
use crate::media::encoder::output::{Consumer, Delivery};
use crate::media::encoder::running::RunningEncoder;
use crate::media::runtime::peer_id::PeerId;

/// A viewer's subscription to the video. Its encoder may change while it is held. Dropping it unsubscribes.
pub(crate) struct Subscription {
    pub(super) pool: Rc<EncoderPool>,
    pub(super) id: PeerId,
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
