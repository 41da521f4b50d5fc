//! The layout of a window's pixels in memory, and their conversion to BGRx.

use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::xproto::{Colormap, ConnectionExt as _, ImageOrder, VisualClass, Visualtype, Window};
use x11rb::rust_connection::RustConnection;

/// The layout of pixels as the X server gives them.
pub(super) struct Layout {
    /// Bytes of a pixel.
    size: usize,
    /// Rows begin at multiples of this many bytes.
    alignment: usize,
    meaning: Meaning,
}

/// The meaning of a pixel's value.
enum Meaning {
    /// BGRx, which needs no conversion.
    Bgrx,
    /// Red, green and blue are these bits.
    Masks([Bits; 3]),
    /// The value is an index into a colour map, which programs change.
    Palette {
        colormap: Colormap,
        colours: Vec<[u8; 4]>,
    },
}

/// The bits of a colour in a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bits {
    shift: u32,
    largest: u32,
}

impl Bits {
    fn of(mask: u32) -> Self {
        let shift = mask.trailing_zeros().min(31);
        Self {
            shift,
            largest: (mask >> shift).max(1),
        }
    }

    /// The value of the colour in `pixel`, from 0 to 255.
    fn in_pixel(self, pixel: u32) -> u8 {
        let value = (pixel >> self.shift) & self.largest;
        ((value * 255 + self.largest / 2) / self.largest) as u8
    }
}

impl Layout {
    /// Asks for the layout of the pixels of `window`.
    ///
    /// # Errors
    /// If the source cannot convert them.
    pub(super) fn of(connection: &RustConnection, window: Window) -> Result<Self, String> {
        let asked = || -> Result<_, ReplyError> {
            let attributes = connection.get_window_attributes(window)?.reply()?;
            let geometry = connection.get_geometry(window)?.reply()?;
            Ok((attributes, geometry.depth))
        };
        let (attributes, depth) =
            asked().map_err(|error| format!("there is no window {window:#x}: {error}"))?;
        let setup = connection.setup();
        let format = setup.pixmap_formats.iter().find(|format| format.depth == depth);
        let depths = setup.roots.iter().flat_map(|screen| &screen.allowed_depths);
        let mut visuals = depths.flat_map(|depth| &depth.visuals);
        let visual = visuals.find(|visual| visual.visual_id == attributes.visual);
        let is_little = setup.image_byte_order == ImageOrder::LSB_FIRST;
        if let (Some(format), Some(visual)) = (format, visual)
            && let Some(meaning) = meaning(visual, format.bits_per_pixel, attributes.colormap)
            && (is_little || format.bits_per_pixel == 8)
        {
            return Ok(Self {
                size: usize::from(format.bits_per_pixel) / 8,
                alignment: usize::from(format.scanline_pad).div_ceil(8).max(1),
                meaning,
            });
        }
        Err(format!(
            "its pixels have depth {depth} in a format that this source cannot read; start the X server with depth 24 \
             (Xvfb: -screen 0 1280x720x24), or use ximagesrc"
        ))
    }

    /// True if the pixels are BGRx as they are.
    pub(super) fn is_bgrx(&self) -> bool {
        matches!(self.meaning, Meaning::Bgrx)
    }

    /// The bytes of a row of `width` pixels.
    pub(super) fn stride(&self, width: u16) -> usize {
        (usize::from(width) * self.size).next_multiple_of(self.alignment)
    }

    /// Asks for the colours, if the pixels are indices.
    pub(super) fn refresh(&mut self, connection: &RustConnection) -> Result<(), ReplyError> {
        if let Meaning::Palette { colormap, colours } = &mut self.meaning {
            let indices: Vec<u32> = (0..colours.len() as u32).collect();
            let reply = connection.query_colors(*colormap, &indices)?.reply()?;
            for (colour, found) in colours.iter_mut().zip(reply.colors) {
                *colour = [found.blue, found.green, found.red, 0].map(|part| (part >> 8) as u8);
            }
        }
        Ok(())
    }

    /// Converts rows of `width` pixels to BGRx without gaps.
    pub(super) fn convert(&self, width: u16, from: &[u8], to: &mut [u8]) {
        let rows = from.chunks(self.stride(width));
        for (from, to) in rows.zip(to.chunks_exact_mut(usize::from(width) * 4)) {
            for (pixel, to) in from.chunks_exact(self.size).zip(to.chunks_exact_mut(4)) {
                let mut bytes = [0; 4];
                bytes[..pixel.len()].copy_from_slice(pixel);
                let value = u32::from_le_bytes(bytes);
                to.copy_from_slice(&match &self.meaning {
                    Meaning::Bgrx => bytes,
                    Meaning::Masks([red, green, blue]) => [
                        blue.in_pixel(value),
                        green.in_pixel(value),
                        red.in_pixel(value),
                        0,
                    ],
                    Meaning::Palette { colours, .. } => {
                        colours.get(value as usize).copied().unwrap_or_default()
                    }
                });
            }
        }
    }
}

/// The meaning of pixels of this visual; `None` if the source does not know it.
fn meaning(visual: &Visualtype, bits_per_pixel: u8, colormap: Colormap) -> Option<Meaning> {
    let masks = [visual.red_mask, visual.green_mask, visual.blue_mask];
    match visual.class {
        VisualClass::TRUE_COLOR | VisualClass::DIRECT_COLOR => match bits_per_pixel {
            32 if masks == [0xff_0000, 0xff00, 0xff] => Some(Meaning::Bgrx),
            8 | 16 | 24 | 32 => Some(Meaning::Masks(masks.map(Bits::of))),
            _ => None,
        },
        _ if bits_per_pixel == 8 => Some(Meaning::Palette {
            colormap,
            colours: vec![[0; 4]; usize::from(visual.colormap_entries.min(256))],
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(bits_per_pixel: usize, masks: [u32; 3]) -> Layout {
        Layout {
            size: bits_per_pixel / 8,
            alignment: 4,
            meaning: Meaning::Masks(masks.map(Bits::of)),
        }
    }

    #[test]
    fn each_colour_gets_its_full_range() {
        let sixteen = layout(16, [0xf800, 0x07e0, 0x001f]);
        let pixels = [0xf800_u16, 0x07e0, 0xffff, 0xffff, 0x001f, 0x8410, 0, 0];
        let bytes: Vec<u8> = pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        let mut found = vec![9; 2 * 3 * 4];
        assert_eq!(sixteen.stride(3), 8, "rows are aligned");
        sixteen.convert(3, &bytes, &mut found);
        assert_eq!(found[..12], [0, 0, 255, 0, 0, 255, 0, 0, 255, 255, 255, 0]);
        assert_eq!(found[12..], [255, 0, 0, 0, 132, 130, 132, 0, 0, 0, 0, 0]);
        let thirty = layout(32, [0x3ff0_0000, 0x000f_fc00, 0x0000_03ff]);
        let mut found = [0; 4];
        thirty.convert(1, &0x3ff8_0000_u32.to_le_bytes(), &mut found);
        assert_eq!(found, [0, 128, 255, 0]);
    }
}
