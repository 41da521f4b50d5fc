//! `deskbeam try-encoder`: the trial of an encoder, in a process of its own. The host runs it.

use crate::cli::failure::Failure;
use crate::cli::options::TryEncoderOptions;
use crate::media;

/// Reads the description from stdin and prints the outcome.
pub(crate) fn run(options: &TryEncoderOptions) -> Result<(), Failure> {
    let TryEncoderOptions { width, height, kbps } = *options;
    let answer = media::try_encoder(std::io::stdin(), width, height, kbps);
    println!("{answer}");
    Ok(())
}
