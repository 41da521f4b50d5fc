//! The options about the clipboard and about files.

use std::path::PathBuf;

use clap::Args;

use crate::protocol::role::ClipboardPolicy;

#[derive(Debug, Args)]
#[command(next_help_heading = "Clipboard and files")]
pub(in crate::cli) struct FilesArguments {
    /// Direction of the clipboard: to-host (viewers can paste on the desktop), to-viewer (viewers get what is copied on
    /// the desktop), both, or off
    #[arg(long, value_name = "DIRECTION", default_value = "both", value_parser = ClipboardPolicy::NAMES)]
    #[arg(env = "DESKBEAM_CLIPBOARD")]
    pub clipboard: String,

    /// Let the selection PRIMARY count as the clipboard for viewers, too: they get what is selected on the desktop
    #[arg(long, env = "DESKBEAM_PRIMARY")]
    pub primary: bool,

    /// Folder for the files that viewers with the role control upload. Existing files are never overwritten. Without
    /// this option, uploads are off
    #[arg(long, value_name = "DIR", env = "DESKBEAM_UPLOAD_DIR")]
    pub upload_dir: Option<PathBuf>,

    /// Largest file that can be uploaded, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    #[arg(env = "DESKBEAM_UPLOAD_LIMIT")]
    pub upload_limit: u64,

    /// Folder whose files viewers with the role control can download, except hidden files and subfolders. Without this
    /// option, downloads are off
    #[arg(long, value_name = "DIR", env = "DESKBEAM_DOWNLOAD_DIR")]
    pub download_dir: Option<PathBuf>,
}
