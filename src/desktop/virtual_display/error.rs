//! The reasons why there is no virtual display.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::options::VirtualOptions;

/// The reason why there is no virtual display. The text says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum VirtualDisplayError {
    /// A side is too short or too long.
    Size {
        /// The width that was asked for, in pixels.
        width: u32,
        /// The height that was asked for, in pixels.
        height: u32,
    },
    /// Xvfb is not on the PATH.
    NoXvfb,
    /// Xvfb did not start, for this reason.
    Server(String),
    /// The program that was asked for could not be started.
    Command {
        /// The name that was asked for.
        program: String,
        /// The reason.
        error: io::Error,
    },
    /// A file of ours could not be written.
    Files {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The system refused a thread or random numbers.
    Resources(io::Error),
}

impl VirtualDisplayError {
    pub(crate) fn files(path: &Path, error: io::Error) -> VirtualDisplayError {
        VirtualDisplayError::Files {
            path: path.to_owned(),
            error,
        }
    }
}

impl fmt::Display for VirtualDisplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VirtualDisplayError::Size { width, height } => write!(
                f,
                "a virtual display of {width}x{height} is not possible: each side must have {} to {} pixels",
                VirtualOptions::SIDES.start(),
                VirtualOptions::SIDES.end()
            ),
            VirtualDisplayError::NoXvfb => {
                f.write_str("there is no Xvfb on the PATH; install it (Debian and Ubuntu: apt install xvfb)")
            }
            VirtualDisplayError::Server(reason) => write!(f, "Xvfb did not start: {reason}"),
            VirtualDisplayError::Command { program, error } => {
                write!(f, "cannot start the program {program}: {error}")
            }
            VirtualDisplayError::Files { path, error } => {
                write!(f, "cannot write {}: {error}", path.display())
            }
            VirtualDisplayError::Resources(error) => write!(f, "cannot start a virtual display: {error}"),
        }
    }
}

impl std::error::Error for VirtualDisplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            VirtualDisplayError::Command { error, .. }
            | VirtualDisplayError::Files { error, .. }
            | VirtualDisplayError::Resources(error) => Some(error),
            VirtualDisplayError::Size { .. }
            | VirtualDisplayError::NoXvfb
            | VirtualDisplayError::Server(_) => None,
        }
    }
}
