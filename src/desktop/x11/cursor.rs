//! The shape of the cursor.

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
    match png::encode(image.width, image.height, pixels) {
        Ok(png) => DesktopEvent::Cursor(CursorImage {
            serial: image.cursor_serial,
            width: image.width,
            height: image.height,
            hotspot_x: image.xhot.min(image.width.saturating_sub(1)),
            hotspot_y: image.yhot.min(image.height.saturating_sub(1)),
            png: png.into(),
        }),
        Err(error) => {
            tracing::debug!(%error, "a cursor has no image");
            DesktopEvent::CursorHidden
        }
    }
}

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
