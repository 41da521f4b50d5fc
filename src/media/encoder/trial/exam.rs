//! The trial of one encoder: it encodes some frames, and is asked for all that viewers will ask it for.

use std::time::{Duration, Instant};

use gst::prelude::*;

use crate::media::encoder::restart::{Restarter, encoder};
use crate::media::pipeline::encoder_spec::EncoderSpec;
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::{ENCODED, FRAMES, encoding_text};
use crate::media::pipeline::restarts::Restarts;
use crate::media::source::video::Size;

/// Number of frames to encode. The first [`UNTIMED`] are not timed: encoders take time to open.
const COUNT: u32 = 24;
const UNTIMED: u32 = 4;
/// Before this frame, the encoder is asked for half the bitrate, and before the other for a key frame: later, so that a
/// key frame with the other bitrate does not count as the one that was asked for.
const HALF_RATE: u32 = 10;
const KEY_FRAME: u32 = 14;
/// Number of frames after which a slow encoder has shown enough, and the time after which it is slow.
const ENOUGH: u32 = 17;
const SLOW: Duration = Duration::from_secs(2);
/// Time to wait for the output of a frame before the next one goes in: some encoders delay it by a frame or two.
const PATIENCE: Duration = Duration::from_millis(200);
/// Timeout for the rest of the output.
const END: Duration = Duration::from_secs(3);

/// Outcome of a trial that has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Time that the encoder takes for a frame when the machine has nothing else to do.
    pub(crate) time: Duration,
    /// The things that it does only when it is started again.
    pub(crate) restarts: Restarts,
}

/// Tries the encoder with frames of this size. Blocks until it is done.
///
/// # Errors
/// The reason if it does not work.
pub(crate) fn examine(spec: &EncoderSpec, size: Size, kbps: u32) -> Result<Outcome, String> {
    let origin = &spec.description.origin;
    let pipeline = parse::parse(origin, &encoding_text(spec, false)).map_err(|error| error.to_string())?;
    let stop = Stop(&pipeline);
    let (frames, encoded): (gst_app::AppSrc, gst_app::AppSink) = (
        parse::element(&pipeline, FRAMES)?,
        parse::element(&pipeline, ENCODED)?,
    );
    check_size(&pipeline, size)?;
    let mut exam = Exam {
        frames,
        encoded,
        info: format(size).ok_or("there are no frames of this size")?,
        arrivals: Vec::new(),
        has_key_frame: false,
    };
    exam.frames.set_caps(exam.info.to_caps().ok().as_ref());
    exam.frames.set_format(gst::Format::Time);
    exam.encoded.set_property("sync", false);
    pipeline
        .set_state(gst::State::Playing)
        .map_err(|error| error.to_string())?;
    let restarts = exam.run(&pipeline, spec, kbps)?;
    drop(stop);
    Ok(Outcome {
        time: exam.time(&pipeline).ok_or("too few frames were encoded")?,
        restarts,
    })
}

struct Exam {
    frames: gst_app::AppSrc,
    encoded: gst_app::AppSink,
    info: gst_video::VideoInfo,
    /// The time, and the processor time of this process, at which encoded frames came.
    arrivals: Vec<(Instant, Duration)>,
    /// True if a key frame has come since the last request.
    has_key_frame: bool,
}

impl Exam {
    fn run(&mut self, pipeline: &gst::Pipeline, spec: &EncoderSpec, kbps: u32) -> Result<Restarts, String> {
        let (mut restarts, target) = (spec.description.restarts, spec.description.bitrate.clone());
        restarts.bitrate |= target
            .as_ref()
            .is_some_and(|target| target.needs_restart(pipeline));
        let half = move |pipeline: &gst::Pipeline| {
            if let Some(target) = &target {
                target.apply(pipeline, (kbps / 2).max(1));
            }
        };
        let restarter = match restarts == Restarts::default() {
            true => None,
            false => Some(Restarter::new(pipeline, half.clone())?),
        };
        let start = Instant::now();
        for number in 0..COUNT {
            if number == KEY_FRAME {
                self.has_key_frame = false;
                match &restarter {
                    Some(restarter) if restarts.key_frames => restarter.request(),
                    _ => self.request_key_frame(),
                }
            }
            if number == HALF_RATE {
                match &restarter {
                    Some(restarter) if restarts.bitrate => restarter.request(),
                    _ => half(pipeline),
                }
            }
            if number >= ENOUGH && start.elapsed() > SLOW {
                break;
            }
            self.frames
                .push_buffer(self.frame(number)?)
                .map_err(|_| reason(pipeline))?;
            self.take(PATIENCE);
            if let Some(error) = error(pipeline) {
                return Err(error);
            }
        }
        self.frames.end_of_stream().map_err(|_| reason(pipeline))?;
        while self.take(END) {}
        if let Some(error) = error(pipeline) {
            return Err(error);
        }
        if !self.has_key_frame && restarts.key_frames {
            return Err("a restart brings no key frame".to_owned());
        }
        restarts.key_frames |= !self.has_key_frame;
        Ok(restarts)
    }

    /// Takes the next encoded frame. Returns false if none comes within `limit`, or at the end.
    fn take(&mut self, limit: Duration) -> bool {
        let sample = self.encoded.try_pull_sample(gst::ClockTime::try_from(limit).ok());
        let Some(buffer) = sample.as_ref().and_then(|sample| sample.buffer()) else {
            return false;
        };
        self.has_key_frame |= !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        self.arrivals.push((Instant::now(), processor_time()));
        true
    }

    fn request_key_frame(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder()
            .all_headers(true)
            .build();
        if let Some(pad) = self.encoded.static_pad("sink") {
            pad.push_event(event);
        }
    }

    /// Returns a grey frame with a square that moves.
    fn frame(&self, number: u32) -> Result<gst::Buffer, String> {
        let mut bytes = vec![128; self.info.size()];
        let (width, height) = (self.info.width() as usize, self.info.height() as usize);
        let side = (width.min(height) / 4).max(1);
        let left = number as usize * 8 % (width - side + 1);
        let rows = bytes.chunks_mut(self.info.stride()[0] as usize).take(side);
        for (y, row) in rows.enumerate() {
            for (x, pixel) in row[left..left + side].iter_mut().enumerate() {
                *pixel = (x * 7 + y * 13) as u8;
            }
        }
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let time = gst::ClockTime::from_mseconds(u64::from(number) * 16);
        buffer.get_mut().ok_or("the frame is in use")?.set_pts(time);
        Ok(buffer)
    }

    /// Returns the mean time for a frame.
    fn time(&self, pipeline: &gst::Pipeline) -> Option<Duration> {
        let (first, last) = (self.arrivals.get(UNTIMED as usize)?, self.arrivals.last()?);
        let count = (self.arrivals.len() as u32)
            .checked_sub(UNTIMED + 1)
            .filter(|count| *count > 0)?;
        let is_hardware = pipeline.iterate_recurse().into_iter().flatten().any(|element| {
            let kind = gst::ElementFactoryType::HARDWARE;
            element.factory().is_some_and(|factory| factory.has_type(kind))
        });
        Some(cost(last.0 - first.0, last.1 - first.1, is_hardware) / count)
    }
}

/// Checks that the encoder element takes frames of this size, as far as its template says.
fn check_size(pipeline: &gst::Pipeline, size: Size) -> Result<(), String> {
    let Some(encoder) = encoder(pipeline) else {
        return Ok(());
    };
    let Some(caps) = encoder.static_pad("sink").map(|pad| pad.pad_template_caps()) else {
        return Ok(());
    };
    for (direction, length) in [("width", size.width), ("height", size.height)] {
        let ranges = caps
            .iter()
            .filter_map(|caps| caps.get::<gst::IntRange<i32>>(direction).ok());
        let ranges: Vec<_> = ranges.map(|range| (range.min(), range.max())).collect();
        let fits = |(least, most): &(i32, i32)| {
            i32::try_from(length).is_ok_and(|length| (*least..=*most).contains(&length))
        };
        if let Some((least, most)) = ranges.first()
            && !ranges.iter().any(fits)
        {
            return Err(format!(
                "{} takes a {direction} of {least} to {most} pixels",
                encoder.name()
            ));
        }
    }
    Ok(())
}

/// Returns the format of the capture's frames.
fn format(size: Size) -> Option<gst_video::VideoInfo> {
    let format = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, size.width, size.height);
    let colorimetry = "bt601".parse::<gst_video::VideoColorimetry>().ok()?;
    format
        .fps(gst::Fraction::new(60, 1))
        .colorimetry(&colorimetry)
        .build()
        .ok()
}

/// Returns the time that an encoder takes for frames on an idle machine. On a busy one, a software encoder waits for the
/// processor: then its processor time is what it takes otherwise.
fn cost(elapsed: Duration, processor: Duration, is_hardware: bool) -> Duration {
    match is_hardware {
        true => elapsed,
        false => elapsed.min(processor),
    }
}

/// Returns the processor time that this process has used.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

fn error(pipeline: &gst::Pipeline) -> Option<String> {
    let message = pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
    match message.view() {
        gst::MessageView::Error(error) => Some(error.error().to_string()),
        _ => None,
    }
}

fn reason(pipeline: &gst::Pipeline) -> String {
    error(pipeline).unwrap_or_else(|| "it takes no frames".to_owned())
}

/// Sets the pipeline to NULL when dropped.
struct Stop<'a>(&'a gst::Pipeline);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_of_the_machine_does_not_count() {
        let (elapsed, processor) = (Duration::from_millis(100), Duration::from_millis(20));
        assert_eq!(cost(elapsed, processor, false), processor);
        assert_eq!(cost(processor, elapsed, false), processor, "several threads");
        assert_eq!(
            cost(elapsed, processor, true),
            elapsed,
            "it waits for the hardware"
        );
    }
}
