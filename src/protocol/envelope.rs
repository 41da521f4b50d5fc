//! The frame around every message of the native protocol.
//!
//! ```json
//! {"version":"1.0","type":"ping","id":"msg_1640995200000_1","timestamp":1640995200000,"peer_id":42,"data":{}}
//! ```

use serde_json::Value;

use super::VERSION;
use super::error::ErrorCode;
use super::fields;

/// The longest `id` and `peer_id` that are kept and echoed, in bytes.
const MAX_ID: usize = 64;

/// What stands around a client's message.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// `type`.
    pub kind: String,
    /// `id` (or its alias `message_id`): the answer carries the same.
    pub id: Option<String>,
    /// `timestamp`, milliseconds since the epoch by the client's clock, as it came.
    pub timestamp: Option<Value>,
    /// `peer_id`, by which the client calls itself: a number or a text on the wire.
    pub peer_id: Option<String>,
    /// `data`, or null.
    pub data: Value,
}

/// Why a client's message was not taken, and whom to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// The `id` of the message, if it had one.
    pub id: Option<String>,
    /// What kind of mistake it was.
    pub code: ErrorCode,
    /// A sentence for the client's author, without anything secret.
    pub message: String,
}

impl Envelope {
    /// Reads one text frame.
    ///
    /// # Errors
    /// If the frame is not a JSON object with a `type`, or is of another major version. Fields that are
    /// unknown, or missing and not needed, are no error.
    pub fn parse(frame: &str) -> Result<Self, Rejection> {
        let reject = |id, code, message: String| Rejection { id, code, message };
        let value: Value = serde_json::from_str(frame).map_err(|error| {
            reject(
                None,
                ErrorCode::MessageParsingFailed,
                format!("The message is not JSON: {error}"),
            )
        })?;
        let id = fields::text(&value, "id", MAX_ID)
            .or_else(|| fields::text(&value, "message_id", MAX_ID))
            .map(str::to_owned);
        if let Some(version) = value.get("version")
            && !version
                .as_str()
                .is_some_and(|version| version == "1" || version.starts_with("1."))
        {
            return Err(reject(
                id,
                ErrorCode::InvalidMessage,
                format!("This version of the protocol is not spoken here; supported: {VERSION}"),
            ));
        }
        let Some(kind) = fields::text(&value, "type", MAX_ID).map(str::to_owned) else {
            return Err(reject(
                id,
                ErrorCode::InvalidMessage,
                "A message is a JSON object with a text in \"type\"".to_owned(),
            ));
        };
        Ok(Self {
            kind,
            id,
            timestamp: value
                .get("timestamp")
                .filter(|timestamp| timestamp.is_number())
                .cloned(),
            peer_id: match value.get("peer_id") {
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(Value::String(text)) if text.len() <= MAX_ID => Some(text.clone()),
                _ => None,
            },
            data: value.get("data").cloned().unwrap_or_default(),
        })
    }

    /// The refusal of this message.
    pub fn reject(&self, code: ErrorCode, message: impl Into<String>) -> Rejection {
        Rejection {
            id: self.id.clone(),
            code,
            message: message.into(),
        }
    }
}
