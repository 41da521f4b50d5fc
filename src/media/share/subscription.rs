//! A viewer's place in the pool.

use std::rc::Rc;

use gst_utils::streamproducer::{ConsumerSettings, ConsumptionLink};

use super::pool::EncoderPool;
use crate::media::encoder::running::RunningEncoder;
use crate::media::webrtc::messages::PeerId;

/// A viewer's place. Dropping it gives it up.
pub(in crate::media) struct Subscription {
    pub(super) pool: Rc<EncoderPool>,
    pub(super) id: PeerId,
}

impl Subscription {
    /// What comes out of the encoder. It may change while the seat is held.
    pub(in crate::media) fn encoding(&self) -> Option<Rc<RunningEncoder>> {
        let state = self.pool.state.borrow();
        state
            .subscribers
            .get(&self.id)
            .map(|subscriber| Rc::clone(&subscriber.encoding))
    }

    /// What others who watch the same get, in kbit/s; `None` if there are none.
    pub(in crate::media) fn others_kbps(&self) -> Option<u32> {
        let encoding = self.encoding()?;
        (self.pool.subscribers_of(&encoding).len() > 1).then(|| encoding.kbps())
    }

    /// Sends the stream to `consumer` from the next key frame on, which comes at once.
    pub(in crate::media) fn connect(&self, consumer: &gst_app::AppSrc) -> Result<(), String> {
        let mut state = self.pool.state.borrow_mut();
        let subscriber = state.subscribers.get_mut(&self.id).ok_or("the seat is gone")?;
        let settings = ConsumerSettings {
            max_buffer: 0,
            max_time: STALE,
            ..ConsumerSettings::default()
        };
        let mut link = ConsumptionLink::disconnected_with(consumer.clone(), settings);
        subscriber.encoding.take_over(&mut link)?;
        subscriber.link = Some(link);
        Ok(())
    }

    /// No more of the stream.
    pub(in crate::media) fn disconnect(&self) {
        if let Some(subscriber) = self.pool.state.borrow_mut().subscribers.get_mut(&self.id) {
            subscriber.link = None;
        }
    }

    /// What the viewer's line carries and it wants, in kbit/s.
    pub(in crate::media) fn set_kbps(&self, kbps: u32) {
        let mut state = self.pool.state.borrow_mut();
        let Some(subscriber) = state.subscribers.get_mut(&self.id) else {
            return;
        };
        if std::mem::replace(&mut subscriber.kbps, kbps) != kbps {
            drop(state);
            self.pool.arrange_soon();
        }
    }

    /// Sends nothing for a while, and goes on with a key frame.
    pub(in crate::media) fn set_paused(&self, paused: bool) {
        let mut state = self.pool.state.borrow_mut();
        let Some(subscriber) = state.subscribers.get_mut(&self.id) else {
            return;
        };
        subscriber.is_paused = paused;
        if let Some(link) = &subscriber.link {
            link.set_discard(paused);
        }
        subscriber.encoding.want_key_frame();
        drop(state);
        self.pool.arrange_soon();
    }

    /// Asks for a key frame.
    pub(in crate::media) fn want_key_frame(&self) {
        if let Some(encoding) = self.encoding() {
            encoding.want_key_frame();
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.pool.state.borrow_mut().subscribers.remove(&self.id);
        self.pool.arrange_soon();
    }
}

/// Encoded frames that have waited for so long to be sent are stale.
const STALE: gst::ClockTime = gst::ClockTime::from_mseconds(500);
