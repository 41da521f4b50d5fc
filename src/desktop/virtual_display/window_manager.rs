//! Waits until a window manager is ready.
//!
//! A window manager that is starting may lose a window that is mapped meanwhile: that window stays invisible for good.
//! So the program is started only when the window manager shows a window of ours.

use std::thread;
use std::time::{Duration, Instant};

use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::Connection;
use x11rb::properties::WmSizeHints;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateWindowAux, EventMask, MapState, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::x11::DisplayAddress;

/// Waits until the window manager of the display shows windows. `false` if it does not within 3 s, or if the display
/// cannot be reached.
pub(super) fn wait_until_ready(address: &DisplayAddress) -> bool {
    probe(address).unwrap_or_else(|error| {
        tracing::debug!(%error, "the window manager could not be watched");
        false
    })
}

fn probe(address: &DisplayAddress) -> anyhow::Result<bool> {
    let (connection, screen) = address.connect()?;
    let deadline = Instant::now() + READY_LIMIT;
    let root = connection.setup().roots[screen].root;
    let is_managed = || -> anyhow::Result<bool> {
        let masks = connection.get_window_attributes(root)?.reply()?.all_event_masks;
        Ok(masks.contains(EventMask::SUBSTRUCTURE_REDIRECT))
    };
    if !until(deadline, is_managed)? {
        return Ok(false);
    }
    while Instant::now() < deadline {
        let window = map_window(&connection, root)?;
        let is_visible = || -> anyhow::Result<bool> {
            Ok(connection.get_window_attributes(window)?.reply()?.map_state == MapState::VIEWABLE)
        };
        let visible = until(deadline.min(Instant::now() + RETRY), is_visible)?;
        connection.destroy_window(window)?.check()?;
        if visible {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Maps a window of one pixel, with a position of its own so that the window manager does not ask the user for one.
fn map_window(connection: &RustConnection, root: Window) -> anyhow::Result<Window> {
    let window = connection.generate_id()?;
    let attributes = CreateWindowAux::new();
    connection.create_window(
        COPY_DEPTH_FROM_PARENT,
        window,
        root,
        0,
        0,
        1,
        1,
        0,
        WindowClass::INPUT_OUTPUT,
        x11rb::COPY_FROM_PARENT,
        &attributes,
    )?;
    let mut hints = WmSizeHints::new();
    hints.position = Some((x11rb::properties::WmSizeHintsSpecification::UserSpecified, 0, 0));
    hints.set_normal_hints(connection, window)?;
    connection.map_window(window)?.check()?;
    Ok(window)
}

fn until(deadline: Instant, condition: impl Fn() -> anyhow::Result<bool>) -> anyhow::Result<bool> {
    while !condition()? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
    Ok(true)
}

const READY_LIMIT: Duration = Duration::from_secs(3);
/// The time that one window may take to be shown before another is tried.
const RETRY: Duration = Duration::from_millis(300);
const POLL: Duration = Duration::from_millis(5);
