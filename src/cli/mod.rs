//! The command line: flags, subcommands, exit codes.

mod failure;
mod log;
mod options;
mod pipelines;
mod process;
mod run;
mod signaling;

use std::process::ExitCode;

use clap::Parser;

use options::{Cli, Command};

/// Parses the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log::init(cli.verbose);
    let result = match cli.command {
        Some(Command::Run(options)) => run::run(*options),
        Some(Command::Pipelines(options)) => pipelines::run(options),
        None => run::run(*cli.run),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("deskbeam: {failure}");
            failure.exit_code()
        }
    }
}
