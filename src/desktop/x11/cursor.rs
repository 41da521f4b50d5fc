//! The shape of the cursor.

use std::borrow::Cow;
use std::collections::VecDeque;

use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask, GetCursorImageReply};
use x11rb::protocol::xproto::Window;
use x11rb::rust_connection::RustConnection;

use super::png;
use crate::desktop::event::{CursorImage, DesktopEvent};

/// The cursor that was sent last, and the images of those before it.
#[derive(Default)]
pub(super) struct Cursor {
    shapes: Shapes,
    /// The number of the cursor that was sent last.
    sent: Option<u32>,
}

impl Cursor {
    /// Subscribes to changes of the cursor.
    pub(super) fn watch(connection: &RustConnection, root: Window) -> Result<(), ConnectionError> {
        connection.xfixes_select_cursor_input(root, CursorNotifyMask::DISPLAY_CURSOR)?;
        Ok(())
    }

    /// The event for the cursor that is shown now; `serial` is its number if that is known. `None` if it was sent.
    pub(super) fn look(
        &mut self,
        connection: &RustConnection,
        serial: Option<u32>,
    ) -> Result<Option<DesktopEvent>, ConnectionError> {
        if let Some(event) = serial.and_then(|serial| self.shapes.find(serial)) {
            return Ok(self.changed(serial.unwrap_or_default(), event));
        }
        let image = match connection.xfixes_get_cursor_image()?.reply() {
            Ok(image) => image,
            Err(ReplyError::ConnectionError(error)) => return Err(error),
            // Without a pointer there is no cursor.
            Err(ReplyError::X11Error(_)) => return Ok(None),
        };
        let serial = image.cursor_serial;
        let event = self.shapes.find(serial).unwrap_or_else(|| {
            let event = shape(&image);
            self.shapes.add(serial, event.clone());
            event
        });
        Ok(self.changed(serial, event))
    }

    fn changed(&mut self, serial: u32, event: DesktopEvent) -> Option<DesktopEvent> {
        (self.sent.replace(serial) != Some(serial)).then_some(event)
    }
}

fn shape(image: &GetCursorImageReply) -> DesktopEvent {
    let pixels = &image.cursor_image;
    if pixels.iter().all(|pixel| pixel >> 24 == 0) {
        return DesktopEvent::CursorHidden;
    }
    let (width, height, pixels) = fitted(image);
    let scaled = |spot: u16, length: u16, whole: u16| {
        let scaled = u32::from(spot) * u32::from(length) / u32::from(whole.max(1));
        scaled.min(u32::from(length.saturating_sub(1))) as u16
    };
    match png::encode(width, height, &pixels) {
        Ok(png) => DesktopEvent::Cursor(CursorImage {
            serial: image.cursor_serial,
            width,
            height,
            hotspot_x: scaled(image.xhot, width, image.width),
            hotspot_y: scaled(image.yhot, height, image.height),
            png: png.into(),
        }),
        Err(error) => {
            tracing::debug!(%error, "a cursor has no image");
            DesktopEvent::CursorHidden
        }
    }
}

/// The width, height and pixels of a cursor that browsers show: they ignore one that is larger than [`LARGEST`]. A
/// larger cursor is shrunk in proportion; each of its pixels is the mean of those that it replaces.
fn fitted(image: &GetCursorImageReply) -> (u16, u16, Cow<'_, [u32]>) {
    let (width, height) = (usize::from(image.width), usize::from(image.height));
    let longest = width.max(height);
    if longest <= LARGEST || image.cursor_image.len() != width * height {
        return (image.width, image.height, Cow::Borrowed(&image.cursor_image));
    }
    let shrunk = |length: usize| (length * LARGEST / longest).max(1);
    let (columns, rows) = (shrunk(width), shrunk(height));
    // The pixels that one pixel replaces, along one axis.
    let replaced = |at: usize, count: usize, length: usize| {
        let start = at * length / count;
        start..((at + 1) * length).div_ceil(count).max(start + 1)
    };
    let mean = |column: usize, row: usize| {
        let (mut sums, mut count) = ([0_u32; 4], 0);
        for y in replaced(row, rows, height) {
            for x in replaced(column, columns, width) {
                let parts = image.cursor_image[y * width + x].to_be_bytes();
                sums.iter_mut()
                    .zip(parts)
                    .for_each(|(sum, part)| *sum += u32::from(part));
                count += 1;
            }
        }
        u32::from_be_bytes(sums.map(|sum| ((sum + count / 2) / count) as u8))
    };
    let pixels = (0..rows).flat_map(|row| (0..columns).map(move |column| mean(column, row)));
    (columns as u16, rows as u16, pixels.collect())
}

/// The largest width and height of a cursor that browsers show, in pixels.
const LARGEST: usize = 128;

/// The latest shapes by their numbers: an animated cursor shows the same few again and again.
#[derive(Default)]
struct Shapes(VecDeque<(u32, DesktopEvent)>);

impl Shapes {
    fn find(&self, serial: u32) -> Option<DesktopEvent> {
        let same = |shape: &&(u32, DesktopEvent)| shape.0 == serial;
        self.0.iter().find(same).map(|(_, event)| event.clone())
    }

    /// Adds a shape, and forgets the oldest one when there are too many.
    fn add(&mut self, serial: u32, event: DesktopEvent) {
        self.0.truncate(MOST_SHAPES - 1);
        self.0.push_front((serial, event));
    }
}

const MOST_SHAPES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn image(serial: u32, pixels: &[u32]) -> GetCursorImageReply {
        GetCursorImageReply {
            cursor_serial: serial,
            width: pixels.len() as u16,
            height: 1,
            cursor_image: pixels.to_vec(),
            ..Default::default()
        }
    }

    #[test]
    fn a_transparent_cursor_is_hidden() {
        assert_eq!(shape(&image(1, &[0, 0x00ff_ffff])), DesktopEvent::CursorHidden);
        assert_eq!(shape(&image(1, &[])), DesktopEvent::CursorHidden);
        assert!(
            matches!(shape(&image(7, &[0, 0x0100_0000])), DesktopEvent::Cursor(image) if image.serial == 7)
        );
    }

    #[test]
    fn a_cursor_that_browsers_would_ignore_is_shrunk_with_its_hotspot() {
        // The left half is opaque white.
        let half = |width: usize, height: usize| {
            let pixel = move |at: usize| if at % width < width / 2 { u32::MAX } else { 0 };
            (0..width * height).map(pixel).collect::<Vec<_>>()
        };
        for (width, height, shrunk) in [
            (256_u16, 256_u16, (128, 128)),
            (300, 200, (128, 85)),
            (129, 1, (128, 1)),
            (20, 1000, (2, 128)),
            (128, 128, (128, 128)),
        ] {
            let image = GetCursorImageReply {
                width,
                height,
                xhot: width - 1,
                yhot: height / 2,
                cursor_image: half(width.into(), height.into()),
                ..Default::default()
            };
            let DesktopEvent::Cursor(cursor) = shape(&image) else {
                panic!("{width}x{height} is hidden")
            };
            assert_eq!((cursor.width, cursor.height), shrunk, "{width}x{height}");
            assert_eq!(
                cursor.hotspot_x,
                (u32::from(width - 1) * shrunk.0 as u32 / u32::from(width)) as u16
            );
            assert!(cursor.hotspot_y.abs_diff(cursor.height / 2) <= 1, "{cursor:?}");
            let (columns, _, pixels) = fitted(&image);
            assert_eq!(pixels[0], u32::MAX);
            assert_eq!(pixels[usize::from(columns) - 1], 0);
        }
    }

    #[test]
    fn a_shape_is_sent_when_it_changes() {
        let mut cursor = Cursor::default();
        assert!(cursor.changed(1, DesktopEvent::CursorHidden).is_some());
        assert!(cursor.changed(1, DesktopEvent::CursorHidden).is_none());
        assert!(cursor.changed(2, DesktopEvent::CursorHidden).is_some());
        assert!(cursor.changed(1, DesktopEvent::CursorHidden).is_some());
    }

    #[test]
    fn the_oldest_shapes_are_forgotten() {
        let mut shapes = Shapes::default();
        (0..100).for_each(|serial| shapes.add(serial, DesktopEvent::CursorHidden));
        assert!(shapes.find(99).is_some() && shapes.find(36).is_some() && shapes.find(35).is_none());
    }
}
