//! The `deskbeam` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    deskbeam::cli::main()
}
