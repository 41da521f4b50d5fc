//! Session descriptions, as every dialect carries them: `{"type":"offer"|"answer","sdp":"v=0…"}`.

use serde_json::{Value, json};

/// The longest session description that is taken, in bytes.
pub(crate) const MAX_SDP: usize = 32 * 1024;

/// The side of the exchange that a description is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SdpKind {
    /// `offer`.
    Offer,
    /// `answer`.
    Answer,
}

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    /// Offer or answer.
    pub kind: SdpKind,
    /// The text, which starts with `v=`.
    pub sdp: String,
}

impl Description {
    /// Reads `{"type","sdp"}`. Without a `type` it is an answer.
    ///
    /// # Errors
    /// A sentence for the client's author.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let kind = match value.get("type") {
            None | Some(Value::Null) => SdpKind::Answer,
            Some(kind) if kind == "answer" => SdpKind::Answer,
            Some(kind) if kind == "offer" => SdpKind::Offer,
            Some(_) => return Err("A description's \"type\" is \"offer\" or \"answer\"".to_owned()),
        };
        let sdp = value
            .get("sdp")
            .and_then(Value::as_str)
            .ok_or("A description is an object {\"type\":\"answer\",\"sdp\":\"v=0…\"}")?;
        Ok(Self {
            kind,
            sdp: checked_sdp(sdp)?.to_owned(),
        })
    }

    /// `{"type","sdp"}`.
    pub(crate) fn to_json(&self) -> Value {
        let kind = match self.kind {
            SdpKind::Offer => "offer",
            SdpKind::Answer => "answer",
        };
        json!({ "type": kind, "sdp": self.sdp })
    }
}

/// `sdp`, if it may be one.
///
/// # Errors
/// A sentence for the client's author.
pub(crate) fn checked_sdp(sdp: &str) -> Result<&str, String> {
    if sdp.len() > MAX_SDP {
        Err(format!("The session description is longer than {MAX_SDP} bytes"))
    } else if sdp.starts_with("v=") {
        Ok(sdp)
    } else {
        Err("The session description does not start with \"v=\"".to_owned())
    }
}
