//! Parsing the command line, the environment and the configuration file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::config::{ConfigError, ConfigFile};
use super::options::{Cli, Command, RunOptions};

/// The reason why there is no command to run.
#[derive(Debug)]
pub(super) enum ParseError {
    /// An error of clap: wrong usage, or the output of `--help` and `--version`.
    Usage(clap::Error),
    /// An error of the configuration file.
    Config(ConfigError),
}

/// Parses `arguments`, the environment and the file. An option overrides its variable, and the variable the file.
///
/// # Errors
/// See [`ParseError`].
pub(super) fn parse<T>(arguments: impl IntoIterator<Item = T>) -> Result<Cli, ParseError>
where
    T: Into<OsString> + Clone,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let matches = Cli::command().try_get_matches_from(&arguments).map_err(explain)?;
    check_order(&matches)?;
    let named = matches.get_one::<PathBuf>("config").cloned();
    let file = ConfigFile::read(named, &Cli::command())?;
    let command = file.apply(Cli::command(), &matches);
    let cli = Cli::from_arg_matches(&command.try_get_matches_from(arguments).map_err(explain)?)?;
    check_program(&cli)?;
    Ok(cli)
}

/// Adds the reason to the error about two options that cannot be combined, where the reason is not plain.
fn explain(error: clap::Error) -> clap::Error {
    let text = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let both = text(ContextKind::InvalidArg) + &text(ContextKind::PriorArg);
    let is_consent = ["--confirm", "--signaling-server"]
        .iter()
        .all(|flag| both.contains(flag));
    if error.kind() != ErrorKind::ArgumentConflict || !is_consent {
        return error;
    }
    let message = "--confirm and --signaling-server cannot be combined: the host does not learn who comes through the \
                   remote server, so that it has nothing to ask the local user. Leave out one of them, or let the \
                   remote server decide who comes in";
    Cli::command().error(ErrorKind::ArgumentConflict, message)
}

/// Refuses options before the subcommand, except for the global ones.
fn check_order(matches: &ArgMatches) -> Result<(), clap::Error> {
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
        "--{name} belongs after the subcommand: `deskbeam {subcommand} --{name}`, if {subcommand} has this option"
    );
    Err(command.error(ErrorKind::ArgumentConflict, message))
}

/// Refuses a COMMAND without `--virtual`. The size may come from the file, so that clap alone cannot check this.
fn check_program(cli: &Cli) -> Result<(), clap::Error> {
    let run: &RunOptions = match &cli.command {
        Some(Command::Run(run)) => run,
        None => &cli.run,
        Some(_) => return Ok(()),
    };
    if run.program.is_empty() || run.virtual_size.is_some() {
        return Ok(());
    }
    let message = "COMMAND runs in a virtual desktop: add --virtual";
    Err(Cli::command().error(ErrorKind::MissingRequiredArgument, message))
}

impl From<clap::Error> for ParseError {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<ConfigError> for ParseError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}
