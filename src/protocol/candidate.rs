//! ICE candidates as browsers exchange them (`RTCIceCandidateInit`, WebRTC section 4.8.1).

/// One ICE candidate, from either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceCandidate {
    /// `candidate:…` (RFC 8839 section 5.1). Empty says that no more will come.
    pub candidate: String,
    /// Which m-line of the SDP it belongs to, counted from 0.
    pub sdp_m_line_index: u32,
    /// The same by name, when it is known.
    pub sdp_mid: Option<String>,
}

impl IceCandidate {
    /// Whether this says that the sender has no more candidates.
    pub fn is_end_of_candidates(&self) -> bool {
        self.candidate.is_empty()
    }
}
