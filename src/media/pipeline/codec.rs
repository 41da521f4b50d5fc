//! The video codecs and their RTP payloading.

use std::fmt;
use std::str::FromStr;

/// The payload type of the video, where the host chooses it.
pub(crate) const PAYLOAD_TYPE: u8 = 96;

/// A video codec that webrtcbin and browsers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// H.264, constrained baseline (RFC 6184).
    H264,
    /// VP8 (RFC 7741).
    Vp8,
    /// VP9 (RFC 9628).
    Vp9,
    /// AV1 (the RTP payload format of AOMedia).
    Av1,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::H264, Self::Vp8, Self::Vp9, Self::Av1];

    /// Returns the name in SDP and in RTP caps.
    pub fn encoding_name(self) -> &'static str {
        match self {
            Self::H264 => "H264",
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
        }
    }

    /// Returns the media type of the encoder's caps.
    pub fn caps_name(self) -> &'static str {
        match self {
            Self::H264 => "video/x-h264",
            Self::Vp8 => "video/x-vp8",
            Self::Vp9 => "video/x-vp9",
            Self::Av1 => "video/x-av1",
        }
    }

    /// Returns the elements behind the encoder, which make the stream's format known before its first frame.
    pub(crate) fn finish(self) -> &'static str {
        match self {
            // With the parameter sets in the caps.
            Self::H264 => "h264parse ! video/x-h264,stream-format=avc,alignment=au",
            Self::Vp8 => "video/x-vp8",
            Self::Vp9 => "video/x-vp9",
            Self::Av1 => "av1parse ! video/x-av1,stream-format=obu-stream,alignment=tu",
        }
    }

    /// Returns the elements between the encoder and webrtcbin: the payloader `pay` and the capsfilter `rtp`.
    pub(crate) fn payloader(self) -> String {
        let payloader = match self {
            Self::H264 => "rtph264pay name=pay config-interval=-1 aggregate-mode=zero-latency mtu=1200",
            Self::Vp8 => "rtpvp8pay name=pay picture-id-mode=15-bit mtu=1200",
            Self::Vp9 => "rtpvp9pay name=pay picture-id-mode=15-bit mtu=1200",
            Self::Av1 => "rtpav1pay name=pay mtu=1200",
        };
        format!(
            "{payloader} ! capsfilter name=rtp caps={}",
            self.rtp_caps(PAYLOAD_TYPE)
        )
    }

    /// Returns the RTP caps of the stream.
    ///
    /// They omit profile-level-id: the actual one comes from the stream, and webrtcbin waits for it.
    pub(crate) fn rtp_caps(self, payload_type: u8) -> String {
        let name = self.encoding_name();
        format!("application/x-rtp,media=video,encoding-name={name},clock-rate=90000,payload={payload_type}")
    }
}

impl FromStr for Codec {
    type Err = ();

    /// Parses the name in SDP, ignoring case.
    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.encoding_name().eq_ignore_ascii_case(name))
            .ok_or(())
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encoding_name())
    }
}
