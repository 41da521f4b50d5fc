//! What the desktop tells.

use std::fmt;
use std::sync::Arc;

/// Something that changed in the desktop. It never carries what somebody copied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DesktopEvent {
    /// The cursor has this shape now. Also told at the start.
    Cursor(CursorImage),
    /// The cursor is invisible now: an application hides it, or draws its own.
    CursorHidden,
    /// Somebody else copied something, or what was copied is gone. [`read_clipboard`] tells what.
    ///
    /// [`read_clipboard`]: super::DesktopServices::read_clipboard
    ClipboardChanged,
    /// The screen has this size now.
    Resized {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// The connection to the X server ended. It is connected to again as soon as there is one.
    Lost,
    /// There is an X server again. Its cursor and its size are told next.
    Returned,
}

/// The shape of the cursor.
#[derive(Clone, PartialEq, Eq)]
pub struct CursorImage {
    /// The X server's number for this shape: the same number is the same picture.
    pub serial: u32,
    /// In pixels, not 0.
    pub width: u16,
    /// In pixels, not 0.
    pub height: u16,
    /// The pixel that points, from the left edge; less than `width`.
    pub hotspot_x: u16,
    /// The pixel that points, from the top edge; less than `height`.
    pub hotspot_y: u16,
    /// The picture: PNG, 8 bits RGBA, not premultiplied.
    pub png: Arc<[u8]>,
}

impl fmt::Debug for CursorImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CursorImage({}, {}x{}, hotspot {},{}, {} bytes)",
            self.serial,
            self.width,
            self.height,
            self.hotspot_x,
            self.hotspot_y,
            self.png.len()
        )
    }
}
