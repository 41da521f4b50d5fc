//! The connection to an X server.

use std::borrow::Cow;
use std::fmt;

use x11rb::errors::ConnectError;
use x11rb::reexports::x11rb_protocol::parse_display::{ParsedDisplay, parse_display};
use x11rb::rust_connection::{DefaultStream, RustConnection};

/// The reason why an X display cannot be used. The text names the display, the reason and the remedy.
#[derive(Debug)]
pub struct DisplayError {
    display: String,
    reason: String,
    remedy: &'static str,
}

impl DisplayError {
    /// The reason alone, without a full stop.
    pub fn reason(&self) -> &str {
        &self.reason
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

/// The name of an X display and the cookie that opens it. No `Debug`: a program that has the cookie may read the screen
/// and type.
#[derive(Clone)]
pub(crate) struct DisplayAddress {
    name: Option<String>,
    cookie: Option<Vec<u8>>,
}

impl DisplayAddress {
    /// The address of `display` (":0"; `$DISPLAY` if `None`). Clients present `cookie` (MIT-MAGIC-COOKIE-1), or the one
    /// in the Xauthority file of the environment if there is none.
    pub(crate) fn new(display: Option<&str>, cookie: Option<&[u8]>) -> DisplayAddress {
        DisplayAddress {
            name: display.map(str::to_owned),
            cookie: cookie.map(<[u8]>::to_vec),
        }
    }

    /// The name of the display, for messages.
    pub(crate) fn name(&self) -> String {
        let from_environment = || std::env::var("DISPLAY").unwrap_or_else(|_| "(DISPLAY is not set)".into());
        self.name.clone().unwrap_or_else(from_environment)
    }

    /// An error about this display, with its cause and its remedy, each one clause without a full stop.
    pub(crate) fn error(&self, reason: impl fmt::Display, remedy: &'static str) -> DisplayError {
        DisplayError {
            display: self.name(),
            reason: reason.to_string(),
            remedy,
        }
    }

    /// Connects to the display. Returns the connection and the number of its screen.
    ///
    /// # Errors
    /// If no X server runs there, or it refuses the cookie.
    pub(crate) fn connect(&self) -> Result<(RustConnection, usize), DisplayError> {
        let display = self.name.clone().or_else(|| std::env::var("DISPLAY").ok());
        let display = display.as_deref().map(without_unix);
        let display = display.as_deref();
        // The library computes the TCP port 6000 + number without a check.
        let too_high = |parsed: ParsedDisplay| parsed.display > u16::MAX - 6000;
        if parse_display(display).is_ok_and(too_high) {
            return Err(self.error("there is no display with this number", CHECK_DISPLAY));
        }
        let connected = match &self.cookie {
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
            self.error(error.to_string().trim(), remedy)
        })
    }
}

/// The name without the host `unix`, which is this machine for other programs: the library takes `unix:0` for the path of
/// a socket.
fn without_unix(display: &str) -> Cow<'_, str> {
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    match display.strip_prefix("unix:").filter(|number| is_number(number)) {
        Some(number) => format!(":{number}").into(),
        None => display.into(),
    }
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
    fn the_host_unix_is_this_machine_and_a_path_stays_one() {
        for (display, expected) in [
            ("unix:0", ":0"),
            ("unix:12.1", ":12.1"),
            (":0", ":0"),
            ("unix:/tmp/x", "unix:/tmp/x"),
            ("unix/:0", "unix/:0"),
            ("unixes:0", "unixes:0"),
        ] {
            assert_eq!(without_unix(display), expected);
        }
    }

    #[test]
    fn the_error_names_the_display_the_reason_and_the_remedy() {
        for display in [":59000", ":65000", "nonsense"] {
            let address = DisplayAddress::new(Some(display), None);
            let error = address.connect().err().unwrap().to_string();
            assert!(
                error.starts_with(&format!("cannot use the X display {display}: ")),
                "{error}"
            );
            assert!(error.contains("let deskbeam start a virtual one"), "{error}");
        }
    }
}
