//! A window of an X server: what changes in it, and its pixels.

use std::os::fd::AsFd;

use rustix::fd::BorrowedFd;
use x11rb::NONE;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::shm::{ConnectionExt as _, Seg};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask};
use x11rb::protocol::xinput::{self, ConnectionExt as _, XIEventMask};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageFormat, Rectangle, Window,
};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;

use super::memory::SharedMemory;
use super::pointer::Cursor;
use super::region::{Crop, Part, Region, Rows, union};
use super::setup;

/// The captured window, and a copy of the pixels of its captured region.
pub(super) struct Screen {
    connection: RustConnection,
    window: Window,
    damage: Damage,
    crop: Crop,
    part: Option<Part>,
    region: Region,
    pixels: Pixels,
    tells_motion: bool,
}

/// What has happened since it was asked for last.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The rows of the region that were drawn to.
    pub(super) rows: Rows,
    /// The pointer may be elsewhere.
    pub(super) pointer: bool,
    /// The pointer looks different.
    pub(super) cursor: bool,
    /// The window may have another size, or be seen again: nothing that is known of it holds.
    pub(super) window: bool,
    /// The X server tells of no more damage until it is asked.
    reported: bool,
}

impl Changes {
    /// As if everything had changed.
    pub(super) fn all(region: Region) -> Self {
        Self {
            rows: region.rows(),
            cursor: true,
            ..Self::default()
        }
    }

    /// Whether there is anything that a frame may have to show.
    pub(super) fn is_any(&self) -> bool {
        !self.rows.is_empty() || self.pointer || self.cursor || self.window
    }
}

/// How reading pixels ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grab {
    /// They are there.
    Done,
    /// They cannot be had: the window is smaller than it was, or not wholly on the screen.
    Unseen,
}

impl Screen {
    /// Connects, and asks to be told of changes. The error is a reason without the display's name.
    pub(super) fn open(display: Option<&str>, xid: u32, crop: Crop) -> Result<Self, String> {
        let (connection, root) = setup::connect(display)?;
        setup::require_extensions(&connection)?;
        let window = if xid == NONE { root } else { xid };
        setup::check_pixels(&connection, window)?;
        let tells_motion = setup::has_raw_motion(&connection);
        let damage = subscribe(&connection, root, window, tells_motion).map_err(|error| error.to_string())?;
        let region = region_of(&connection, window, crop)?;
        let pixels = Pixels::new(&connection, setup::can_share_memory(&connection), region);
        Ok(Self {
            connection,
            window,
            damage,
            crop,
            part: None,
            region,
            pixels,
            tells_motion,
        })
    }

    /// What is readable when something has happened, once [`changes`](Self::changes) has nothing more.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.connection.stream().as_fd()
    }

    /// The captured part of the window.
    pub(super) fn region(&self) -> Region {
        self.region
    }

    /// The pixels that were read, BGRx, without gaps between rows.
    pub(super) fn pixels(&self) -> &[u8] {
        self.pixels.bytes()
    }

    /// Whether the X server tells of each motion of the pointer.
    pub(super) fn tells_motion(&self) -> bool {
        self.tells_motion
    }

    /// Whether the X server writes the pixels into our memory.
    pub(super) fn shares_memory(&self) -> bool {
        matches!(self.pixels, Pixels::Shared { .. })
    }

    /// Adds what has happened to `changes`, without waiting.
    pub(super) fn changes(&self, changes: &mut Changes) -> Result<(), String> {
        while let Some(event) = self.connection.poll_for_event().map_err(lost)? {
            match event {
                Event::DamageNotify(event) => {
                    changes.rows = union(&changes.rows, &self.region.rows_of(event.area));
                    changes.reported = true;
                }
                Event::XfixesCursorNotify(_) => changes.cursor = true,
                Event::XinputRawMotion(_) => changes.pointer = true,
                Event::RandrScreenChangeNotify(_) | Event::ConfigureNotify(_) | Event::MapNotify(_) => {
                    changes.window = true;
                }
                Event::DestroyNotify(event) if event.window == self.window => {
                    return Err("the window is gone".to_owned());
                }
                _ => {}
            }
        }
        if changes.rows.is_empty() {
            // Beside the region.
            self.expect_more(changes)?;
        }
        self.connection.flush().map_err(lost)
    }

    /// What is drawn from now on is told again, even if it is what was told already.
    pub(super) fn expect_more(&self, changes: &mut Changes) -> Result<(), String> {
        if std::mem::take(&mut changes.reported) {
            self.connection
                .damage_subtract(self.damage, NONE, NONE)
                .map_err(lost)?;
            self.connection.flush().map_err(lost)?;
        }
        Ok(())
    }

    /// Whether the connection has ended. Takes what the X server has still said.
    pub(super) fn is_lost(&self) -> bool {
        loop {
            match self.connection.poll_for_event() {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }

    /// Shows this part alone from the next [`measure`](Self::measure) on; `None`: all of the region.
    pub(super) fn set_part(&mut self, part: Option<Part>) {
        self.part = part;
    }

    /// Looks at the window's size. `true` if the region has changed; its pixels are then to be read anew.
    pub(super) fn measure(&mut self) -> Result<bool, String> {
        let whole = region_of(&self.connection, self.window, self.crop)?;
        let region = self.part.map_or(whole, |part| part.within(whole));
        if region == self.region {
            return Ok(false);
        }
        self.pixels.release(&self.connection);
        self.pixels = Pixels::new(&self.connection, self.shares_memory(), region);
        self.region = region;
        Ok(true)
    }

    /// Reads the pixels of the rows that have changed.
    pub(super) fn grab(&mut self, changes: &mut Changes) -> Result<Grab, String> {
        // Before the pixels are read.
        self.expect_more(changes)?;
        if changes.rows.is_empty() {
            return Ok(Grab::Done);
        }
        match self
            .pixels
            .read(&self.connection, self.window, self.region, &changes.rows)
        {
            Ok(()) => Ok(Grab::Done),
            Err(ReplyError::X11Error(error)) if error.error_kind == ErrorKind::Match => Ok(Grab::Unseen),
            Err(ReplyError::X11Error(error))
                if matches!(error.error_kind, ErrorKind::Drawable | ErrorKind::Window) =>
            {
                Err("the window is gone".to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// What the pointer looks like now.
    pub(super) fn cursor(&self) -> Result<Cursor, String> {
        let asked = || -> Result<Cursor, ReplyError> {
            Ok(Cursor::new(self.connection.xfixes_get_cursor_image()?.reply()?))
        };
        asked().map_err(|error| error.to_string())
    }

    /// Where the pointer is in the window; `None` if it is on another screen.
    pub(super) fn pointer(&self) -> Result<Option<(i16, i16)>, String> {
        let asked = || -> Result<_, ReplyError> {
            let pointer = self.connection.query_pointer(self.window)?.reply()?;
            Ok(pointer.same_screen.then_some((pointer.win_x, pointer.win_y)))
        };
        asked().map_err(|error| error.to_string())
    }
}

fn lost(error: ConnectionError) -> String {
    error.to_string()
}

fn subscribe(
    connection: &RustConnection,
    root: Window,
    window: Window,
    motion: bool,
) -> Result<Damage, ReplyOrIdError> {
    let damage = connection.generate_id()?;
    // Told whenever the rectangle around all damage grows.
    connection
        .damage_create(damage, window, ReportLevel::BOUNDING_BOX)?
        .check()?;
    let events = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
    connection.change_window_attributes(window, &events)?.check()?;
    connection
        .xfixes_select_cursor_input(root, CursorNotifyMask::DISPLAY_CURSOR)?
        .check()?;
    if window == root
        && connection
            .extension_information(randr::X11_EXTENSION_NAME)?
            .is_some()
    {
        connection
            .randr_select_input(root, randr::NotifyMask::SCREEN_CHANGE)?
            .check()?;
    }
    if motion {
        let mask = xinput::EventMask {
            deviceid: xinput::Device::ALL_MASTER.into(),
            mask: vec![XIEventMask::RAW_MOTION],
        };
        connection.xinput_xi_select_events(root, &[mask])?.check()?;
    }
    Ok(damage)
}

fn region_of(connection: &RustConnection, window: Window, crop: Crop) -> Result<Region, String> {
    let asked = || -> Result<_, ReplyError> { connection.get_geometry(window)?.reply() };
    let geometry = asked().map_err(|error| error.to_string())?;
    crop.of(geometry.width, geometry.height).ok_or_else(|| {
        format!(
            "the region begins at {},{}, and the window has only {}x{} pixels",
            crop.startx, crop.starty, geometry.width, geometry.height
        )
    })
}

/// Where the pixels of the region are.
enum Pixels {
    /// In memory that the X server writes to.
    Shared { memory: SharedMemory, segment: Seg },
    /// In ours, from the replies of the X server.
    Own(Vec<u8>),
}

impl Pixels {
    fn new(connection: &RustConnection, share: bool, region: Region) -> Self {
        let length = region.stride() * region.rows().len();
        let shared = || -> Option<Self> {
            let (memory, file) = SharedMemory::new(length).ok()?;
            let segment = connection.generate_id().ok()?;
            connection
                .shm_attach_fd(segment, file, false)
                .ok()?
                .check()
                .ok()?;
            Some(Self::Shared { memory, segment })
        };
        share
            .then(shared)
            .flatten()
            .unwrap_or_else(|| Self::Own(vec![0; length]))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared { memory, .. } => memory.bytes(),
            Self::Own(bytes) => bytes,
        }
    }

    fn read(
        &mut self,
        connection: &RustConnection,
        window: Window,
        region: Region,
        rows: &Rows,
    ) -> Result<(), ReplyError> {
        let strip = Rectangle {
            x: region.x as i16,
            y: region.y as i16 + rows.start as i16,
            width: region.width,
            height: rows.len() as u16,
        };
        let offset = rows.start * region.stride();
        let (format, planes) = (ImageFormat::Z_PIXMAP, u32::MAX);
        match self {
            Self::Shared { segment, .. } => {
                let at = offset as u32;
                connection
                    .shm_get_image(
                        window,
                        strip.x,
                        strip.y,
                        strip.width,
                        strip.height,
                        planes,
                        format.into(),
                        *segment,
                        at,
                    )?
                    .reply()?;
            }
            Self::Own(bytes) => {
                let reply = connection
                    .get_image(
                        format,
                        window,
                        strip.x,
                        strip.y,
                        strip.width,
                        strip.height,
                        planes,
                    )?
                    .reply()?;
                let end = (offset + reply.data.len()).min(bytes.len());
                bytes[offset..end].copy_from_slice(&reply.data[..end - offset]);
            }
        }
        Ok(())
    }

    /// Lets the X server forget the memory.
    fn release(&self, connection: &RustConnection) {
        if let Self::Shared { segment, .. } = self {
            let _ = connection.shm_detach(*segment);
        }
    }
}
