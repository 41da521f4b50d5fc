//! The command line: flags, subcommands, exit codes.

mod access;
mod announce;
mod client_setting;
mod config;
mod failure;
mod files;
pub(crate) mod fuzzing;
mod log;
mod options;
mod parse;
mod passwd;
mod pipelines;
mod process;
mod run;
mod share;
mod signaling;
mod tls;

use std::process::ExitCode;

use failure::Failure;
use options::{Cli, Command};
use parse::Refusal;

/// Parses the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let result = match parse::parse(std::env::args_os()) {
        Ok(cli) => execute(cli),
        Err(Refusal::Config(error)) => Err(Failure::Config(error)),
        Err(Refusal::Usage(error)) => error.exit(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("deskbeam: {failure}");
            failure.exit_code()
        }
    }
}

fn execute(cli: Cli) -> Result<(), Failure> {
    log::init(cli.verbose);
    match cli.command {
        Some(Command::Run(options)) => run::run(*options),
        Some(Command::Pipelines(options)) => pipelines::run(options),
        Some(Command::Passwd) => passwd::run(),
        Some(Command::Share(options)) => share::run(options),
        None => run::run(*cli.run),
    }
}
