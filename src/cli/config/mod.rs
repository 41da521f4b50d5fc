//! The configuration file. Its values are the defaults of the options that have an environment variable.
//!
//! There is no list of keys: they follow from the options.

mod error;
mod file;
mod keys;
mod location;

pub(super) use error::ConfigError;
pub(super) use file::ConfigFile;
