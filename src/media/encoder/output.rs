//! The encoded output of one encoder, video or sound, for any number of consumers.
//!
//! Each access unit goes to all consumers by reference, on the encoder's streaming thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gst::prelude::*;

use crate::sync::lock;

/// One encoded frame, or one packet of sound.
#[derive(Debug, Clone)]
pub(crate) struct AccessUnit {
    /// Encoded bytes. The timestamps are those of the encoder's pipeline.
    pub(crate) buffer: gst::Buffer,
    /// Caps of the stream, including codec parameters.
    pub(crate) caps: gst::Caps,
    /// Capture time of the frame, on the clock that all pipelines share.
    pub(crate) time: gst::ClockTime,
    /// True if it can be decoded without earlier units.
    pub(crate) is_key: bool,
}

/// A consumer of the access units of a stream.
pub(crate) trait Consumer: Send + Sync {
    /// Takes the next unit. Called on the encoder's streaming thread: it must not block.
    fn consume(&self, unit: &AccessUnit);
}

/// The output stream of an appsink. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Output(Arc<Inner>);

struct Inner {
    /// The sink pad of the appsink.
    pad: gst::Pad,
    /// Replaced as a whole, so that the streaming thread can share it.
    links: Mutex<Arc<[Arc<Link>]>>,
}

/// The way from one output to one consumer.
struct Link {
    consumer: Arc<dyn Consumer>,
    /// True if nothing is delivered before the next key unit.
    waits_for_key: AtomicBool,
    is_paused: AtomicBool,
}

/// A consumer's connection to a stream. Dropping it ends the delivery.
#[must_use]
pub(crate) struct Delivery {
    link: Arc<Link>,
    output: Option<Output>,
}

impl Output {
    /// Delivers the samples that arrive at `appsink`, which is not synchronised to the clock. `key_wanted` is called on
    /// the streaming thread when a consumer has to wait for a key unit.
    ///
    /// # Errors
    /// If the appsink has no pad.
    pub(crate) fn new(
        appsink: &gst_app::AppSink,
        key_wanted: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, String> {
        appsink.set_sync(false);
        let output = Self(Arc::new(Inner {
            pad: appsink.static_pad("sink").ok_or("the appsink has no pad")?,
            links: Mutex::default(),
        }));
        let (inner, has_complained) = (Arc::downgrade(&output.0), AtomicBool::new(false));
        let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |appsink| {
            let sample = appsink.pull_sample().map_err(|_| gst::FlowError::Flushing)?;
            match (inner.upgrade(), access_unit(appsink, &sample)) {
                (Some(inner), Some(unit)) if !inner.deliver(&unit) => key_wanted(),
                (Some(_), None) if !has_complained.swap(true, Ordering::Relaxed) => {
                    tracing::warn!("encoded frames without a timestamp are dropped");
                }
                _ => {}
            }
            Ok(gst::FlowSuccess::Ok)
        });
        appsink.set_callbacks(callbacks.build());
        Ok(output)
    }

    /// The pad at which the encoded stream arrives.
    pub(crate) fn pad(&self) -> &gst::Pad {
        &self.0.pad
    }

    /// Returns the format of the stream.
    ///
    /// # Errors
    /// If nothing has arrived yet.
    pub(crate) fn caps(&self) -> Result<gst::Caps, String> {
        let caps = self.0.pad.current_caps();
        caps.ok_or_else(|| "The encoder has not delivered anything yet".to_owned())
    }

    fn change_links(&self, change: impl FnOnce(&mut Vec<Arc<Link>>)) {
        let mut shared = lock(&self.0.links);
        let mut links = shared.to_vec();
        change(&mut links);
        *shared = links.into();
    }
}

impl Inner {
    /// Delivers `unit` to all consumers that can use it. Returns false if one waits for a key unit.
    fn deliver(&self, unit: &AccessUnit) -> bool {
        let links = Arc::clone(&lock(&self.links));
        let mut has_served_all = true;
        for link in links.iter() {
            if link.is_paused.load(Ordering::Acquire) {
                link.waits_for_key.store(true, Ordering::Release);
            } else if unit.is_key {
                link.waits_for_key.store(false, Ordering::Release);
                link.consumer.consume(unit);
            } else if link.waits_for_key.load(Ordering::Acquire) {
                has_served_all = false;
            } else {
                link.consumer.consume(unit);
            }
        }
        has_served_all
    }
}

impl Delivery {
    /// Creates a connection for `consumer` that is not attached to an output yet.
    pub(crate) fn new(consumer: Arc<dyn Consumer>) -> Self {
        Self {
            link: Arc::new(Link::new(consumer, false)),
            output: None,
        }
    }

    /// Switches to `output`, starting with its next key unit: earlier units are no reference for those of another output.
    pub(crate) fn switch_to(&mut self, output: &Output) {
        self.disconnect();
        // A new one: the thread of the old output may be using the last one still.
        let is_paused = self.link.is_paused.load(Ordering::Acquire);
        self.link = Arc::new(Link::new(Arc::clone(&self.link.consumer), is_paused));
        output.change_links(|links| links.push(Arc::clone(&self.link)));
        self.output = Some(output.clone());
    }

    /// Pauses or resumes the delivery. It resumes with a key unit.
    pub(crate) fn set_paused(&self, is_paused: bool) {
        self.link.is_paused.store(is_paused, Ordering::Release);
        if is_paused {
            self.link.waits_for_key.store(true, Ordering::Release);
        }
    }

    fn disconnect(&mut self) {
        if let Some(output) = self.output.take() {
            output.change_links(|links| links.retain(|link| !Arc::ptr_eq(link, &self.link)));
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl Link {
    fn new(consumer: Arc<dyn Consumer>, is_paused: bool) -> Self {
        Self {
            consumer,
            waits_for_key: AtomicBool::new(true),
            is_paused: AtomicBool::new(is_paused),
        }
    }
}

fn access_unit(appsink: &gst_app::AppSink, sample: &gst::Sample) -> Option<AccessUnit> {
    let buffer = sample.buffer_owned()?;
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    // Encoders may shift the timestamps, but shift the segment with them.
    let running_time = segment.to_running_time(buffer.pts()?)?;
    Some(AccessUnit {
        caps: sample.caps_owned()?,
        time: appsink.base_time()? + running_time,
        is_key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
        buffer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Recorder {
        units: Mutex<Vec<AccessUnit>>,
    }

    impl Consumer for Recorder {
        fn consume(&self, unit: &AccessUnit) {
            lock(&self.units).push(unit.clone());
        }
    }

    impl Recorder {
        fn keys(&self) -> Vec<bool> {
            lock(&self.units).iter().map(|unit| unit.is_key).collect()
        }
    }

    fn output() -> Output {
        gst::init().unwrap();
        Output::new(&gst_app::AppSink::builder().build(), || {}).unwrap()
    }

    fn unit(is_key: bool) -> AccessUnit {
        AccessUnit {
            buffer: gst::Buffer::new(),
            caps: gst::Caps::new_empty_simple("video/x-h264"),
            time: gst::ClockTime::ZERO,
            is_key,
        }
    }

    #[test]
    fn a_consumer_begins_with_a_key_unit_and_delays_no_other() {
        let output = output();
        let (early, late) = (Arc::<Recorder>::default(), Arc::<Recorder>::default());
        let mut first = Delivery::new(early.clone());
        first.switch_to(&output);
        assert!(output.0.deliver(&unit(true)));
        let mut second = Delivery::new(late.clone());
        second.switch_to(&output);
        assert!(!output.0.deliver(&unit(false)), "the second waits");
        assert!(output.0.deliver(&unit(true)));
        assert!(output.0.deliver(&unit(false)));
        assert_eq!(early.keys(), [true, false, true, false]);
        assert_eq!(late.keys(), [true, false]);
        drop(first);
        assert!(output.0.deliver(&unit(false)));
        assert_eq!((early.keys().len(), late.keys().len()), (4, 3));
    }

    #[test]
    fn a_pause_ends_with_a_key_unit() {
        let output = output();
        let recorder = Arc::<Recorder>::default();
        let mut delivery = Delivery::new(recorder.clone());
        delivery.switch_to(&output);
        output.0.deliver(&unit(true));
        delivery.set_paused(true);
        assert!(output.0.deliver(&unit(true)));
        delivery.set_paused(false);
        assert!(!output.0.deliver(&unit(false)));
        assert!(output.0.deliver(&unit(true)));
        assert_eq!(recorder.keys(), [true, true]);
    }

    #[test]
    fn a_consumer_that_changes_streams_gets_no_more_of_the_old_one() {
        let (one, other) = (output(), output());
        let recorder = Arc::<Recorder>::default();
        let mut delivery = Delivery::new(recorder.clone());
        delivery.switch_to(&one);
        one.0.deliver(&unit(true));
        delivery.switch_to(&other);
        one.0.deliver(&unit(true));
        assert!(!other.0.deliver(&unit(false)), "its units are no reference");
        assert!(other.0.deliver(&unit(true)));
        assert_eq!(recorder.keys().len(), 2);
    }

    #[test]
    fn a_paused_consumer_that_changes_streams_stays_paused() {
        let (one, other) = (output(), output());
        let recorder = Arc::<Recorder>::default();
        let mut delivery = Delivery::new(recorder.clone());
        delivery.switch_to(&one);
        delivery.set_paused(true);
        delivery.switch_to(&other);
        other.0.deliver(&unit(true));
        assert!(recorder.keys().is_empty());
        delivery.set_paused(false);
        other.0.deliver(&unit(true));
        assert_eq!(recorder.keys(), [true]);
    }
}
