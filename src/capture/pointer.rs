//! The picture of the pointer, which X keeps apart from that of the screen.

use x11rb::protocol::xfixes::GetCursorImageReply;

use super::region::{Region, Rows};

/// What the pointer looks like.
#[derive(Debug)]
pub(super) struct Cursor {
    width: usize,
    height: usize,
    /// The pixel that points.
    hot: (i32, i32),
    /// ARGB, multiplied with its alpha already.
    pixels: Vec<u32>,
    /// Which of X's cursors it is.
    serial: u32,
}

impl Cursor {
    pub(super) fn new(reply: GetCursorImageReply) -> Self {
        Self {
            width: reply.width.into(),
            height: reply.height.into(),
            hot: (reply.xhot.into(), reply.yhot.into()),
            pixels: reply.cursor_image,
            serial: reply.cursor_serial,
        }
    }

    /// Where it is to be drawn in `region` when the pointer is at this place of the window; `None` if it is outside.
    pub(super) fn place(&self, region: Region, x: i16, y: i16) -> Option<Place> {
        let left = i32::from(x) - self.hot.0 - i32::from(region.x);
        let top = i32::from(y) - self.hot.1 - i32::from(region.y);
        let inside =
            |start: i32, length: usize, limit: u16| start < limit.into() && start + length as i32 > 0;
        (inside(left, self.width, region.width) && inside(top, self.height, region.height)).then(|| Place {
            left,
            top,
            rows: top.max(0) as usize..(top + self.height as i32).min(region.height.into()) as usize,
            serial: self.serial,
        })
    }

    /// Draws it onto BGRx pixels of `stride` bytes a row, of which the first is row `first` of the region.
    pub(super) fn blend(&self, place: &Place, pixels: &mut [u8], stride: usize, first: usize) {
        let source_rows = self.pixels.chunks_exact(self.width.max(1));
        for (row, source) in source_rows.enumerate() {
            let row = place.top + row as i32 - first as i32;
            let Some(target) = usize::try_from(row)
                .ok()
                .and_then(|row| pixels.chunks_exact_mut(stride).nth(row))
            else {
                continue;
            };
            let skipped = (-place.left).max(0) as usize;
            let targets = target.chunks_exact_mut(4).skip(place.left.max(0) as usize);
            for (pixel, argb) in targets.zip(source.iter().skip(skipped)) {
                let [blue, green, red, alpha] = argb.to_le_bytes();
                for (below, above) in pixel.iter_mut().zip([blue, green, red]) {
                    let shining = u32::from(*below) * u32::from(255 - alpha);
                    *below = above.saturating_add(((shining + 127) / 255) as u8);
                }
            }
        }
    }
}

/// Where a cursor is drawn in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    left: i32,
    top: i32,
    /// The rows of the region that it covers.
    pub(super) rows: Rows,
    serial: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: Region = Region {
        x: 10,
        y: 0,
        width: 4,
        height: 3,
    };

    /// Two by two: opaque white, half red, nothing, opaque black.
    fn cursor() -> Cursor {
        Cursor {
            width: 2,
            height: 2,
            hot: (1, 0),
            pixels: vec![0xffff_ffff, 0x8080_0000, 0, 0xff00_0000],
            serial: 1,
        }
    }

    fn drawn(x: i16, y: i16) -> Vec<u32> {
        let mut pixels = vec![100; 4 * 4 * 3];
        let place = cursor().place(REGION, x, y).unwrap();
        cursor().blend(&place, &mut pixels, 16, 0);
        pixels
            .chunks_exact(4)
            .map(|pixel| u32::from_be_bytes([0, pixel[2], pixel[1], pixel[0]]))
            .collect()
    }

    const GREY: u32 = 0x0064_6464;
    const PINK: u32 = 0x00b2_3232;

    #[test]
    fn it_is_blended_at_its_place() {
        let pixels = drawn(12, 1);
        let white = 0x00ff_ffff;
        assert_eq!(pixels[..4], [GREY; 4]);
        assert_eq!(pixels[4..], [GREY, white, PINK, GREY, GREY, GREY, 0, GREY]);
    }

    #[test]
    fn it_is_cut_at_the_edges() {
        assert_eq!(drawn(10, -1)[..5], [0, GREY, GREY, GREY, GREY]);
        assert_eq!(drawn(10, 2)[8..], [PINK, GREY, GREY, GREY]);
        assert_eq!(drawn(14, 2)[8..], [GREY, GREY, GREY, 0x00ff_ffff]);
        assert_eq!(cursor().place(REGION, 15, 2), None);
        assert_eq!(cursor().place(REGION, 12, 3), None);
        assert_eq!(cursor().place(REGION, 12, 2).unwrap().rows, 2..3);
    }
}
