//! The connection to an X server.

use std::fmt;

use x11rb::errors::ConnectError;
use x11rb::reexports::x11rb_protocol::parse_display::{ParsedDisplay, parse_display};
use x11rb::rust_connection::{DefaultStream, RustConnection};

/// Why there is no X display to put input into. The text names the display, the reason and the remedy.
#[derive(Debug)]
pub struct DisplayError {
    display: String,
    reason: String,
    remedy: &'static str,
}

impl DisplayError {
    pub(crate) fn new(
        display: Option<&str>,
        reason: impl fmt::Display,
        remedy: &'static str,
    ) -> DisplayError {
        let from_environment = || std::env::var("DISPLAY").unwrap_or_else(|_| "(DISPLAY is not set)".into());
        let display = display.map_or_else(from_environment, str::to_owned);
        DisplayError {
            display,
            reason: reason.to_string(),
            remedy,
        }
    }
}

impl fmt::Display for DisplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot use the X display {}: {}; {}",
            self.display, self.reason, self.remedy
        )
    }
}

impl std::error::Error for DisplayError {}

/// Connects to `display` (`$DISPLAY` if `None`). Proves itself with `cookie` (MIT-MAGIC-COOKIE-1), or with what the
/// Xauthority file of the environment has if there is none. Returns the connection and its screen's number.
pub(crate) fn connect(
    display: Option<&str>,
    cookie: Option<&[u8]>,
) -> Result<(RustConnection, usize), DisplayError> {
    // The library computes the TCP port 6000 + number without a check.
    let too_high = |parsed: ParsedDisplay| parsed.display > u16::MAX - 6000;
    if parse_display(display).is_ok_and(too_high) {
        return Err(DisplayError::new(
            display,
            "there is no display with this number",
            CHECK_DISPLAY,
        ));
    }
    let connected = match cookie {
        Some(cookie) => connect_with(display, cookie),
        None => RustConnection::connect(display),
    };
    connected.map_err(|error| {
        let remedy = match &error {
            ConnectError::SetupFailed(_) | ConnectError::SetupAuthenticate(_) => {
                "set XAUTHORITY to the file with the cookie of this display"
            }
            _ => CHECK_DISPLAY,
        };
        DisplayError::new(display, error.to_string().trim(), remedy)
    })
}

fn connect_with(display: Option<&str>, cookie: &[u8]) -> Result<(RustConnection, usize), ConnectError> {
    let parsed = parse_display(display)?;
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

const CHECK_DISPLAY: &str =
    "check that an X server runs there and that DISPLAY names it, or let deskbeam start a virtual one";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_display_the_reason_and_the_remedy() {
        for display in [":59000", ":65000", "nonsense"] {
            let error = connect(Some(display), None).err().unwrap().to_string();
            assert!(
                error.starts_with(&format!("cannot use the X display {display}: ")),
                "{error}"
            );
            assert!(error.contains("let deskbeam start a virtual one"), "{error}");
        }
    }
}
