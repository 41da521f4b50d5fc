//! From the command line, the environment and the configuration file to what is asked for.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::config::{ConfigError, ConfigFile};
use super::options::{Cli, Command, RunOptions};

/// Why nothing is done.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Wrong usage, or a wish for help: clap has the words.
    Usage(clap::Error),
    /// The configuration file is wrong.
    Config(ConfigError),
}

/// Reads `arguments`, the environment and the file. A flag wins over its variable, the variable over the file.
///
/// # Errors
/// If there is nothing to run: wrong usage, help, or a file that is wrong.
pub(super) fn parse<T>(arguments: impl IntoIterator<Item = T>) -> Result<Cli, Refusal>
where
    T: Into<OsString> + Clone,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let matches = Cli::command().try_get_matches_from(&arguments)?;
    check_places(&matches)?;
    let named = matches.get_one::<PathBuf>("config").cloned();
    let file = ConfigFile::read(named, &Cli::command())?;
    let command = file.apply(Cli::command(), &matches);
    let cli = Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)?;
    check_program(&cli)?;
    Ok(cli)
}

/// Flags stand behind the subcommand, except for those that each of them has.
fn check_places(matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some(subcommand) = matches.subcommand_name() else {
        return Ok(());
    };
    let mut command = Cli::command();
    let before = command.get_arguments().find(|arg| {
        let source = matches.value_source(arg.get_id().as_str());
        !arg.is_global_set() && source == Some(ValueSource::CommandLine)
    });
    let Some(name) = before.and_then(|arg| arg.get_long()) else {
        return Ok(());
    };
    let message = format!(
        "--{name} stands before the subcommand: write `deskbeam {subcommand} --{name}`, if {subcommand} has that flag"
    );
    Err(command.error(ErrorKind::ArgumentConflict, message))
}

/// The size may come from the file, so clap alone cannot tell.
fn check_program(cli: &Cli) -> Result<(), clap::Error> {
    let run: &RunOptions = match &cli.command {
        Some(Command::Run(run)) => run,
        None => &cli.run,
        Some(_) => return Ok(()),
    };
    if run.program.is_empty() || run.virtual_size.is_some() {
        return Ok(());
    }
    let message = "a COMMAND needs a desktop to run in: add --virtual";
    Err(Cli::command().error(ErrorKind::MissingRequiredArgument, message))
}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}
