//! Texts of other servers, for the log.

/// The part of a server's text that a log takes.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
