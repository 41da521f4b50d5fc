//! Frames of a size that every encoder takes: even, and not tiny.
//!
//! Encoders of 4:2:0 refuse odd sizes, or cut off the last row and column. The capture therefore repeats the pixels of
//! its right and lower edge, once for all encoders; every pixel of the desktop stays where it was. Frames of an even
//! size pass by unchanged.

use std::sync::Mutex;

use gst::prelude::*;
use gst_video::prelude::*;
use gst_video::{VideoFrameRef, VideoInfo};

use crate::capture::Pool;
use crate::sync::lock;

/// The smallest width and height that encoders take, in pixels.
pub(crate) const SMALLEST: u32 = 16;

/// Returns a width or height, in pixels, that encoders take.
fn padded(length: u32) -> u32 {
    length.next_multiple_of(2).max(SMALLEST)
}

/// Pads the frames that arrive at `pad`, if their size requires it.
pub(super) fn pad_frames(pad: &gst::Pad) {
    let padding = Mutex::new(None::<Padding>);
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(kinds, move |_, info| {
        let mut padding = lock(&padding);
        match &mut info.data {
            Some(gst::PadProbeData::Event(event)) => {
                if let gst::EventView::Caps(caps) = event.view() {
                    *padding = Padding::of(caps.caps());
                    if let Some(padding) = &*padding {
                        *event = gst::event::Caps::new(&padding.caps);
                    }
                }
            }
            Some(gst::PadProbeData::Buffer(buffer)) => {
                if let Some(padding) = &*padding {
                    match padding.apply(buffer) {
                        Ok(frame) => *buffer = frame,
                        Err(error) => {
                            tracing::warn!(%error, "a frame is lost");
                            return gst::PadProbeReturn::Drop;
                        }
                    }
                }
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

/// The padding of a stream.
struct Padding {
    from: VideoInfo,
    to: VideoInfo,
    caps: gst::Caps,
    pool: Pool,
}

impl Padding {
    /// Returns the padding of a stream with these caps; `None` if it needs none, or its pixels are not in memory as
    /// planes of samples.
    fn of(caps: &gst::CapsRef) -> Option<Self> {
        let from = VideoInfo::from_caps(caps).ok()?;
        let (width, height) = (padded(from.width()), padded(from.height()));
        let is_plain = caps.features(0).is_none_or(|features| {
            features.is_equal(&gst::CapsFeatures::new([gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY]))
        });
        let flags = from.format_info().flags();
        if (width, height) == (from.width(), from.height())
            || !is_plain
            || flags.intersects(gst_video::VideoFormatFlags::COMPLEX | gst_video::VideoFormatFlags::PALETTE)
        {
            return None;
        }
        let mut caps = caps.to_owned();
        let structure = caps.make_mut().structure_mut(0)?;
        structure.set("width", i32::try_from(width).ok()?);
        structure.set("height", i32::try_from(height).ok()?);
        let to = VideoInfo::from_caps(&caps).ok()?;
        let pool = Pool::new(&to).ok()?;
        Some(Self { from, to, caps, pool })
    }

    /// Returns a padded copy of the frame.
    fn apply(&self, frame: &gst::BufferRef) -> Result<gst::Buffer, glib::BoolError> {
        let acquired = self.pool.acquire();
        let mut padded = acquired.map_err(|_| glib::bool_error!("there is no memory for a padded frame"))?;
        let target = padded.make_mut();
        frame.copy_into(
            target,
            gst::BufferCopyFlags::FLAGS | gst::BufferCopyFlags::TIMESTAMPS,
            ..,
        )?;
        target.set_offset(frame.offset());
        let source = VideoFrameRef::from_buffer_ref_readable(frame, &self.from)?;
        let mut target = VideoFrameRef::from_buffer_ref_writable(target, &self.to)?;
        for component in 0..self.from.n_components() {
            fill(&source, &mut target, component)?;
        }
        drop(target);
        Ok(padded)
    }
}

/// Copies the plane that begins with this component, and repeats the samples of the component at the edges.
fn fill(
    source: &VideoFrameRef<&gst::BufferRef>,
    target: &mut VideoFrameRef<&mut gst::BufferRef>,
    component: u32,
) -> Result<(), glib::BoolError> {
    let at = component as usize;
    let format = target.format_info();
    let plane = format.plane()[at];
    let (width, height) = (
        source.comp_width(component) as usize,
        source.comp_height(component) as usize,
    );
    let (padded_width, padded_height) = (
        target.comp_width(component) as usize,
        target.comp_height(component) as usize,
    );
    let (from, to) = [source.plane_stride(), target.plane_stride()]
        .map(|strides| strides[plane as usize] as usize)
        .into();
    let (step, offset) = (format.pixel_stride()[at] as usize, format.poffset()[at] as usize);
    let sample = (format.depth()[at] + format.shift()[at]).div_ceil(8) as usize;
    let pixels = source.plane_data(plane)?;
    let padded = target.plane_data_mut(plane)?;
    let is_first = !format.plane()[..at].contains(&plane);
    for row in 0..height {
        let line = &mut padded[row * to..];
        if is_first {
            let length = from.min(to).min(line.len()).min(pixels.len() - row * from);
            line[..length].copy_from_slice(&pixels[row * from..][..length]);
        }
        let last = (width - 1) * step + offset;
        for column in width..padded_width {
            line.copy_within(last..last + sample, column * step + offset);
        }
    }
    // The rows of a plane are whole once its last component is filled; until then they are only copied too early.
    let length = to.min(padded.len() / padded_height.max(1));
    for row in height..padded_height {
        padded.copy_within((height - 1) * to..(height - 1) * to + length, row * to);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of `videotestsrc` before and after the padding, as samples.
    fn frames(format: &str, width: u32, height: u32) -> (gst::Sample, gst::Sample) {
        gst::init().unwrap();
        let text = format!(
            "videotestsrc num-buffers=1 pattern=smpte ! video/x-raw,format={format},width={width},height={height} \
             ! tee name=t ! queue ! appsink name=before sync=false  t. ! queue ! appsink name=after sync=false"
        );
        let pipeline = gst::parse::launch(&text)
            .unwrap()
            .downcast::<gst::Pipeline>()
            .unwrap();
        let sink = |name: &str| {
            pipeline
                .by_name(name)
                .unwrap()
                .downcast::<gst_app::AppSink>()
                .unwrap()
        };
        let (before, after) = (sink("before"), sink("after"));
        pad_frames(&after.static_pad("sink").unwrap());
        pipeline.set_state(gst::State::Playing).unwrap();
        let samples = (before.pull_sample().unwrap(), after.pull_sample().unwrap());
        pipeline.set_state(gst::State::Null).unwrap();
        samples
    }

    /// The samples of a component, row by row.
    fn samples(sample: &gst::Sample, component: u32) -> Vec<Vec<Vec<u8>>> {
        let info = VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        let frame = VideoFrameRef::from_buffer_ref_readable(sample.buffer().unwrap(), &info).unwrap();
        let (format, at) = (info.format_info(), component as usize);
        let plane = format.plane()[at];
        let length = (format.depth()[at] + format.shift()[at]).div_ceil(8) as usize;
        let row = |y: u32| {
            let start =
                y as usize * frame.plane_stride()[plane as usize] as usize + format.poffset()[at] as usize;
            let sample = |x: u32| {
                let at = start + x as usize * format.pixel_stride()[component as usize] as usize;
                frame.plane_data(plane).unwrap()[at..at + length].to_vec()
            };
            (0..frame.comp_width(component)).map(sample).collect()
        };
        (0..frame.comp_height(component)).map(row).collect()
    }

    #[test]
    fn odd_and_tiny_frames_get_copies_of_their_edges_and_nothing_else_changes() {
        for format in [
            "I420",
            "NV12",
            "BGRx",
            "BGR",
            "Y444",
            "YUY2",
            "RGB16",
            "I420_10LE",
            "GRAY8",
        ] {
            for (width, height) in [(67, 49), (66, 49), (67, 48), (1, 1), (15, 15), (3, 200)] {
                let (before, after) = frames(format, width, height);
                let components = VideoInfo::from_caps(before.caps().unwrap())
                    .unwrap()
                    .n_components();
                let size = VideoInfo::from_caps(after.caps().unwrap()).unwrap();
                assert_eq!(
                    (size.width(), size.height()),
                    (padded(width), padded(height)),
                    "{format}"
                );
                assert_eq!(after.buffer().unwrap().pts(), before.buffer().unwrap().pts());
                for component in 0..components {
                    let [before, after] = [&before, &after].map(|sample| samples(sample, component));
                    for (y, row) in after.iter().enumerate() {
                        let source = &before[y.min(before.len() - 1)];
                        for (x, found) in row.iter().enumerate() {
                            let expected = &source[x.min(source.len() - 1)];
                            assert_eq!(
                                found, expected,
                                "{format} {width}x{height} component {component} at {x},{y}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_frame_of_an_even_size_is_not_copied() {
        let (before, after) = frames("I420", 64, 48);
        let address = |sample: &gst::Sample| sample.buffer().unwrap().peek_memory(0).as_ptr();
        assert_eq!(address(&before), address(&after));
    }
}
