//! The options of `deskbeam pipelines`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in crate::cli) struct PipelinesOptions {
    #[command(subcommand)]
    pub command: PipelinesCommand,

    /// Folder with descriptions that replace or extend the built-in ones
    #[arg(
        long = "pipelines",
        value_name = "DIR",
        env = "DESKBEAM_PIPELINES",
        global = true
    )]
    pub directory: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PipelinesCommand {
    /// Lists the descriptions and says whether each can run on this machine
    List,
    /// Prints a description, as a starting point for your own
    Show {
        /// Name, as listed by `deskbeam pipelines list`
        name: String,
    },
    /// Checks a file that contains a description
    Check {
        /// File to check
        file: PathBuf,
    },
}
