//! A configuration file, which is read, checked, and applied as defaults.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use toml::Table;

use super::error::ConfigError;
use super::{keys, location};

/// The values of a configuration file by key, in the form of the command line.
#[derive(Debug, Default)]
pub(in crate::cli) struct ConfigFile {
    values: BTreeMap<String, Vec<String>>,
}

impl ConfigFile {
    /// Reads the file `named`, or the user's file if it exists.
    ///
    /// # Errors
    /// If `named` does not exist, if the file cannot be read, or if `command` does not accept a key or a value.
    pub(in crate::cli) fn read(named: Option<PathBuf>, command: &Command) -> Result<Self, ConfigError> {
        let optional = named.is_none();
        let Some(path) = named.or_else(location::default_file) else {
            return Ok(Self::default());
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text, command),
            Err(error) if optional && is_missing(error.kind()) => Ok(Self::default()),
            Err(error) => Err(ConfigError::new(&path, format!("cannot be read: {error}"))),
        }
    }

    /// Parses the text of the file at `path`.
    ///
    /// # Errors
    /// See [`ConfigFile::read`].
    pub(in crate::cli) fn parse(path: &Path, text: &str, command: &Command) -> Result<Self, ConfigError> {
        let error = |reason: String| ConfigError::new(path, reason);
        let table: Table = text
            .parse()
            .map_err(|wrong: toml::de::Error| error(format!("not TOML: {}", wrong.to_string().trim())))?;
        let known = keys::known(command);
        let mut values = BTreeMap::new();
        for (key, value) in table {
            let Some(arg) = find(command, &key) else {
                let nearest = keys::nearest(&key, &known).unwrap_or_default();
                return Err(error(format!(
                    "the key `{key}` is unknown. Did you mean `{nearest}`?"
                )));
            };
            let written = keys::to_arguments(command, arg, &value)
                .map_err(|reason| error(format!("`{key}`: {reason}")))?;
            values.insert(key, written);
        }
        let file = Self { values };
        match file.contradiction(command) {
            Some((one, other)) => Err(error(format!(
                "`{one}` contradicts `{other}`. Remove one of them."
            ))),
            None => Ok(file),
        }
    }

    /// Makes the values the defaults of `command`, and of the subcommand in `matches`. A value is left out if it
    /// conflicts with an option in `matches` that comes from the command line or from the environment.
    pub(in crate::cli) fn apply(&self, command: Command, matches: &ArgMatches) -> Command {
        let is_set = |arg: &Arg| {
            let source = matches.value_source(arg.get_id().as_str());
            matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
        };
        let mut defaults = BTreeMap::new();
        for arg in command.get_arguments() {
            let Some(values) = self.values_of(arg) else {
                continue;
            };
            let mut others = command.get_arguments();
            if !others.any(|other| is_set(other) && contradict(&command, arg, other)) {
                defaults.insert(arg.get_id().clone(), values.to_vec());
            }
        }
        let command = command.mut_args(|arg| match defaults.remove(arg.get_id()) {
            Some(values) => arg.default_values(values),
            None => arg,
        });
        match matches.subcommand() {
            Some((name, matches)) => command.mut_subcommand(name, |command| self.apply(command, matches)),
            None => command,
        }
    }

    fn values_of(&self, arg: &Arg) -> Option<&[String]> {
        self.values.get(&keys::key_of(arg)?).map(Vec::as_slice)
    }

    fn contradiction(&self, command: &Command) -> Option<(String, String)> {
        let present = || {
            command
                .get_arguments()
                .filter(|arg| self.values_of(arg).is_some())
        };
        present().find_map(|arg| {
            let other = present().find(|other| contradict(command, arg, other))?;
            Some((keys::key_of(arg)?, keys::key_of(other)?))
        })
    }
}

/// True if the file does not exist, also because part of its path is not a folder.
fn is_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn find<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    command
        .get_arguments()
        .find(|arg| keys::key_of(arg).as_deref() == Some(key))
}

/// True if the options conflict. clap knows it only of the one that declares the conflict.
fn contradict(command: &Command, one: &Arg, other: &Arg) -> bool {
    let excludes = |one: &Arg, other: &Arg| {
        let excluded = command.get_arg_conflicts_with(one);
        excluded.iter().any(|arg| arg.get_id() == other.get_id())
    };
    excludes(one, other) || excludes(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::Cli;
    use clap::CommandFactory;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(Path::new("config.toml"), text, &Cli::command()).map_err(|error| error.to_string())
    }

    #[test]
    fn strings_numbers_and_lists_are_taken() {
        let file = parse("listen = '[::1]:80'\nfps = 30\nice_server = ['stun:a', 'stun:b']").unwrap();
        assert_eq!(file.values["listen"], ["[::1]:80"]);
        assert_eq!(file.values["fps"], ["30"]);
        assert_eq!(file.values["ice_server"], ["stun:a", "stun:b"]);
        assert!(parse("ice_server = []").unwrap().values["ice_server"].is_empty());
        assert_eq!(
            parse("per_viewer_encoder = true").unwrap().values["per_viewer_encoder"],
            ["true"]
        );
        let client = parse("[client]\ntheme = 'dark'\nquality = 60\nstats = true").unwrap();
        assert_eq!(
            client.values["client"],
            ["quality=60", "stats=true", "theme=dark"]
        );
        assert!(parse("").unwrap().values.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("[client]\ntheme = 'pink'", "`client`: invalid value 'theme=pink'"),
            ("[client]\ncolour = 'red'", "the page has no setting `colour`"),
            ("[client]\nstats = [1]", "`client`: expected a string, a number"),
            ("fsp = 30", "`fsp` is unknown. Did you mean `fps`?"),
            ("config = 'x'", "`config` is unknown"),
            ("print_pipeline = true", "`print_pipeline` is unknown"),
            ("[network]\nlisten = 'x'", "`network` is unknown"),
            ("fps = '30'", "`fps`: expected a number, not a string"),
            ("fps = 30.5", "`fps`: expected a number, not a number with"),
            ("fps = [30]", "`fps`: expected a number, not a list"),
            ("fps = 0", "`fps`: invalid value '0'"),
            ("capture = 5", "`capture`: expected a string"),
            (
                "per_viewer_encoder = 1",
                "`per_viewer_encoder`: expected true or false",
            ),
            ("listen = 'here'", "`listen`: invalid value 'here'"),
            ("virtual = 'big'", "`virtual`: invalid value 'big'"),
            ("ice_server = [1]", "`ice_server`: expected a string"),
            (
                "supported_protocols = []",
                "`supported_protocols`: expected at least one",
            ),
            (
                "supported_protocols = ['x']",
                "`supported_protocols`: invalid value 'x'",
            ),
            ("listen =", "not TOML"),
            ("pipeline = 'x'\nencoder = 'vp8'", "contradicts"),
            ("display = ':0'\nvirtual = '640x480'", "contradicts"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.starts_with("config.toml: ") && error.contains(named),
                "{error}"
            );
        }
    }
}
