//! Checks of session descriptions before they are passed to webrtcbin.
//!
//! An answer comes from the network. webrtcbin 1.22 crashes on a BUNDLE group that names no m-section, resolves
//! `.local` names in ways that crash and leak, and accepts any certificate.

use std::net::IpAddr;

use sha2::{Digest, Sha256, Sha384, Sha512};

/// Maximum number of m-sections in a description.
const MAX_SECTIONS: usize = 8;
/// Maximum number of candidates in a description.
const MAX_CANDIDATES: usize = 64;
/// The most candidates of a viewer, in its description and after it, that are passed to webrtcbin: the host sends
/// connectivity checks to each.
pub(crate) const PASSED_CANDIDATES: usize = 32;

/// An answer that can be passed to webrtcbin safely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The description without candidates that would have to be resolved.
    pub(crate) sdp: String,
    /// The fingerprint of the viewer's certificate.
    pub(crate) fingerprint: Fingerprint,
}

/// A certificate's fingerprint (RFC 8122 section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    hash: Hash,
    digest: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Answer {
    /// Checks the viewer's answer to `offer`.
    ///
    /// # Errors
    /// A sentence for the client's author.
    pub(crate) fn check(sdp: &str, offer: &str) -> Result<Self, String> {
        check_lines(sdp)?;
        let sections = sections(sdp);
        let offered = offer.lines().filter(|line| line.starts_with("m=")).count();
        let (session, media) = sections.split_first().ok_or("The answer is empty")?;
        if media.len() != offered {
            return Err(format!(
                "The answer has {} m-lines and the offer {offered}",
                media.len()
            ));
        }
        check_sections(session, media)?;
        check_video(media)?;
        let fingerprint = fingerprint(session, media)?;
        Ok(Self {
            sdp: with_plain_candidates(sdp),
            fingerprint,
        })
    }
}

impl Fingerprint {
    /// Returns true if this is the fingerprint of the certificate.
    pub(crate) fn matches(&self, certificate_der: &[u8]) -> bool {
        let digest = match self.hash {
            Hash::Sha256 => Sha256::digest(certificate_der).to_vec(),
            Hash::Sha384 => Sha384::digest(certificate_der).to_vec(),
            Hash::Sha512 => Sha512::digest(certificate_der).to_vec(),
        };
        digest == self.digest
    }

    /// Parses `sha-256 AB:CD:…`.
    fn parse(value: &str) -> Option<Self> {
        let (name, digest) = value.trim().split_once(' ')?;
        let (hash, length) = match name.to_ascii_lowercase().as_str() {
            "sha-256" => (Hash::Sha256, 32),
            "sha-384" => (Hash::Sha384, 48),
            "sha-512" => (Hash::Sha512, 64),
            _ => return None,
        };
        let byte = |pair: &str| {
            (pair.len() == 2)
                .then(|| u8::from_str_radix(pair, 16).ok())
                .flatten()
        };
        let digest: Vec<u8> = digest.trim().split(':').map(byte).collect::<Option<_>>()?;
        (digest.len() == length).then_some(Self { hash, digest })
    }
}

/// Returns true if the description promises reports on the arrival of each packet.
pub(crate) fn reports_arrivals(text: &str) -> bool {
    values(text, "a=rtcp-fb:").any(|line| line.ends_with(" transport-cc"))
}

/// Returns true if a viewer's candidate may be passed to webrtcbin: plain text with an IP address, not a name that
/// would have to be resolved. Browsers hide their addresses behind `.local` names and still connect: their own
/// connectivity checks create the pair. Nor is it passed if [`is_unicast`] does not hold of its address: the host
/// would send connectivity checks there.
pub(crate) fn is_plain_candidate(candidate: &str) -> bool {
    let address = candidate
        .strip_prefix("candidate:")
        .and_then(|rest| rest.split(' ').nth(4));
    let address = address.and_then(|address| address.parse::<IpAddr>().ok());
    address.is_some_and(is_unicast) && !candidate.chars().any(char::is_control)
}

/// Returns true for an address that one viewer may have: neither multicast, broadcast and unspecified addresses nor
/// link-local ones, among which clouds have their metadata services. A viewer with a link-local address alone connects by
/// its own connectivity checks.
fn is_unicast(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_special = address.is_unspecified() || address.is_multicast();
    !is_special
        && match address {
            IpAddr::V4(address) => !address.is_broadcast() && !address.is_link_local(),
            // The second is the metadata service of a cloud.
            IpAddr::V6(address) => {
                !address.is_unicast_link_local()
                    && address.segments() != [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254]
            }
        }
}

/// Returns true if one of the host's candidates is useful: a browser cannot use a link-local address of another
/// network. GStreamer 1.26 and later end with an empty one, which browsers refuse in a description.
pub(crate) fn is_useful_candidate(candidate: &str) -> bool {
    let address = candidate.split_ascii_whitespace().nth(4);
    address.is_some_and(|address| !address.to_ascii_lowercase().starts_with("fe80:"))
}

/// Returns the session section, then each m-section.
pub(crate) fn sections(sdp: &str) -> Vec<&str> {
    let mut starts = vec![0];
    starts.extend(sdp.match_indices("\nm=").map(|(at, _)| at + 1));
    let end = |n: usize| starts.get(n + 1).copied().unwrap_or(sdp.len());
    starts
        .iter()
        .enumerate()
        .map(|(n, &start)| &sdp[start..end(n)])
        .collect()
}

/// Returns the rest of each line that starts with `prefix`.
pub(crate) fn values<'a>(section: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    section
        .lines()
        .filter_map(move |line| line.strip_prefix(prefix))
        .map(str::trim)
}

/// Returns the description with the first [`PASSED_CANDIDATES`] of its candidates that are plain, and no others. An attribute with spaces around its name, or without
/// a value, also counts as a candidate, because GStreamer's parser takes it for one.
pub(crate) fn with_plain_candidates(sdp: &str) -> String {
    let is_candidate = |attribute: &str| attribute.split(':').next().map(str::trim) == Some("candidate");
    let mut left = PASSED_CANDIDATES;
    let kept = |line: &&str| match line.strip_prefix("a=") {
        Some(attribute) if is_candidate(attribute) => {
            let is_kept = left > 0 && is_plain_candidate(attribute);
            left -= usize::from(is_kept);
            is_kept
        }
        _ => true,
    };
    // The last line may end in "\r" alone.
    let lines = sdp.lines().map(|line| line.trim_end_matches('\r'));
    lines.filter(kept).flat_map(|line| [line, "\r\n"]).collect()
}

/// Returns the number of candidates in a description that has plain ones only.
pub(crate) fn count_candidates(sdp: &str) -> usize {
    values(sdp, "a=candidate:").count()
}

/// Checks that each line is a letter, `=` and plain text (RFC 8866 section 5). GStreamer's parser accepts more, and
/// would find sections or attributes that the checks here do not see.
pub(crate) fn check_lines(sdp: &str) -> Result<(), String> {
    if !sdp.starts_with("v=") {
        // GStreamer would take a first line "m=" for a section, and the checks here would not.
        return Err("The description does not start with \"v=\"".to_owned());
    }
    let is_plain = |line: &str| {
        let mut characters = line.chars();
        let starts_well = characters
            .next()
            .is_some_and(|letter| letter.is_ascii_lowercase());
        starts_well && characters.next() == Some('=') && !line.chars().any(char::is_control)
    };
    match sdp
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .all(|line| line.is_empty() || is_plain(line))
    {
        true => Ok(()),
        false => Err("Each line of the description must be a letter, '=' and text".to_owned()),
    }
}

/// Adds the host's candidates to the first m-section of `sdp`: all sections are bundled with that one.
pub(crate) fn with_candidates(sdp: &str, candidates: &[String]) -> String {
    let mut lines: String = candidates
        .iter()
        .map(|candidate| format!("a={candidate}\r\n"))
        .collect();
    lines.push_str("a=end-of-candidates\r\n");
    let sections = sections(sdp);
    match sections.get(..2) {
        Some([session, first]) => {
            let rest: String = sections[2..].concat();
            format!("{session}{first}{lines}{rest}")
        }
        _ => sdp.to_owned(),
    }
}

/// Checks the numbers of sections and candidates, and that the BUNDLE group (RFC 9143) names only existing m-sections.
pub(crate) fn check_sections(session: &str, media: &[&str]) -> Result<(), String> {
    if media.len() > MAX_SECTIONS {
        return Err(format!("The description has more than {MAX_SECTIONS} m-lines"));
    }
    if media
        .iter()
        .flat_map(|section| values(section, "a=candidate:"))
        .count()
        > MAX_CANDIDATES
    {
        return Err(format!(
            "The description has more than {MAX_CANDIDATES} candidates"
        ));
    }
    for group in values(session, "a=group:BUNDLE") {
        for mid in group.split_ascii_whitespace() {
            if !media
                .iter()
                .any(|section| values(section, "a=mid:").any(|name| name == mid))
            {
                return Err("The BUNDLE group names an m-section that does not exist".to_owned());
            }
        }
    }
    Ok(())
}

/// Checks that the video is accepted: a browser that cannot decode the offered codec rejects the m-line.
fn check_video(media: &[&str]) -> Result<(), String> {
    for section in media.iter().filter(|section| section.starts_with("m=video")) {
        let port = section.split_ascii_whitespace().nth(1);
        let inactive = section
            .lines()
            .any(|line| matches!(line.trim(), "a=inactive" | "a=sendonly"));
        if port == Some("0") || inactive {
            return Err("The answer rejects the video: the viewer cannot decode this codec".to_owned());
        }
    }
    Ok(())
}

/// Returns the fingerprint that all sections share: they are bundled on one transport.
pub(crate) fn fingerprint(session: &str, media: &[&str]) -> Result<Fingerprint, String> {
    const PREFIX: &str = "a=fingerprint:";
    let of_session: Vec<_> = values(session, PREFIX).collect();
    let mut found: Option<Fingerprint> = None;
    for section in media {
        let own: Vec<_> = values(section, PREFIX).collect();
        let all = if own.is_empty() { &of_session } else { &own };
        // With several, the strongest would count; browsers send one.
        let [value] = all[..] else {
            return Err("Each m-section needs exactly one fingerprint".to_owned());
        };
        let fingerprint = Fingerprint::parse(value)
            .ok_or("The fingerprint is not a sha-256, sha-384 or sha-512 of the right length")?;
        if found.as_ref().is_some_and(|other| *other != fingerprint) {
            return Err("The m-sections have different fingerprints".to_owned());
        }
        found = Some(fingerprint);
    }
    found.ok_or_else(|| "The description has no m-section".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str =
        "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";

    /// SHA-256 of the empty text.
    const EMPTY: &str = "sha-256 E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";

    fn answer(change: impl Fn(String) -> String) -> Result<Answer, String> {
        let section = |kind: &str, mid: &str| {
            format!(
                "m={kind}\r\na=mid:{mid}\r\na=fingerprint:{EMPTY}\r\na=candidate:1 1 udp 1 x.local 9 typ host\r\n"
            )
        };
        let sdp = format!(
            "v=0\r\na=group:BUNDLE 0 1\r\n{}{}",
            section("video 9 UDP/TLS/RTP/SAVPF 96", "0"),
            section("application 9 UDP/DTLS/SCTP webrtc-datachannel", "1")
        );
        Answer::check(&change(sdp), OFFER)
    }

    #[test]
    fn a_browsers_answer_is_taken_without_its_mdns_candidates() {
        let answer = answer(|sdp| sdp).unwrap();
        assert!(
            !answer.sdp.contains(".local") && answer.sdp.contains("a=mid:1\r\n"),
            "{}",
            answer.sdp
        );
        assert!(answer.fingerprint.matches(b""));
        assert!(!answer.fingerprint.matches(b"x"));
    }

    #[test]
    fn a_fingerprint_of_the_whole_session_is_accepted() {
        let session_level = |sdp: String| {
            let line = format!("a=fingerprint:{EMPTY}\r\n");
            sdp.replace(&line, "")
                .replacen("v=0\r\n", &format!("v=0\r\n{line}"), 1)
        };
        assert!(answer(session_level).unwrap().fingerprint.matches(b""));
    }

    #[test]
    fn descriptions_that_would_harm_webrtcbin_are_refused() {
        let flipped = |sdp: String| sdp.replacen("E3:B0", "E3:B1", 1);
        let cases: [(&str, &dyn Fn(String) -> String); 10] = [
            ("m-lines", &|sdp| format!("{sdp}m=audio 9 x 0\r\n")),
            ("BUNDLE", &|sdp| sdp.replace("BUNDLE 0 1", "BUNDLE 0 7")),
            ("letter, '='", &|sdp| sdp + " a=group:BUNDLE nope\r\n"),
            ("letter, '='", &|sdp| sdp + "a=x\ty\r\n"),
            ("exactly one fingerprint", &|sdp| {
                sdp.replace(&format!("a=fingerprint:{EMPTY}\r\n"), "")
            }),
            ("different", &flipped),
            ("right length", &|sdp| sdp.replace(":55", "")),
            ("right length", &|sdp| sdp.replace("sha-256", "sha-1")),
            ("rejects the video", &|sdp| sdp.replace("video 9", "video 0")),
            ("candidates", &|sdp| {
                sdp + &"a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(63)
            }),
        ];
        for (part, change) in cases {
            let error = answer(change).unwrap_err();
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(Answer::check("", OFFER).is_err());
    }

    #[test]
    fn only_candidates_with_an_address_are_passed_to_webrtcbin() {
        for (candidate, is_plain) in [
            ("candidate:1 1 udp 2113937151 192.0.2.2 56476 typ host", true),
            ("candidate:1 1 udp 2113937151 fd00::2 56476 typ host", true),
            ("candidate:1 1 udp 2113937151 4f6b.LOCAL 56476 typ host", false),
            ("candidate:1 1 udp 2113937151 example.org 56476 typ host", false),
            ("candidate:1 1 udp\t9 1 x.local 9 typ host", false),
            ("candidate:1 1 udp 1 192.0.2.2 9 typ host\r\na=x", false),
            ("candidate:", false),
            ("candidate:1 1 udp 1 127.0.0.1 9 typ host", true),
            ("candidate:1 1 udp 1 0.0.0.0 9 typ host", false),
            ("candidate:1 1 udp 1 :: 9 typ host", false),
            ("candidate:1 1 udp 1 224.0.0.251 5353 typ host", false),
            ("candidate:1 1 udp 1 ff02::fb 5353 typ host", false),
            ("candidate:1 1 udp 1 ::ffff:239.1.2.3 9 typ host", false),
            ("candidate:1 1 udp 1 255.255.255.255 9 typ host", false),
            ("candidate:1 1 udp 1 169.254.169.254 80 typ host", false),
            ("candidate:1 1 udp 1 169.254.170.2 80 typ host", false),
            ("candidate:1 1 udp 1 ::ffff:169.254.169.254 80 typ host", false),
            ("candidate:1 1 udp 1 fe80::1 80 typ host", false),
            ("candidate:1 1 udp 1 fd00:ec2::254 80 typ host", false),
        ] {
            assert_eq!(is_plain_candidate(candidate), is_plain, "{candidate:?}");
        }
        let lines = [
            "a=candidate",
            "a= candidate:1 1 udp 1 x.local 9 typ host",
            "a=candidate :",
        ];
        for line in lines {
            let kept = with_plain_candidates(&format!("v=0\r\n{line}\r\na=mid:0\r\n"));
            assert_eq!(kept, "v=0\r\na=mid:0\r\n", "{line}");
        }
        let many = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(MAX_CANDIDATES);
        let kept = with_plain_candidates(&format!("v=0\r\n{many}a=mid:0\r\n"));
        assert_eq!(count_candidates(&kept), PASSED_CANDIDATES);
        assert!(kept.ends_with("a=mid:0\r\n"));
        assert!(!is_useful_candidate(""));
        assert!(!is_useful_candidate(
            "candidate:1 1 UDP 2015363327 fe80::1 56476 typ host"
        ));
        assert!(is_useful_candidate(
            "candidate:1 1 UDP 2015363327 fd00::2 56476 typ host"
        ));
    }
}
