//! `deskbeam try-encoder`: the trial of an encoder, in a process of its own. The host runs it.

use std::io::Read;

use anyhow::Context;

use crate::cli::failure::Failure;
use crate::cli::options::TryEncoderOptions;
use crate::media;

/// Reads the description from stdin and prints the outcome.
pub(crate) fn run(options: &TryEncoderOptions) -> Result<(), Failure> {
    media::init().map_err(anyhow::Error::from)?;
    let mut file = String::new();
    let read = std::io::stdin().read_to_string(&mut file);
    read.context("cannot read the description from stdin")?;
    let size = options.size;
    println!(
        "{}",
        media::try_encoder(&file, size.width, size.height, options.kbps)
    );
    Ok(())
}
