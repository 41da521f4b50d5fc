//! The cursor, which display servers keep apart from the pixels of the screen.

use super::region::{Region, Rows};

/// The image of the cursor.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) width: usize,
    pub(super) height: usize,
    /// The pixel that points, counted from the top left.
    pub(super) hotspot: (i32, i32),
    /// Rows from the top: ARGB, premultiplied.
    pub(super) pixels: Vec<u32>,
    /// The display server's number for this image.
    pub(super) serial: u32,
}

impl Cursor {
    /// The place at which it is drawn in `region` when the pointer is at this pixel of the screen; `None` if that is
    /// outside.
    pub(super) fn place(&self, region: Region, x: i16, y: i16) -> Option<Place> {
        let left = i32::from(x) - self.hotspot.0 - i32::from(region.x);
        let top = i32::from(y) - self.hotspot.1 - i32::from(region.y);
        let inside =
            |start: i32, length: usize, limit: u16| start < limit.into() && start + length as i32 > 0;
        (inside(left, self.width, region.width) && inside(top, self.height, region.height)).then(|| Place {
            left,
            top,
            rows: top.max(0) as usize..(top + self.height as i32).min(region.height.into()) as usize,
            serial: self.serial,
        })
    }

    /// Draws it onto BGRx pixels of `stride` bytes a row, the first of which is row `first` of the region.
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

/// The place at which a cursor is drawn in a region.
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
            hotspot: (1, 0),
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
