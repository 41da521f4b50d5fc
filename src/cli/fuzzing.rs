//! What this layer reads from a file, for [`crate::fuzzing`].

use std::path::Path;

use clap::CommandFactory;

use super::config::ConfigFile;
use super::options::Cli;

/// A configuration file. What it says is taken by the command line as a default, or an error of the file.
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
