//! `deskbeam pipelines list|show|check`.

use crate::media::pipeline::description::Description;
use crate::media::pipeline::library::Library;
use crate::media::pipeline::parse;
use crate::media::{self, DescriptionError, check_file};

use crate::cli::failure::Failure;
use crate::cli::options::{PipelinesCommand, PipelinesOptions};

/// Lists, prints or checks descriptions.
pub(crate) fn run(options: PipelinesOptions) -> Result<(), Failure> {
    media::init().map_err(anyhow::Error::from)?;
    let library = || Library::load(options.directory.as_deref()).map_err(DescriptionError::from);
    match options.command {
        PipelinesCommand::List => list(&library()?),
        PipelinesCommand::Show { name } => show(&library()?, &name)?,
        PipelinesCommand::Check { file } => {
            let description = check_file(&file)?;
            println!("{}: ok: {}", file.display(), facts(&description));
        }
    }
    Ok(())
}

fn list(library: &Library) {
    for description in library.all() {
        let state = match parse::require(&description.origin, &description.needs) {
            Ok(()) => "can run here".to_owned(),
            Err(error) => error.to_string().replace('\n', ". "),
        };
        println!("{:<10} {:<28} {state}", description.name, facts(description));
    }
}

fn show(library: &Library, name: &str) -> Result<(), DescriptionError> {
    let mut found = library
        .all()
        .iter()
        .filter(|description| description.name == name)
        .peekable();
    if found.peek().is_none() {
        let known: Vec<_> = library
            .all()
            .iter()
            .map(|description| description.name.as_str())
            .collect();
        return Err(
            DescriptionError::new("pipelines show", format!("there is no description {name:?}"))
                .with_remedy(format!("There are: {}", known.join(", "))),
        );
    }
    for description in found {
        println!("{}", description.source);
    }
    Ok(())
}

/// The kind, codec and rank of a description.
fn facts(description: &Description) -> String {
    let kind = description.kind;
    let codec = description
        .codec
        .map(|codec| format!(" {codec}"))
        .unwrap_or_default();
    format!("{kind}{codec}, rank {}", description.rank)
}
