//! The shared sound: one pipeline that captures and encodes it.

use std::time::Duration;

use gst::prelude::*;

use super::output::{Delivery, Output};
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::ENCODED;
use crate::media::runtime::mailbox::mailbox;
use crate::media::runtime::running_pipeline::RunningPipeline;

/// Timeout for the first packet of sound.
const START: Duration = Duration::from_secs(4);

/// A running sound pipeline. Dropping it stops it, on a thread of its own.
pub(crate) struct RunningSound {
    /// Text from which it was started.
    pub(crate) text: String,
    output: Output,
    caps: gst::Caps,
    _pipeline: RunningPipeline,
}

impl RunningSound {
    /// Starts the pipeline that `text` describes and waits for its first packet. `lost` is called on the main loop if
    /// it fails later.
    ///
    /// # Errors
    /// The reason if it does not start.
    pub(crate) async fn start(text: &str, lost: impl Fn(String) + Send + 'static) -> Result<Self, String> {
        let pipeline = parse::parse("the sound", text).map_err(|error| error.to_string())?;
        // The clock of a sound server would drift from that of the viewers' pipelines.
        pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        let mut pipeline = RunningPipeline::new("sound-stop", pipeline);
        let output = Output::new(parse::element(&pipeline, ENCODED)?, || {});
        let pad = output.pad().ok_or("the appsink has no pad")?;
        let (arrived, mut first) = mailbox(1);
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            arrived.send(());
            gst::PadProbeReturn::Remove
        });
        pipeline.play("sound-start", START).await?;
        pipeline.watch_bus(lost)?;
        let _ = glib::future_with_timeout(START, first.next()).await;
        let caps = pad.current_caps();
        Ok(Self {
            text: text.to_owned(),
            output,
            caps: caps.ok_or_else(|| format!("no sound within {} s", START.as_secs()))?,
            _pipeline: pipeline,
        })
    }

    /// Returns the format of the packets.
    pub(crate) fn caps(&self) -> &gst::Caps {
        &self.caps
    }

    /// Delivers the packets, starting with the next one.
    pub(crate) fn deliver(&self, delivery: &mut Delivery) {
        delivery.switch_to(&self.output);
    }
}
