//! JSON from the network: parsed only when it is not nested deeper than any known message.

use serde_json::Value;

/// The deepest nesting of objects and arrays, the outermost counted as 1.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why a text is not taken as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Not JSON; says where, and nothing of the text.
    Malformed(String),
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooDeep => write!(f, "The message is nested deeper than {MAX_DEPTH} levels"),
            Self::Malformed(where_) => write!(f, "The message is not JSON: {where_}"),
        }
    }
}

impl std::error::Error for JsonError {}

/// Parses `text`.
///
/// # Errors
/// If it is nested too deep, which is found out without parsing it, or is not JSON.
pub(crate) fn parse(text: &str) -> Result<Value, JsonError> {
    if depth_exceeds(text, MAX_DEPTH) {
        return Err(JsonError::TooDeep);
    }
    serde_json::from_str(text).map_err(|error| JsonError::Malformed(error.to_string()))
}

fn depth_exceeds(text: &str, max: usize) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_be_nested_as_deep_as_the_limit_and_no_deeper() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(JsonError::TooDeep));
    }

    #[test]
    fn brackets_in_texts_are_not_depth() {
        let text = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(100));
        assert!(parse(&text).is_ok());
    }
}
