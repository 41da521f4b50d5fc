//! The errors of uploads.

use std::fmt;

use rustix::io::Errno;

/// The reason why a chunk is refused.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// The next chunk has to begin at this position.
    Offset(u64),
    /// The file is larger than this limit, in bytes.
    TooLarge(u64),
    /// The chunk is longer than the rest of the file, or its name and size are those of another file.
    Mismatch,
    /// There are too many unfinished uploads.
    Busy,
    /// The disk or the quota is full.
    Full,
    /// The file cannot be written.
    Failed(std::io::Error),
}

impl From<Errno> for UploadError {
    fn from(error: Errno) -> Self {
        std::io::Error::from(error).into()
    }
}

impl From<std::io::Error> for UploadError {
    fn from(error: std::io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Self::Full,
            _ => Self::Failed(error),
        }
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => write!(f, "The next chunk has to begin at byte {offset}."),
            Self::TooLarge(limit) => write!(f, "The host takes files of {} MiB at most.", limit >> 20),
            Self::Mismatch => f.write_str("This chunk does not belong to the file that was begun."),
            Self::Busy => f.write_str("The host takes too many files already."),
            Self::Full => f.write_str("There is no room left on the host."),
            Self::Failed(_) => f.write_str("The host cannot write the file."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_translation_of_each_sentence_for_viewers() {
        let translations = include_str!("../../web/client/ui/strings.js");
        let failed = std::io::Error::other("");
        for error in [UploadError::Busy, UploadError::Full, UploadError::Failed(failed)] {
            assert!(translations.contains(&format!("'{error}'")), "{error}");
        }
        let pattern = UploadError::TooLarge(7 << 20).to_string();
        let pattern = pattern.replace('7', r"(\d+)").replace('.', r"\.");
        assert!(translations.contains(&format!("/^{pattern}$/")), "{pattern}");
    }
}
