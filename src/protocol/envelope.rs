//! The frame around every message of the native protocol.
//!
//! ```json
//! {"version":"1.0","type":"ping","id":"msg_1640995200000_1","timestamp":1640995200000,"peer_id":42,"data":{}}
//! ```

use serde_json::Value;

use super::VERSION;
use super::error::ErrorCode;
use super::fields;
use super::json::{self, JsonError};

/// The longest `id` that is kept and echoed, and the longest `type`, in bytes.
const MAX_ID: usize = 64;
/// The longest `peer_id` that is kept, in bytes.
const MAX_PEER_ID: usize = 32;

/// A client's message in its envelope. `Debug` hides the data: they may be keys.
#[derive(Clone, PartialEq)]
pub(crate) struct Envelope {
    /// `type`.
    pub kind: String,
    /// `id` (or its alias `message_id`): the answer carries the same.
    pub id: Option<String>,
    /// `timestamp`, milliseconds since the epoch by the client's clock, as it came.
    pub timestamp: Option<Value>,
    /// `peer_id`, the client's own name for itself: a number or a text on the wire.
    pub peer_id: Option<String>,
    /// `data`, or null.
    pub data: Value,
}

/// The refusal of a client's message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rejection {
    /// The `id` of the message, if it had one.
    pub id: Option<String>,
    /// The kind of mistake.
    pub code: ErrorCode,
    /// A sentence for the client's author, without anything secret.
    pub message: String,
    /// Data for programs, or a text that may help the client's author: `error.details`.
    pub details: Option<Value>,
}

impl Rejection {
    /// The refusal of a message without an id.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            id: None,
            code,
            message: message.into(),
            details: None,
        }
    }
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Envelope {
    /// Reads one text frame.
    ///
    /// # Errors
    /// If the frame is not a JSON object with a `type`, or is of another major version. Fields that are
    /// unknown, or missing and not needed, are no error.
    pub(crate) fn parse(frame: &str) -> Result<Self, Rejection> {
        let value = json::parse(frame).map_err(|error| {
            let code = match error {
                JsonError::TooDeep => ErrorCode::InvalidMessage,
                JsonError::Malformed(_) => ErrorCode::MessageParsingFailed,
            };
            Rejection::new(code, error.to_string())
        })?;
        Self::from_json(&value)
    }

    /// Reads one object that was parsed already.
    ///
    /// # Errors
    /// Those of [`Envelope::parse`].
    pub(crate) fn from_json(value: &Value) -> Result<Self, Rejection> {
        let id = fields::text(value, "id", MAX_ID)
            .or_else(|| fields::text(value, "message_id", MAX_ID))
            .map(str::to_owned);
        let reject = |message: &str, details: Option<String>| Rejection {
            id: id.clone(),
            code: ErrorCode::InvalidMessage,
            message: message.to_owned(),
            details: details.map(Value::from),
        };
        if let Some(version) = value.get("version")
            && !version
                .as_str()
                .is_some_and(|version| version == "1" || version.starts_with("1."))
        {
            return Err(reject(
                "This version of the protocol is not spoken here",
                Some(format!("supported: {VERSION}")),
            ));
        }
        let Some(kind) = fields::text(value, "type", MAX_ID).map(str::to_owned) else {
            return Err(reject("A message is a JSON object with a text in \"type\"", None));
        };
        Ok(Self {
            kind,
            timestamp: value
                .get("timestamp")
                .filter(|timestamp| timestamp.is_number())
                .cloned(),
            peer_id: match value.get("peer_id") {
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(Value::String(text)) => Some(text.clone()),
                _ => None,
            }
            .filter(|peer_id| peer_id.len() <= MAX_PEER_ID),
            data: value.get("data").cloned().unwrap_or_default(),
            id,
        })
    }

    /// The refusal of this message.
    pub(crate) fn reject(&self, code: ErrorCode, message: impl Into<String>) -> Rejection {
        Rejection {
            id: self.id.clone(),
            ..Rejection::new(code, message)
        }
    }
}
