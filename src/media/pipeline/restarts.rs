//! The things that an encoder does only when it is started again.

use std::fmt;
use std::str::FromStr;

/// The changes for which an encoder is started again, because it cannot make them while it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restarts {
    /// True if another bitrate needs a restart.
    pub bitrate: bool,
    /// True if a key frame on demand needs a restart.
    pub key_frames: bool,
}

impl FromStr for Restarts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut restarts = Self::default();
        for word in text.split_whitespace() {
            match word {
                "bitrate" => restarts.bitrate = true,
                "key-frames" => restarts.key_frames = true,
                _ => {
                    return Err(format!(
                        "restart takes the words bitrate and key-frames, not {word:?}"
                    ));
                }
            }
        }
        Ok(restarts)
    }
}

impl fmt::Display for Restarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.bitrate, "bitrate"), (self.key_frames, "key-frames")];
        let words: Vec<_> = words
            .iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, word)| *word)
            .collect();
        f.write_str(&words.join(" "))
    }
}
