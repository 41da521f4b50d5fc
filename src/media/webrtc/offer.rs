//! Offers of viewers, from clients that offer: WHEP players, and gstwebrtc-api consumers that request it.

use super::sdp::{self, Fingerprint};
use crate::media::pipeline::codec::Codec;
use crate::media::rate::playout_delay;
use crate::media::rate::twcc;

/// An offer that can be passed to webrtcbin safely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The description without candidates that would have to be resolved.
    pub(crate) sdp: String,
    /// The fingerprint of the viewer's certificate.
    pub(crate) fingerprint: Fingerprint,
    /// The video formats that the host can send, with their payload types, in the viewer's order.
    pub(crate) video: Vec<(Codec, u8)>,
    /// Identifier of the playout-delay extension, if the viewer supports it.
    pub(crate) playout_delay: Option<u8>,
    /// Identifier of the extension that numbers packets for congestion control, if the viewer reports on them.
    pub(crate) transport_cc: Option<u8>,
    /// Payload type of Opus, if the viewer requests sound.
    pub(crate) opus: Option<u8>,
}

impl Offer {
    /// Checks a viewer's offer.
    ///
    /// # Errors
    /// A sentence for the client's author.
    pub(crate) fn check(sdp: &str) -> Result<Self, String> {
        sdp::check_lines(sdp)?;
        let sections = sdp::sections(sdp);
        let (session, media) = sections.split_first().ok_or("The offer is empty")?;
        sdp::check_sections(session, media)?;
        let section = |kind: &str| media.iter().copied().find(|section| section.starts_with(kind));
        let (video, audio) = (section("m=video"), section("m=audio"));
        if video.is_none() && audio.is_none() {
            return Err("The offer asks for neither video nor sound".to_owned());
        }
        Ok(Self {
            fingerprint: sdp::fingerprint(session, media)?,
            sdp: sdp::with_plain_candidates(sdp),
            video: video.map(video_formats).unwrap_or_default(),
            playout_delay: video.and_then(|section| extension(section, playout_delay::URI)),
            transport_cc: video.and_then(transport_cc),
            opus: audio.and_then(|section| {
                formats(section)
                    .find(|(name, _)| is(name, "opus"))
                    .map(|(_, pt)| pt)
            }),
        })
    }
}

/// Returns the formats of an m-section that the host has codecs for. Of H.264, only those with packetization mode 1 and
/// a baseline profile (RFC 6184 section 8.1), which the encoders produce.
fn video_formats(section: &str) -> Vec<(Codec, u8)> {
    let ours = formats(section).filter_map(|(name, payload_type)| Some((name.parse().ok()?, payload_type)));
    ours.filter(|(codec, payload_type)| *codec != Codec::H264 || is_plain_h264(section, *payload_type))
        .collect()
}

/// Returns the identifier of an extension. RFC 8285 section 5: `a=extmap:3 uri` or `a=extmap:3/direction uri`, 1 to 14
/// in the one-byte form of the header.
fn extension(section: &str, wanted: &str) -> Option<u8> {
    sdp::values(section, "a=extmap:").find_map(|line| {
        let (id, uri) = line.split_once(' ')?;
        let id = id
            .split('/')
            .next()?
            .parse()
            .ok()
            .filter(|id| (1..=14).contains(id))?;
        (uri.split(' ').next() == Some(wanted)).then_some(id)
    })
}

/// Returns the identifier of the extension, if the viewer reports on it; it is useless otherwise.
fn transport_cc(section: &str) -> Option<u8> {
    extension(section, twcc::URI).filter(|_| sdp::reports_arrivals(section))
}

fn is_plain_h264(section: &str, payload_type: u8) -> bool {
    let prefix = format!("a=fmtp:{payload_type} ");
    let parameters: Vec<&str> = sdp::values(section, &prefix)
        .flat_map(|line| line.split(';'))
        .map(str::trim)
        .collect();
    let value = |name: &str| {
        parameters
            .iter()
            .find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
    };
    value("packetization-mode") == Some("1")
        && value("profile-level-id").is_none_or(|id| id.starts_with("42"))
}

/// Returns the names and payload types of the `a=rtpmap` lines.
fn formats(section: &str) -> impl Iterator<Item = (&str, u8)> {
    sdp::values(section, "a=rtpmap:").filter_map(|line| {
        let (payload_type, encoding) = line.split_once(' ')?;
        let payload_type: u8 = payload_type.parse().ok()?;
        (payload_type < 128).then_some((encoding.split('/').next()?, payload_type))
    })
}

fn is(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(video: &str) -> String {
        let digest = vec!["00"; 32].join(":");
        format!(
            "v=0\r\na=group:BUNDLE 0 1\r\na=fingerprint:sha-256 {digest}\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96 102\r\na=mid:0\r\n{video}\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=rtpmap:111 opus/48000/2\r\n"
        )
    }

    #[test]
    fn the_formats_that_we_can_send_are_found_in_the_viewers_order() {
        let video = "a=rtpmap:98 H265/90000\r\na=rtpmap:100 VP8/90000\r\n\
                     a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=0;profile-level-id=42e01f\r\n\
                     a=rtpmap:104 H264/90000\r\na=fmtp:104 packetization-mode=1;profile-level-id=64001f\r\n\
                     a=rtpmap:106 H264/90000\r\na=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n";
        let offer = Offer::check(&offer(video)).unwrap();
        assert_eq!(offer.video, [(Codec::Vp8, 100), (Codec::H264, 106)]);
        assert_eq!((offer.opus, offer.playout_delay), (Some(111), None));
    }

    #[test]
    fn the_playout_delay_extension_uses_the_viewers_identifier() {
        let line = |id: &str| {
            format!("a=extmap:{id} http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n")
        };
        let found = |id: &str| Offer::check(&offer(&line(id))).unwrap().playout_delay;
        assert_eq!(
            (found("5"), found("6/recvonly"), found("15"), found("x")),
            (Some(5), Some(6), None, None)
        );
    }

    #[test]
    fn packets_are_numbered_only_for_viewers_that_report_on_them() {
        let extension = format!("a=extmap:3 {}\r\n", twcc::URI);
        let found = |lines: &str| Offer::check(&offer(lines)).unwrap().transport_cc;
        assert_eq!(found(&extension), None);
        assert_eq!(
            found(&format!("{extension}a=rtcp-fb:96 transport-cc\r\n")),
            Some(3)
        );
    }

    #[test]
    fn an_offer_without_a_fingerprint_or_without_media_is_refused() {
        let bare = offer("").replace("a=fingerprint", "a=finger");
        assert!(Offer::check(&bare).unwrap_err().contains("fingerprint"));
        assert!(Offer::check("v=0\r\n").unwrap_err().contains("neither"));
        assert!(Offer::check("").is_err());
    }
}
