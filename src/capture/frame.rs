//! Conversion of the screen's pixels to frames of the negotiated format.

use yuv::{BufferStoreMut, YuvConversionMode, YuvError, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

use super::cursor::{Cursor, Place};
use super::region::{Rows, in_pairs, overlap};

/// A frame in the making. Only what has changed is converted; the rest stays as it was.
#[derive(Debug)]
pub(super) struct Frame {
    info: gst_video::VideoInfo,
    /// Y, U and V of an I420 frame, without gaps: the library loses rows where there are some. Empty for BGRx, which
    /// needs no conversion.
    planes: [Vec<u8>; 3],
    /// The rows below the cursor, with the cursor.
    strip: Vec<u8>,
}

/// The cursor and its place, if it is in the frame.
pub(super) type Pointer<'a> = Option<(&'a Cursor, &'a Place)>;

impl Frame {
    pub(super) fn new(info: gst_video::VideoInfo) -> Self {
        let planes = match info.format() {
            gst_video::VideoFormat::I420 => [0, 1, 2].map(|plane| {
                let (width, height) = plane_size(&info, plane);
                vec![0; width * height]
            }),
            _ => Default::default(),
        };
        Self {
            info,
            planes,
            strip: Vec::new(),
        }
    }

    /// The format of the frame.
    pub(super) fn info(&self) -> &gst_video::VideoInfo {
        &self.info
    }

    /// Converts `rows` of the screen's `pixels` (BGRx, without gaps), with the cursor.
    pub(super) fn update(&mut self, pixels: &[u8], rows: &Rows, pointer: Pointer) -> Result<(), YuvError> {
        if self.planes[0].is_empty() || rows.is_empty() {
            return Ok(());
        }
        let height = self.info.height() as usize;
        let rows = in_pairs(rows, height);
        let Some((cursor, place)) = pointer else {
            return self.convert(pixels, rows);
        };
        let covered = overlap(&rows, &in_pairs(&place.rows, height));
        if covered.is_empty() {
            return self.convert(pixels, rows);
        }
        self.convert(pixels, rows.start..covered.start)?;
        self.convert(pixels, covered.end..rows.end)?;
        let stride = self.stride();
        let mut strip = std::mem::take(&mut self.strip);
        strip.clear();
        strip.extend_from_slice(&pixels[covered.start * stride..covered.end * stride]);
        cursor.blend(place, &mut strip, stride, covered.start);
        let converted = self.convert_from(&strip, covered);
        self.strip = strip;
        converted
    }

    /// Writes the whole frame into the memory of a buffer.
    pub(super) fn write(&self, pixels: &[u8], pointer: Pointer, frame: &mut [u8]) {
        if !self.planes[0].is_empty() {
            for (index, plane) in self.planes.iter().enumerate() {
                let target = &mut frame[self.info.offset()[index]..];
                let targets = target.chunks_mut(self.info.stride()[index] as usize);
                let sources = plane.chunks_exact(plane_size(&self.info, index).0);
                for (target, source) in targets.zip(sources) {
                    target[..source.len()].copy_from_slice(source);
                }
            }
            return;
        }
        frame[..pixels.len()].copy_from_slice(pixels);
        if let Some((cursor, place)) = pointer {
            cursor.blend(place, frame, self.stride(), 0);
        }
    }

    fn stride(&self) -> usize {
        self.info.width() as usize * 4
    }

    fn convert(&mut self, pixels: &[u8], rows: Rows) -> Result<(), YuvError> {
        let stride = self.stride();
        self.convert_from(&pixels[rows.start * stride..], rows)
    }

    /// Converts `rows`, which begin with a pair; `pixels` begins with them.
    fn convert_from(&mut self, pixels: &[u8], rows: Rows) -> Result<(), YuvError> {
        if rows.is_empty() {
            return Ok(());
        }
        let (width, half) = (self.info.width(), self.info.width().div_ceil(2));
        let [y, u, v] = &mut self.planes;
        let mut planes = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut y[rows.start * width as usize..]),
            y_stride: width,
            u_plane: BufferStoreMut::Borrowed(&mut u[rows.start / 2 * half as usize..]),
            u_stride: half,
            v_plane: BufferStoreMut::Borrowed(&mut v[rows.start / 2 * half as usize..]),
            v_stride: half,
            width,
            height: rows.len() as u32,
        };
        yuv::bgra_to_yuv420(
            &mut planes,
            &pixels[..rows.len() * width as usize * 4],
            width * 4,
            YuvRange::Limited,
            YuvStandardMatrix::Bt601,
            YuvConversionMode::Balanced,
        )
    }
}

/// Bytes in a row, and rows, of a plane of I420.
fn plane_size(info: &gst_video::VideoInfo, plane: usize) -> (usize, usize) {
    let (width, height) = (info.width() as usize, info.height() as usize);
    match plane {
        0 => (width, height),
        _ => (width.div_ceil(2), height.div_ceil(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst_video::VideoFormat;

    const RED: [u8; 4] = [0, 0, 255, 0];
    const BLUE: [u8; 4] = [255, 0, 0, 0];

    fn new_frame(width: u32, height: u32) -> Frame {
        gst::init().unwrap();
        let info = gst_video::VideoInfo::builder(VideoFormat::I420, width, height);
        Frame::new(info.build().unwrap())
    }

    /// Y, U and V of a pixel.
    fn at(frame: &Frame, x: usize, y: usize) -> [u8; 3] {
        let mut bytes = vec![0; frame.info.size()];
        frame.write(&[], None, &mut bytes);
        let (stride, offset) = (frame.info.stride(), frame.info.offset());
        let of = |plane: usize, x: usize, y: usize| bytes[offset[plane] + y * stride[plane] as usize + x];
        [of(0, x, y), of(1, x / 2, y / 2), of(2, x / 2, y / 2)]
    }

    fn near(found: [u8; 3], expected: [u8; 3]) -> bool {
        found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1)
    }

    #[test]
    fn odd_sizes_are_converted_up_to_the_last_pixel() {
        for (width, height) in [(1, 1), (3, 5), (33, 17), (67, 2), (130, 131)] {
            let mut frame = new_frame(width, height);
            let pixels = RED.repeat((width * height) as usize);
            frame.update(&pixels, &(0..height as usize), None).unwrap();
            for (x, y) in [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)] {
                let found = at(&frame, x as usize, y as usize);
                assert!(
                    near(found, [81, 90, 240]),
                    "{width}x{height} at {x},{y}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn only_the_changed_rows_are_converted() {
        let mut frame = new_frame(15, 9);
        frame.update(&RED.repeat(15 * 9), &(0..9), None).unwrap();
        frame.update(&BLUE.repeat(15 * 9), &(3..4), None).unwrap();
        for (row, expected) in [
            (1, [81, 90, 240]),
            (2, [41, 240, 110]),
            (3, [41, 240, 110]),
            (4, [81, 90, 240]),
        ] {
            assert!(
                near(at(&frame, 14, row), expected),
                "{row}: {:?}",
                at(&frame, 14, row)
            );
        }
    }
}
