//! The configuration file: its values are the defaults of the flags that have an environment variable.
//!
//! There is no list of keys: they follow from the flags.

mod error;
mod file;
mod keys;
mod location;

pub(super) use error::ConfigError;
pub(super) use file::ConfigFile;
