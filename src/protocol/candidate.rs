//! ICE candidates as browsers exchange them (`RTCIceCandidateInit`, WebRTC section 4.8.1).

use serde_json::Value;

use super::fields;

/// The longest candidate that is taken, in bytes.
pub(crate) const MAX_CANDIDATE: usize = 1024;

/// One ICE candidate, from either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IceCandidate {
    /// `candidate:…` (RFC 8839 section 5.1). Empty: no more will come.
    pub candidate: String,
    /// The m-line of the SDP that it belongs to, counted from 0.
    pub sdp_m_line_index: u32,
    /// The same by name, when it is known.
    pub sdp_mid: Option<String>,
}

impl IceCandidate {
    /// True if the sender has no more candidates.
    pub(crate) fn is_end_of_candidates(&self) -> bool {
        self.candidate.is_empty()
    }

    /// Reads `{"candidate","sdpMid","sdpMLineIndex"}`. A `candidate` that is missing, null or empty is the end.
    ///
    /// # Errors
    /// A sentence for the client's author.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let candidate = match value.get("candidate") {
            None | Some(Value::Null) => "",
            Some(Value::String(text)) if text.len() > MAX_CANDIDATE => {
                return Err(format!("The candidate is longer than {MAX_CANDIDATE} bytes"));
            }
            Some(Value::String(text)) if text.is_empty() || text.starts_with("candidate:") => text,
            Some(_) => return Err("A candidate is a text that starts with \"candidate:\"".to_owned()),
        };
        let sdp_m_line_index = match value.get("sdpMLineIndex") {
            None | Some(Value::Null) => 0,
            Some(index) => index
                .as_u64()
                .and_then(|index| u32::try_from(index).ok())
                .filter(|index| *index <= MAX_M_LINE)
                .ok_or("sdpMLineIndex is not a small whole number")?,
        };
        Ok(Self {
            candidate: candidate.to_owned(),
            sdp_m_line_index,
            sdp_mid: fields::text(value, "sdpMid", 64).map(str::to_owned),
        })
    }
}

/// More media sections than any client has.
const MAX_M_LINE: u32 = 255;
