//! STUN and TURN servers, as clients get them (`RTCIceServer`, WebRTC section 4.2.4).

use serde::Serialize;

/// One server. `Debug` hides the credential.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct IceServer {
    /// `stun:host:port`, `turn:host:port?transport=udp`, `turns:…`: the same server by several ways.
    pub urls: Vec<String>,
    /// For TURN. With short-lived credentials: when they expire, in Unix seconds, a colon, and a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}
