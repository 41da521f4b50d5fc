//! From pixels of a cursor to PNG. Pure.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// Encodes `argb`, rows of premultiplied 0xAARRGGBB from the top left, as RGBA that is not premultiplied.
///
/// # Errors
/// If there are not `width` times `height` pixels.
pub(super) fn encode(width: u16, height: u16, argb: &[u32]) -> Result<Vec<u8>, EncodingError> {
    let rgba: Vec<u8> = argb.iter().flat_map(|pixel| unpremultiplied(*pixel)).collect();
    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, width.into(), height.into());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rgba)?;
    writer.finish()?;
    Ok(png)
}

/// Red, green, blue, alpha.
fn unpremultiplied(argb: u32) -> [u8; 4] {
    let [alpha, red, green, blue] = argb.to_be_bytes();
    let whole = |part: u8| match u16::from(alpha) {
        0 => 0,
        // An application may have forgotten to premultiply.
        alpha => ((u16::from(part) * 255 + alpha / 2) / alpha).min(255) as u8,
    };
    [whole(red), whole(green), whole(blue), alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_divided_by_their_alpha() {
        assert_eq!(unpremultiplied(0xff10_2030), [0x10, 0x20, 0x30, 0xff]);
        assert_eq!(unpremultiplied(0x8040_0080), [128, 0, 255, 128]);
        assert_eq!(unpremultiplied(0x0000_0000), [0, 0, 0, 0]);
        assert_eq!(unpremultiplied(0x00ff_ffff), [0, 0, 0, 0]);
        assert_eq!(unpremultiplied(0x10ff_0000), [255, 0, 0, 16]);
    }

    #[test]
    fn the_image_can_be_read_back() {
        let png = encode(2, 1, &[0xffff_0000, 0x8000_8000]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(
            (info.width, info.height, info.color_type),
            (2, 1, ColorType::Rgba)
        );
        assert_eq!(pixels, [255, 0, 0, 255, 0, 255, 0, 128]);
    }

    #[test]
    fn the_number_of_pixels_must_fit() {
        assert!(encode(2, 2, &[0; 3]).is_err());
    }
}
