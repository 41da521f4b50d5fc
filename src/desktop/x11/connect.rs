//! The connection to an X server.

use x11rb::errors::ConnectError;
use x11rb::reexports::x11rb_protocol::parse_display::parse_display;
use x11rb::rust_connection::{DefaultStream, RustConnection};

use super::error::ServicesError;

/// Connects to `display`. Proves itself with `cookie` (MIT-MAGIC-COOKIE-1), or with what the Xauthority file of the
/// environment has if there is none. Returns the connection and its screen's number.
pub(super) fn connect(
    display: &str,
    cookie: Option<&[u8]>,
) -> Result<(RustConnection, usize), ServicesError> {
    // The library computes the TCP port 6000 + number without a check.
    let number = parse_display(Some(display)).map(|parsed| parsed.display);
    if number.is_ok_and(|number| number > u16::MAX - 6000) {
        return Err(refused(display, "there is no display with this number"));
    }
    let connected = match cookie {
        Some(cookie) => connect_with(display, cookie),
        None => RustConnection::connect(Some(display)),
    };
    connected.map_err(|error| refused(display, error.to_string().trim()))
}

fn connect_with(display: &str, cookie: &[u8]) -> Result<(RustConnection, usize), ConnectError> {
    let parsed = parse_display(Some(display))?;
    let screen = usize::from(parsed.screen);
    let mut refused = None;
    for address in parsed.connect_instruction() {
        match DefaultStream::connect(&address) {
            Ok((stream, _)) => {
                let name = b"MIT-MAGIC-COOKIE-1".to_vec();
                let connection =
                    RustConnection::connect_to_stream_with_auth_info(stream, screen, name, cookie.to_vec())?;
                return Ok((connection, screen));
            }
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.map_or(ConnectError::UnknownError, ConnectError::IoError))
}

fn refused(display: &str, reason: &str) -> ServicesError {
    ServicesError::Connect {
        display: display.to_owned(),
        reason: reason.to_owned(),
    }
}
