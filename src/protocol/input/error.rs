//! The reasons for which a message is not understood.

/// The reason for which a message about pointer or keyboard, or on a data channel, was not understood. It has none of
/// the message's contents: they may be keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputError {
    /// Longer than the limit of its channel.
    TooLong,
    /// Not JSON, or without a text in `type`.
    NotAMessage,
    /// `type` is unknown.
    UnknownType,
    /// A field is missing, of the wrong kind, or not a finite number.
    BadField(&'static str),
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => f.write_str("longer than any message may be"),
            Self::NotAMessage => f.write_str("not a JSON object with a \"type\""),
            Self::UnknownType => f.write_str("of an unknown type"),
            Self::BadField(name) => write!(f, "without a usable field \"{name}\""),
        }
    }
}

impl std::error::Error for InputError {}
