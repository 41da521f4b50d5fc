//! The sound that all listeners share: one pipeline that captures and encodes it.

use std::time::Duration;

use gst::prelude::*;

use super::output::{Delivery, Output};
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::ENCODED;
use crate::media::runtime::mailbox::{Mailbox, mailbox};
use crate::media::runtime::running_pipeline::RunningPipeline;

/// The time that the sound may take until its first packet is there.
const START: Duration = Duration::from_secs(4);

/// A running sound pipeline. Dropping it stops it, on a thread of its own.
pub(crate) struct RunningSound {
    /// The text that it was started from.
    pub(crate) text: String,
    output: Output,
    caps: gst::Caps,
    _pipeline: RunningPipeline,
}

/// Receives the reason when running sound fails. Ends with it.
pub(crate) struct SoundLoss(Mailbox<Result<(), String>>);

impl RunningSound {
    /// Starts the pipeline that `text` describes and waits for its first packet.
    ///
    /// # Errors
    /// The reason if it does not work.
    pub(crate) async fn start(text: &str) -> Result<(Self, SoundLoss), String> {
        let pipeline = parse::parse("the sound", text).map_err(|error| error.to_string())?;
        // The clock of a sound server differs from that of the viewers' pipelines.
        pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        let mut pipeline = RunningPipeline::new("sound-stop", pipeline);
        let output = Output::new(&parse::element(&pipeline, ENCODED)?, || {})?;
        let (events, mut inbox) = mailbox(2);
        let failed = events.clone();
        output.pad().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            events.send(Ok(()));
            gst::PadProbeReturn::Remove
        });
        pipeline.play("sound-start", START).await?;
        pipeline.watch_bus(move |reason| {
            failed.send(Err(reason));
        })?;
        let late = || format!("there is no sound within {} s", START.as_secs());
        let first = glib::future_with_timeout(START, inbox.next()).await;
        first.map_err(|_| late())?.unwrap_or_else(|| Err(late()))?;
        let sound = Self {
            text: text.to_owned(),
            caps: output.caps()?,
            output,
            _pipeline: pipeline,
        };
        Ok((sound, SoundLoss(inbox)))
    }

    /// Returns the format of the packets.
    pub(crate) fn caps(&self) -> &gst::Caps {
        &self.caps
    }

    /// Delivers this sound, starting with the next packet.
    pub(crate) fn deliver(&self, delivery: &mut Delivery) {
        delivery.switch_to(&self.output);
    }
}

impl SoundLoss {
    /// Waits for the reason; `None` if the sound was stopped.
    pub(crate) async fn reason(mut self) -> Option<String> {
        loop {
            match self.0.next().await? {
                Ok(()) => {}
                Err(reason) => return Some(reason),
            }
        }
    }
}
