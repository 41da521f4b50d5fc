//! The errors that end the program, with their exit codes.

use std::fmt;
use std::process::ExitCode;

use super::config::ConfigError;
use crate::media::DescriptionError;

/// An error that ends the program. Each kind has an exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// Exit code 1: an error at run time.
    Runtime(anyhow::Error),
    /// Exit code 2, like the usage errors of clap: options that do not fit together.
    Usage(String),
    /// Exit code 3: a pipeline description is wrong, or a plugin is missing.
    Pipeline(DescriptionError),
    /// Exit code 4: there is no display, or it cannot be used.
    Display(String),
    /// Exit code 5: the port is in use.
    Port(String),
    /// Exit code 6: the configuration file is wrong, or the named one does not exist.
    Config(ConfigError),
    /// Exit code 7: the command of the virtual desktop cannot be started, or has failed.
    Command(String),
}

impl Failure {
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Runtime(_) => 1,
            Self::Usage(_) => 2,
            Self::Pipeline(_) => 3,
            Self::Display(_) => 4,
            Self::Port(_) => 5,
            Self::Config(_) => 6,
            Self::Command(_) => 7,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(error) => write!(f, "{error:#}"),
            Self::Pipeline(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Usage(message) | Self::Display(message) | Self::Port(message) | Self::Command(message) => {
                f.write_str(message)
            }
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Runtime(error)
    }
}

impl From<DescriptionError> for Failure {
    fn from(error: DescriptionError) -> Self {
        Self::Pipeline(error)
    }
}
