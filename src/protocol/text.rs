//! Texts from people.

/// The longest clipboard text that is carried, in bytes: its base64 just fits into one message of a data channel.
pub(crate) const MAX_CLIPBOARD: usize = 49_050;

/// A text that was copied. `Debug` hides it: it must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClipboardText(String);

impl ClipboardText {
    /// Takes `text`, unless it is longer than [`MAX_CLIPBOARD`].
    pub(crate) fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (text.len() <= MAX_CLIPBOARD).then_some(Self(text))
    }

    /// The text itself, for the clipboard and for nothing else.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ClipboardText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClipboardText({} bytes)", self.0.len())
    }
}

/// True for control characters and for those that turn the direction of the text beside them.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}
