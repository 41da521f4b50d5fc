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

/// The credentials for the TURN server that the host itself is, at the address and TCP port at which the client has
/// reached it. `Debug` hides the password.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct RelayAccess {
    /// The user name.
    pub username: String,
    /// The password.
    pub credential: String,
    /// True if the client should use this way alone.
    pub only: bool,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RelayAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RelayAccess")
            .field("username", &self.username)
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}
