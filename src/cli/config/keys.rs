//! The keys and their types, which follow from the options.

use std::collections::BTreeSet;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command, value_parser};
use toml::Value;

/// The key of an option: its long name with underscores. An option without an environment variable has none, nor has
/// the option that names the file.
pub(super) fn key_of(arg: &Arg) -> Option<String> {
    arg.get_env()?;
    let long = arg.get_long()?;
    (long != FILE).then(|| long.replace('-', "_"))
}

/// All keys of `command`.
pub(super) fn known(command: &Command) -> BTreeSet<String> {
    command.get_arguments().filter_map(key_of).collect()
}

/// The known key that is most similar to `key`.
pub(super) fn nearest<'a>(key: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    known
        .iter()
        .min_by_key(|candidate| strsim::damerau_levenshtein(key, candidate))
        .map(String::as_str)
}

/// Converts a value to the form of the command line.
///
/// # Errors
/// The expected type or value, if this is another.
pub(super) fn to_arguments(command: &Command, arg: &Arg, value: &Value) -> Result<Vec<String>, String> {
    let values = match value {
        // A table becomes a list of pairs.
        Value::Table(pairs) if takes_pairs(arg) => pairs
            .iter()
            .map(|(name, value)| Ok(format!("{name}={}", plain(value)?)))
            .collect::<Result<_, String>>()?,
        Value::Array(values) if matches!(arg.get_action(), ArgAction::Append) => {
            if values.is_empty() && !arg.get_default_values().is_empty() {
                return Err("expected at least one value".to_owned());
            }
            values
                .iter()
                .map(|value| scalar(arg, value))
                .collect::<Result<_, _>>()?
        }
        value => vec![scalar(arg, value)?],
    };
    check(command, arg, &values)?;
    Ok(values)
}

fn scalar(arg: &Arg, value: &Value) -> Result<String, String> {
    if is_switch(arg) {
        return match value {
            Value::Boolean(value) => Ok(value.to_string()),
            other => Err(format!("expected true or false, not {}", name_of(other))),
        };
    }
    match (value, is_number(arg)) {
        (Value::Integer(number), true) => Ok(number.to_string()),
        (Value::String(text), false) => Ok(text.clone()),
        (other, true) => Err(format!("expected a number, not {}", name_of(other))),
        (other, false) => Err(format!("expected a string in quotes, not {}", name_of(other))),
    }
}

/// True if the values of the option are pairs, NAME=VALUE.
fn takes_pairs(arg: &Arg) -> bool {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().any(|name| name == "NAME=VALUE")
}

fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(truth) => Ok(truth.to_string()),
        other => Err(format!(
            "expected a string, a number, true or false, not {}",
            name_of(other)
        )),
    }
}

fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

fn is_number(arg: &Arg) -> bool {
    let kind = arg.get_value_parser().type_id();
    [ValueParser::from(value_parser!(u32)), value_parser!(u64).into()]
        .iter()
        .any(|number| number.type_id() == kind)
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "a number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// Lets clap check the values.
fn check(command: &Command, arg: &Arg, values: &[String]) -> Result<(), String> {
    let long = arg.get_long().unwrap_or_default();
    // A switch takes no value on the command line.
    if is_switch(arg) {
        return Ok(());
    }
    let flags = values.iter().map(|value| format!("--{long}={value}"));
    command
        .clone()
        .mut_args(|arg| arg.env(None))
        .no_binary_name(true)
        .try_get_matches_from(flags)
        .map(drop)
        .map_err(|error| {
            let text = error.render().to_string();
            let reason = text.lines().take_while(|line| !line.is_empty());
            let reason: Vec<_> = reason.map(str::trim).collect();
            reason.join(" ").trim_start_matches("error: ").to_owned()
        })
}

/// The option that names the file.
const FILE: &str = "config";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::Cli;
    use clap::CommandFactory;

    #[test]
    fn each_flag_with_an_environment_variable_is_a_key() {
        let known = known(&Cli::command());
        for key in [
            "listen",
            "max_connections",
            "ice_server",
            "virtual",
            "pipelines",
            "signaling_server",
        ] {
            assert!(known.contains(key), "{key} is not in {known:?}");
        }
        for none in ["config", "verbose", "print_pipeline", "program"] {
            assert!(!known.contains(none), "{none}");
        }
    }

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let known = known(&Cli::command());
        for (written, meant) in [
            ("listne", "listen"),
            ("ice_servers", "ice_server"),
            ("max-connections", "max_connections"),
        ] {
            assert_eq!(nearest(written, &known), Some(meant));
        }
    }
}
