//! The connection to the X server, and whether the source can work with it.

use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::ReplyError;
use x11rb::protocol::damage::{self, ConnectionExt as _};
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xfixes::{self, ConnectionExt as _};
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xproto::Window;
use x11rb::rust_connection::RustConnection;

use crate::x11::DisplayAddress;

/// Connects to `display` (`$DISPLAY` if `None`); returns the root window of its screen too.
pub(super) fn connect(display: Option<&str>) -> Result<(RustConnection, Window), String> {
    let address = DisplayAddress::new(display, None);
    let (connection, screen) = address.connect().map_err(|error| error.reason().to_owned())?;
    let root = connection.setup().roots[screen].root;
    Ok((connection, root))
}

/// Negotiates the extensions without which nothing works.
pub(super) fn require_extensions(connection: &RustConnection) -> Result<(), String> {
    for name in [damage::X11_EXTENSION_NAME, xfixes::X11_EXTENSION_NAME] {
        if !has(connection, name)? {
            return Err(format!(
                "the X server lacks the extension {name}; ximagesrc works without it"
            ));
        }
    }
    let asked = || -> Result<(), ReplyError> {
        connection.damage_query_version(1, 1)?.reply()?;
        connection.xfixes_query_version(5, 0)?.reply()?;
        Ok(())
    };
    asked().map_err(|error| error.to_string())
}

/// True if the X server reports motion of the pointer over any window (XInput 2).
pub(super) fn has_raw_motion(connection: &RustConnection) -> bool {
    let asked = || -> Result<bool, ReplyError> {
        // Since 2.1 raw events come during grabs too.
        let version = connection.xinput_xi_query_version(2, 2)?.reply()?;
        Ok(version.major_version >= 2)
    };
    has(connection, xinput::X11_EXTENSION_NAME).unwrap_or_default() && asked().unwrap_or_default()
}

/// True if the X server can write into memory of ours: it is on this machine, and has MIT-SHM 1.2.
pub(super) fn can_share_memory(connection: &RustConnection) -> bool {
    let is_local = rustix::net::getsockname(connection.stream())
        .is_ok_and(|address| address.address_family() == rustix::net::AddressFamily::UNIX);
    let asked = || -> Result<bool, ReplyError> {
        let version = connection.shm_query_version()?.reply()?;
        Ok((version.major_version, version.minor_version) >= (1, 2))
    };
    is_local && has(connection, shm::X11_EXTENSION_NAME).unwrap_or_default() && asked().unwrap_or_default()
}

fn has(connection: &RustConnection, name: &'static str) -> Result<bool, String> {
    let found = connection.extension_information(name);
    Ok(found.map_err(|error| error.to_string())?.is_some())
}
