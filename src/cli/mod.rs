//! The command line: options, subcommands, exit codes.

mod access;
mod announce;
mod client_setting;
mod commands;
mod config;
mod duration;
mod failure;
mod files;
pub(crate) mod fuzzing;
mod log;
mod options;
mod parse;
mod platform;
mod process;
mod signaling;
mod tls;

use std::process::ExitCode;

use failure::Failure;
use options::{Cli, Command};
use parse::ParseError;

/// Parses the arguments, runs the command, and returns the exit code.
pub fn main() -> ExitCode {
    let result = match parse::parse(std::env::args_os()) {
        Ok(cli) => execute(cli),
        Err(ParseError::Config(error)) => Err(Failure::Config(error)),
        Err(ParseError::Usage(error)) => error.exit(),
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
        Some(Command::Run(options)) => commands::run::run(*options),
        Some(Command::Pipelines(options)) => commands::pipelines::run(options),
        Some(Command::Passwd) => commands::passwd::run(),
        Some(Command::TryEncoder(options)) => commands::try_encoder::run(&options),
        Some(Command::Share(options)) => commands::share::run(options),
        None => commands::run::run(*cli.run),
    }
}
