//! The parser of configuration files, for [`crate::fuzzing`].

use std::path::Path;

use clap::CommandFactory;

use super::config::ConfigFile;
use super::options::Cli;

/// Parses a configuration file. The command line accepts its values as defaults, unless the file is wrong.
pub(crate) fn config(text: &str) {
    let parsed = ConfigFile::parse(Path::new("config.toml"), text, &Cli::command());
    let Ok(file) = parsed else { return };
    let Ok(matches) = Cli::command().try_get_matches_from(["deskbeam"]) else {
        return;
    };
    let parsed = file
        .apply(Cli::command(), &matches)
        .try_get_matches_from(["deskbeam"]);
    assert!(parsed.is_ok(), "{parsed:?}");
}
