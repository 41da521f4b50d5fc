//! `deskbeam try-encoder`: the trial of an encoder, in a process of its own. The host runs it.

use crate::cli::failure::Failure;
use crate::cli::options::TryEncoderOptions;
use crate::media;

/// Reads the description from stdin and prints the outcome.
pub(crate) fn run(options: &TryEncoderOptions) -> Result<(), Failure> {
    let size = options.size;
    let answer = media::try_encoder(std::io::stdin(), size.width, size.height, options.kbps);
    println!("{answer}");
    Ok(())
}
