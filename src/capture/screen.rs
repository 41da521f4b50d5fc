//! The boundary to the screen: what a stream needs of it.

use rustix::fd::BorrowedFd;

use super::cursor::Cursor;
use super::region::{Region, Rows};

/// A screen or a window whose pixels can be read. Belongs to the streaming thread, which waits for each reply.
///
/// Errors are reasons without the display's name, each one clause without a full stop.
pub(super) trait Screen {
    /// The file that is readable when something has happened, once [`changes`](Self::changes) has nothing more.
    fn fd(&self) -> BorrowedFd<'_>;

    /// Asks for the present width and height, in pixels.
    fn size(&self) -> Result<(u16, u16), String>;

    /// The captured region; all of the screen at first.
    fn region(&self) -> Region;

    /// Captures this region from now on. None of its pixels have been read.
    fn set_region(&mut self, region: Region);

    /// Adds what has happened to `changes`, without waiting.
    fn changes(&mut self, changes: &mut Changes) -> Result<(), String>;

    /// Reports what is drawn from now on again, even if it is what was reported already.
    fn expect_more(&mut self) -> Result<(), String>;

    /// Reads the pixels of these rows of the region. What is drawn meanwhile is reported.
    fn grab(&mut self, rows: &Rows) -> Result<Grab, String>;

    /// The pixels of the region as they were read: BGRx, without gaps between rows.
    fn pixels(&self) -> &[u8];

    /// Asks for the image of the cursor.
    fn cursor(&self) -> Result<Cursor, String>;

    /// Asks for the position of the pointer, in pixels of the screen; `None` if it is on another one.
    fn pointer(&self) -> Result<Option<(i16, i16)>, String>;

    /// True if the display server has gone.
    fn is_lost(&self) -> bool;
}

/// The changes of a screen that no frame shows yet.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The rows of the region that were drawn to.
    pub(super) rows: Rows,
    /// The pointer may be elsewhere.
    pub(super) pointer: bool,
    /// The cursor looks different.
    pub(super) cursor: bool,
    /// A key or a button was pressed: what is drawn next may be the effect.
    pub(super) press: bool,
    /// The window may have another size, or be seen again: nothing that is known of it holds.
    pub(super) window: bool,
}

impl Changes {
    /// The changes of a region of which no frame was made.
    pub(super) fn all(region: Region) -> Self {
        Self {
            rows: region.rows(),
            cursor: true,
            ..Self::default()
        }
    }

    /// True if there is anything that a frame may have to show.
    pub(super) fn is_any(&self) -> bool {
        !self.rows.is_empty() || self.pointer || self.cursor || self.window
    }
}

/// The outcome of reading pixels.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grab {
    /// The pixels were read.
    Done,
    /// The pixels cannot be read: the window is smaller than it was, or not wholly on the screen.
    Unseen,
}
