//! A window of an X server: what changes in it (DAMAGE), and its pixels.

use std::os::fd::AsFd;

use rustix::fd::BorrowedFd;
use x11rb::NONE;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask};
use x11rb::protocol::xinput::{self, ConnectionExt as _, XIEventMask};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;

use super::layout::Layout;
use super::pixels::Pixels;
use super::setup;
use crate::capture::cursor::Cursor;
use crate::capture::region::{Area, Region, Rows, union};
use crate::capture::screen::{Changes, Grab, Screen};

/// The captured window, and a copy of the pixels of its captured region.
pub(super) struct X11Screen {
    connection: RustConnection,
    window: Window,
    damage: Damage,
    /// True if the X server reports no more damage until it is subtracted.
    is_damage_reported: bool,
    region: Region,
    pixels: Pixels,
    has_raw_motion: bool,
}

impl X11Screen {
    /// Connects to `display` (`$DISPLAY` if `None`), and subscribes to changes of the window `xid` (0: the whole
    /// screen).
    pub(super) fn open(display: Option<&str>, xid: u32) -> Result<Self, String> {
        let (connection, root) = setup::connect(display)?;
        setup::require_extensions(&connection)?;
        let window = if xid == NONE { root } else { xid };
        let layout = Layout::of(&connection, window)?;
        let has_raw_motion = setup::has_raw_motion(&connection);
        let damage =
            subscribe(&connection, root, window, has_raw_motion).map_err(|error| error.to_string())?;
        let (width, height) = size_of(&connection, window)?;
        let region = Region::whole(width, height);
        let pixels = Pixels::new(&connection, setup::can_share_memory(&connection), region, layout);
        Ok(Self {
            connection,
            window,
            damage,
            is_damage_reported: false,
            region,
            pixels,
            has_raw_motion,
        })
    }

    /// True if the X server reports each motion of the pointer.
    pub(super) fn has_raw_motion(&self) -> bool {
        self.has_raw_motion
    }

    /// True if the X server writes the pixels into our memory.
    pub(super) fn shares_memory(&self) -> bool {
        self.pixels.is_shared()
    }
}

impl Screen for X11Screen {
    fn fd(&self) -> BorrowedFd<'_> {
        self.connection.stream().as_fd()
    }

    fn size(&self) -> Result<(u16, u16), String> {
        size_of(&self.connection, self.window)
    }

    fn region(&self) -> Region {
        self.region
    }

    fn set_region(&mut self, region: Region) {
        self.pixels.set_region(&self.connection, region);
        self.region = region;
    }

    fn changes(&mut self, changes: &mut Changes) -> Result<(), String> {
        while let Some(event) = self.connection.poll_for_event().map_err(lost)? {
            match event {
                Event::DamageNotify(event) => {
                    let area = Area {
                        x: event.area.x,
                        y: event.area.y,
                        width: event.area.width,
                        height: event.area.height,
                    };
                    changes.rows = union(&changes.rows, &self.region.rows_of(area));
                    self.is_damage_reported = true;
                }
                Event::XfixesCursorNotify(_) => changes.cursor = true,
                Event::XinputRawMotion(_) => changes.pointer = true,
                Event::XinputRawKeyPress(_) | Event::XinputRawButtonPress(_) => changes.press = true,
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
            // The damage is beside the region.
            self.expect_more()?;
        }
        self.connection.flush().map_err(lost)
    }

    fn expect_more(&mut self) -> Result<(), String> {
        if std::mem::take(&mut self.is_damage_reported) {
            self.connection
                .damage_subtract(self.damage, NONE, NONE)
                .map_err(lost)?;
            self.connection.flush().map_err(lost)?;
        }
        Ok(())
    }

    fn grab(&mut self, rows: &Rows) -> Result<Grab, String> {
        // Before the pixels are read.
        self.expect_more()?;
        if rows.is_empty() {
            return Ok(Grab::Done);
        }
        match self.pixels.read(&self.connection, self.window, self.region, rows) {
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

    fn pixels(&self) -> &[u8] {
        self.pixels.bytes()
    }

    fn cursor(&self) -> Result<Cursor, String> {
        let asked = || -> Result<_, ReplyError> { self.connection.xfixes_get_cursor_image()?.reply() };
        let image = asked().map_err(|error| error.to_string())?;
        Ok(Cursor {
            width: image.width.into(),
            height: image.height.into(),
            hotspot: (image.xhot.into(), image.yhot.into()),
            pixels: image.cursor_image,
            serial: image.cursor_serial,
        })
    }

    fn pointer(&self) -> Result<Option<(i16, i16)>, String> {
        let asked = || -> Result<_, ReplyError> {
            let pointer = self.connection.query_pointer(self.window)?.reply()?;
            Ok(pointer.same_screen.then_some((pointer.win_x, pointer.win_y)))
        };
        asked().map_err(|error| error.to_string())
    }

    /// Reads what the X server has still said.
    fn is_lost(&self) -> bool {
        loop {
            match self.connection.poll_for_event() {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }
}

fn lost(error: ConnectionError) -> String {
    error.to_string()
}

fn size_of(connection: &RustConnection, window: Window) -> Result<(u16, u16), String> {
    let asked = || -> Result<_, ReplyError> { connection.get_geometry(window)?.reply() };
    let geometry = asked().map_err(|error| error.to_string())?;
    Ok((geometry.width, geometry.height))
}

fn subscribe(
    connection: &RustConnection,
    root: Window,
    window: Window,
    motion: bool,
) -> Result<Damage, ReplyOrIdError> {
    let damage = connection.generate_id()?;
    // An event whenever the rectangle around all damage grows.
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
            mask: vec![XIEventMask::RAW_MOTION | XIEventMask::RAW_KEY_PRESS | XIEventMask::RAW_BUTTON_PRESS],
        };
        connection.xinput_xi_select_events(root, &[mask])?.check()?;
    }
    Ok(damage)
}
