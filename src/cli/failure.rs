//! Why the program ends, and with which exit code.

use std::fmt;
use std::process::ExitCode;

use super::config::ConfigError;
use crate::media::DescriptionError;

/// What went wrong, by exit code. (2 is for wrong usage, mostly clap's.)
#[derive(Debug)]
pub(super) enum Failure {
    /// 1: at run time.
    Runtime(anyhow::Error),
    /// 2: flags that do not go together.
    Usage(String),
    /// 3: a pipeline description is wrong, or a plugin is missing.
    Pipeline(DescriptionError),
    /// 4: no display, or it refuses.
    Display(String),
    /// 5: the port is taken.
    Port(String),
    /// 6: the configuration file is wrong, or the named one is missing.
    Config(ConfigError),
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
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(error) => write!(f, "{error:#}"),
            Self::Pipeline(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Usage(message) | Self::Display(message) | Self::Port(message) => f.write_str(message),
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
