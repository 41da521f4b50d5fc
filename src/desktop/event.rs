//! Events of the desktop.

use std::fmt;
use std::sync::Arc;

use super::clipboard_content::ClipboardReading;

/// A change in the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DesktopEvent {
    /// The cursor has this shape now. Also sent at the start.
    Cursor(CursorImage),
    /// The cursor is invisible now: an application hides it, or draws its own.
    CursorHidden,
    /// A program copied this, or what was copied is gone. Not sent for what was written by
    /// [`write_clipboard`](super::Backend::write_clipboard), nor if the clipboard is not watched.
    Clipboard(ClipboardReading),
    /// The use that programs make of what was written by [`write_clipboard`](super::Backend::write_clipboard).
    ClipboardUse(ClipboardUse),
    /// The screen has this size now.
    Resized {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
    },
    /// These monitors and windows can be shown alone now. There are none before the first such event.
    Views(Vec<View>),
    /// The display server has gone. It is connected to again as soon as there is one.
    Lost,
    /// There is a display server again. Its cursor and its size come next.
    Returned,
}

/// The use that programs make of the content of the clipboard that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClipboardUse {
    /// It is in the clipboard: programs that paste fetch it from us.
    Owned {
        /// True: in PRIMARY, which is pasted by the middle button.
        is_primary: bool,
    },
    /// It is not there any more.
    Replaced {
        /// True: in PRIMARY.
        is_primary: bool,
    },
    /// A program has asked which kinds of content there are, or for one that there is not.
    Asked,
    /// A program fetches it in parts.
    Fetching,
    /// All programs that asked for it have it.
    Fetched,
    /// A program did not take all of it in time, and no other is fetching it.
    Abandoned,
}

/// A part of the screen that can be shown alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Monitor or window.
    pub kind: ViewKind,
    /// The number of the monitor's name or of the window: an atom or a window of the X server.
    pub number: u32,
    /// The monitor's name, or the window's title. Programs choose titles as they like.
    pub name: String,
    /// The left edge on the screen, in pixels.
    pub x: u32,
    /// The top edge on the screen, in pixels.
    pub y: u32,
    /// Width of the part that is on the screen, in pixels, even.
    pub width: u32,
    /// Height of the part that is on the screen, in pixels, even.
    pub height: u32,
}

/// The kind of a [`View`].
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
    /// The display server's number for this shape: the same number is the same image.
    pub serial: u32,
    /// Width, in pixels, not 0.
    pub width: u16,
    /// Height, in pixels, not 0.
    pub height: u16,
    /// The pixel that points, counted from the left edge; less than `width`.
    pub hotspot_x: u16,
    /// The pixel that points, counted from the top edge; less than `height`.
    pub hotspot_y: u16,
    /// The image: PNG, 8 bits RGBA, not premultiplied.
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
