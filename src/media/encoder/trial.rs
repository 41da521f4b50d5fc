//! Trials of encoders: each encodes some frames of the stream's size, to find those that work and keep up.

use std::time::{Duration, Instant};

use gst::prelude::*;

use crate::media::pipeline::encoder_spec::EncoderSpec;
use crate::media::pipeline::parse;
use crate::media::runtime::blocking::run_blocking;
use crate::media::source::video::Size;

/// Number of frames to encode. The first [`UNTIMED`] are not timed: encoders take time to open.
const FRAMES: u32 = 18;
const UNTIMED: u32 = 6;
/// Timeout of one trial.
const DEADLINE: Duration = Duration::from_secs(4);

/// Outcome of the trials.
pub(crate) struct Verdict {
    /// Encoders that work, starting with the first that keeps up.
    pub(crate) ranked: Vec<EncoderSpec>,
    /// Origins of the encoders that do not work.
    pub(crate) failed: Vec<String>,
}

/// Tries `candidates` in order until one keeps up with `fps`. If none does, the fastest comes first.
pub(crate) async fn rank(candidates: Vec<EncoderSpec>, size: Size, fps: u32) -> Verdict {
    let budget = Duration::from_secs(1) / fps.max(1);
    let mut verdict = Verdict {
        ranked: Vec::new(),
        failed: Vec::new(),
    };
    let mut slow: Vec<(Duration, EncoderSpec)> = Vec::new();
    let mut rest = candidates.into_iter();
    for encoder in rest.by_ref() {
        let text = format!(
            "videotestsrc pattern=ball num-buffers={FRAMES} \
             ! video/x-raw,format=I420,colorimetry=bt601,width={},height={},framerate=60/1 \
             ! {} ! fakesink name=end sync=false",
            size.width, size.height, encoder.description.text
        );
        let outcome = run_blocking("encoder-trial", DEADLINE, move || time_per_frame(&text)).await;
        match outcome.unwrap_or_else(|| Err(format!("the trial takes more than {} s", DEADLINE.as_secs()))) {
            Ok(time) if time <= budget => {
                tracing::debug!(encoder = encoder.label(), ?time, "the encoder keeps up");
                verdict.ranked.push(encoder);
                break;
            }
            Ok(time) => {
                tracing::info!(
                    encoder = encoder.label(),
                    ?time,
                    "the encoder does not keep up with {fps} frames/s"
                );
                slow.push((time, encoder));
            }
            Err(reason) => {
                tracing::info!(encoder = encoder.label(), %reason, "the encoder does not work here");
                verdict.failed.push(encoder.description.origin);
            }
        }
    }
    slow.sort_by_key(|(time, _)| *time);
    if verdict.ranked.is_empty() {
        verdict
            .ranked
            .extend(slow.into_iter().map(|(_, encoder)| encoder));
    } else {
        verdict.ranked.extend(rest);
        verdict
            .ranked
            .extend(slow.into_iter().map(|(_, encoder)| encoder));
    }
    verdict
}

/// Encodes the frames and returns the mean time per frame. Blocks until all are encoded.
fn time_per_frame(text: &str) -> Result<Duration, String> {
    let pipeline = parse::parse("a trial", text).map_err(|error| error.to_string())?;
    let stop = Stop(&pipeline);
    let (sender, arrivals) = std::sync::mpsc::channel();
    let pad = pipeline.by_name("end").and_then(|end| end.static_pad("sink"));
    pad.ok_or("there is no sink")?
        .add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let _ = sender.send(Instant::now());
            gst::PadProbeReturn::Ok
        });
    let bus = pipeline.bus().ok_or("the pipeline has no bus")?;
    pipeline
        .set_state(gst::State::Playing)
        .map_err(|error| error.to_string())?;
    let deadline = gst::ClockTime::from_mseconds(u64::try_from(DEADLINE.as_millis()).unwrap_or(u64::MAX));
    let message = bus.timed_pop_filtered(deadline, &[gst::MessageType::Eos, gst::MessageType::Error]);
    drop(stop);
    match message.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Error(error)) => return Err(error.error().to_string()),
        Some(_) => {}
        None => return Err("the trial does not end".to_owned()),
    }
    let times: Vec<Instant> = arrivals.try_iter().collect();
    match (times.get(UNTIMED as usize), times.last()) {
        (Some(first), Some(last)) => Ok((*last - *first) / (times.len() as u32 - UNTIMED - 1).max(1)),
        _ => Err(format!("only {} of {FRAMES} frames were encoded", times.len())),
    }
}

/// Sets the pipeline to NULL when dropped.
struct Stop<'a>(&'a gst::Pipeline);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}
