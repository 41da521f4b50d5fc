//! The clipboard and files, both ways.

use std::path::PathBuf;

use clap::Args;

use crate::protocol::role::ClipboardPolicy;

#[derive(Debug, Args)]
#[command(next_help_heading = "Clipboard and files")]
pub(in crate::cli) struct FilesArguments {
    /// Which way the clipboard goes: to-host lets viewers paste on the desktop, to-viewer gives them what is copied
    /// there.
    #[arg(long, value_name = "WAY", default_value = "both", value_parser = ClipboardPolicy::NAMES)]
    #[arg(env = "DESKBEAM_CLIPBOARD")]
    pub clipboard: String,

    /// A folder that takes the files that viewers send who may act. Nothing in it is overwritten. Without it, none are
    /// taken.
    #[arg(long, value_name = "DIR", env = "DESKBEAM_UPLOAD_DIR")]
    pub upload_dir: Option<PathBuf>,

    /// The largest file that is taken, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    #[arg(env = "DESKBEAM_UPLOAD_LIMIT")]
    pub upload_limit: u64,

    /// A folder whose files viewers may fetch who may act: not those that are hidden, and not its folders.
    #[arg(long, value_name = "DIR", env = "DESKBEAM_DOWNLOAD_DIR")]
    pub download_dir: Option<PathBuf>,
}
