//! The reason why an X display is not watched.

use std::fmt;

use crate::x11::DisplayAddress;

/// The reason why there are no [`DesktopServices`](super::DesktopServices). The text says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServicesError {
    /// The display cannot be reached, or refuses us.
    Connect {
        /// The name of the display, as asked for.
        display: String,
        /// The reason, without a full stop.
        reason: String,
    },
    /// The X server lacks this extension.
    Missing(&'static str),
    /// The system refused a thread or a pair of sockets.
    Resources(std::io::Error),
}

impl ServicesError {
    /// The display at `address` cannot be used, for this reason.
    pub(super) fn connect(address: &DisplayAddress, reason: impl fmt::Display) -> ServicesError {
        ServicesError::Connect {
            display: address.name(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for ServicesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServicesError::Connect { display, reason } => write!(
                f,
                "cannot use the X display {display}: {reason}; check that an X server runs there and that \
                 XAUTHORITY names the file with its cookie"
            ),
            ServicesError::Missing(extension) => write!(
                f,
                "the X server lacks {extension}: use one with the {extension} extension"
            ),
            ServicesError::Resources(error) => write!(f, "cannot watch the X display: {error}"),
        }
    }
}

impl std::error::Error for ServicesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ServicesError::Resources(error) => Some(error),
            ServicesError::Connect { .. } | ServicesError::Missing(_) => None,
        }
    }
}
