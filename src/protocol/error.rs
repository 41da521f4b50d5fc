//! The errors that a client is told of.

/// The codes of the `error` message, by the names on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// Nothing was heard of the client for too long.
    ConnectionTimeout,
    /// The frame is not a message of this protocol: binary, wrong version, nested too deep, no `type`.
    InvalidMessage,
    /// `type` is not one that a client may send.
    InvalidMessageType,
    /// `data` lacks a field, or one has the wrong kind or an impossible value.
    InvalidMessageData,
    /// The frame is not JSON.
    MessageParsingFailed,
    /// The frame is longer than `max_message_size`.
    MessageTooLarge,
    /// webrtcbin refused the client's answer.
    SdpProcessingFailed,
    /// A candidate of the client could not be taken.
    IceCandidateFailed,
    /// webrtcbin or a pipeline failed, or there is none for this message.
    PeerConnectionFailed,
    /// The client decodes nothing that the host encodes. `details.codecs` has the names of the host's codecs.
    OfferCreationFailed,
    /// The host takes no more viewers, or is going down.
    ServerUnavailable,
    /// The client sends more than it may.
    RateLimited,
    /// The client reads too slowly: what waits for it has grown too long.
    ChannelFull,
    /// The client is known and must not do this: a spectator sends input.
    Forbidden,
}

impl ErrorCode {
    /// The code as it stands in `error.code`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionTimeout => "CONNECTION_TIMEOUT",
            Self::InvalidMessage => "INVALID_MESSAGE",
            Self::InvalidMessageType => "INVALID_MESSAGE_TYPE",
            Self::InvalidMessageData => "INVALID_MESSAGE_DATA",
            Self::MessageParsingFailed => "MESSAGE_PARSING_FAILED",
            Self::MessageTooLarge => "MESSAGE_TOO_LARGE",
            Self::SdpProcessingFailed => "SDP_PROCESSING_FAILED",
            Self::IceCandidateFailed => "ICE_CANDIDATE_FAILED",
            Self::PeerConnectionFailed => "PEER_CONNECTION_FAILED",
            Self::OfferCreationFailed => "OFFER_CREATION_FAILED",
            Self::ServerUnavailable => "SERVER_UNAVAILABLE",
            Self::RateLimited => "RATE_LIMITED",
            Self::ChannelFull => "CHANNEL_FULL",
            Self::Forbidden => "FORBIDDEN",
        }
    }

    /// The family that the code belongs to, as it stands in `error.type`.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::ConnectionTimeout => "connection_error",
            Self::InvalidMessage
            | Self::InvalidMessageType
            | Self::InvalidMessageData
            | Self::MessageParsingFailed
            | Self::MessageTooLarge => "validation_error",
            Self::SdpProcessingFailed
            | Self::IceCandidateFailed
            | Self::PeerConnectionFailed
            | Self::OfferCreationFailed => "webrtc_error",
            Self::ServerUnavailable | Self::RateLimited | Self::ChannelFull => "server_error",
            Self::Forbidden => "permission_error",
        }
    }

    /// True if the client may go on with this socket. If not, it is closed.
    pub(crate) fn is_recoverable(self) -> bool {
        !matches!(
            self,
            Self::ConnectionTimeout | Self::ServerUnavailable | Self::ChannelFull
        )
    }

    /// The code with which the socket is closed after an error that is not recoverable (RFC 6455 section 7.4).
    pub(crate) fn close_code(self) -> u16 {
        match self {
            Self::ConnectionTimeout => 1001,
            Self::ServerUnavailable | Self::ChannelFull => 1013,
            _ => 1011,
        }
    }
}
