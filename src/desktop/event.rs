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
    /// These monitors and windows can be shown alone now. None until this is told.
    Views(Vec<View>),
    /// The connection to the X server ended. It is connected to again as soon as there is one.
    Lost,
    /// There is an X server again. Its cursor and its size are told next.
    Returned,
}

/// A part of the screen that can be shown alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What it is.
    pub kind: ViewKind,
    /// The X server's number for the monitor's name, or for the window.
    pub number: u32,
    /// The monitor's name, or the window's title. Programs choose titles as they like.
    pub name: String,
    /// Its left edge on the screen, in pixels.
    pub x: u32,
    /// Its top edge.
    pub y: u32,
    /// What of it is on the screen, even.
    pub width: u32,
    /// What of it is on the screen, even.
    pub height: u32,
}

/// What a [`View`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    /// A monitor that is not the whole screen.
    Monitor,
    /// A window that is on the screen, whatever covers it.
    Window,
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
