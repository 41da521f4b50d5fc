//! What a client is told when something cannot be done.

/// The codes of the `error` message, by the names on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// The frame is not a message of this protocol: binary, wrong version, no `type`.
    InvalidMessage,
    /// `type` is not one that a client may send.
    InvalidMessageType,
    /// `data` lacks a field, or one has the wrong kind or an impossible value.
    InvalidMessageData,
    /// The frame is not JSON.
    MessageParsingFailed,
    /// The frame is longer than `max_message_size`.
    MessageTooLarge,
    /// webrtcbin refused the session description.
    SdpProcessingFailed,
    /// webrtcbin or a pipeline failed, or there is none for this message.
    PeerConnectionFailed,
    /// The host takes no more viewers, or is going down.
    ServerUnavailable,
}

impl ErrorCode {
    /// The code as it stands in `error.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidMessage => "INVALID_MESSAGE",
            Self::InvalidMessageType => "INVALID_MESSAGE_TYPE",
            Self::InvalidMessageData => "INVALID_MESSAGE_DATA",
            Self::MessageParsingFailed => "MESSAGE_PARSING_FAILED",
            Self::MessageTooLarge => "MESSAGE_TOO_LARGE",
            Self::SdpProcessingFailed => "SDP_PROCESSING_FAILED",
            Self::PeerConnectionFailed => "PEER_CONNECTION_FAILED",
            Self::ServerUnavailable => "SERVER_UNAVAILABLE",
        }
    }

    /// The family that the code belongs to, as it stands in `error.type`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::InvalidMessage
            | Self::InvalidMessageType
            | Self::InvalidMessageData
            | Self::MessageParsingFailed
            | Self::MessageTooLarge => "validation_error",
            Self::SdpProcessingFailed | Self::PeerConnectionFailed => "webrtc_error",
            Self::ServerUnavailable => "server_error",
        }
    }
}
