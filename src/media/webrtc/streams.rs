//! A peer's subscriptions to the shared streams.

use std::rc::Rc;
use std::sync::Arc;

use super::consumer::AppSrcConsumer;
use super::messages::{PeerOptions, Signal, SignalSender};
use super::selection::MediaSelection;
use crate::media::encoder::running::RunningEncoder;
use crate::media::runtime::peer_id::PeerId;
use crate::media::share::pool::EncoderPool;
use crate::media::share::shared_sound::SoundSubscription;
use crate::media::share::subscription::{NewSubscriber, Subscription};

/// A peer's subscriptions. A peer with a whole pipeline has none.
pub(super) struct Streams {
    pub(super) video: Option<Subscription>,
    pub(super) sound: Option<SoundSubscription>,
}

impl Streams {
    /// Subscribes to the streams of `media`. A later failure is reported as [`Signal::Lost`].
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(super) async fn subscribe(
        pool: &EncoderPool,
        id: PeerId,
        media: &MediaSelection,
        options: &PeerOptions,
        signals: &SignalSender,
    ) -> Result<Self, String> {
        let on_lost = || {
            let signals = signals.clone();
            Box::new(move |reason| signals.send(Signal::Lost(reason)))
        };
        let video = match media.codec {
            Some(codec) => {
                let new = NewSubscriber {
                    id,
                    codec,
                    can_send_input: options.channel.is_some(),
                    allows_half_size: options.allows_half_size,
                    on_lost: on_lost(),
                };
                Some(pool.subscribe(new).await?)
            }
            None => None,
        };
        let sound = match media.audio {
            true => pool.subscribe_to_sound(id, on_lost()).await?,
            false => None,
        };
        Ok(Self { video, sound })
    }

    /// Returns the current encoder of the video.
    pub(super) fn encoder(&self) -> Option<Rc<RunningEncoder>> {
        self.video.as_ref()?.encoder()
    }

    /// Delivers the streams to these consumers.
    pub(super) fn connect(&self, video: Option<AppSrcConsumer>, sound: Option<AppSrcConsumer>) {
        if let (Some(stream), Some(consumer)) = (&self.video, video) {
            stream.connect(Arc::new(consumer));
        }
        if let (Some(stream), Some(consumer)) = (&self.sound, sound) {
            stream.connect(Arc::new(consumer));
        }
    }

    /// Ends the deliveries.
    pub(super) fn disconnect(&self) {
        if let Some(video) = &self.video {
            video.disconnect();
        }
        if let Some(sound) = &self.sound {
            sound.disconnect();
        }
    }

    /// Requests a key frame of the video, if there is any.
    pub(super) fn request_key_frame(&self) {
        if let Some(video) = &self.video {
            video.request_key_frame();
        }
    }

    /// True for a peer with a whole pipeline, and one without media.
    pub(super) fn is_empty(&self) -> bool {
        self.video.is_none() && self.sound.is_none()
    }

    /// Pauses or resumes the video.
    pub(super) fn set_paused(&self, is_paused: bool) {
        if let Some(video) = &self.video {
            video.set_paused(is_paused);
        }
    }
}
