//! Programs of this host: finding and running them.

mod installed;
mod process;

pub(super) use installed::first_installed;
pub(super) use process::Process;
