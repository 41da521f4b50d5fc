//! Fragments of SDP that a WHEP client sends while it finds its candidates (RFC 8840 section 9,
//! `application/trickle-ice-sdpfrag`).

use super::candidate::{IceCandidate, MAX_CANDIDATE};

/// The longest fragment that is taken, in bytes.
pub(crate) const MAX_FRAGMENT: usize = 32 * 1024;
/// The most candidates of one fragment.
pub(crate) const MAX_CANDIDATES: usize = 64;

/// A fragment. `Debug` hides the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Fragment {
    /// The client's ICE user name fragment. Another one than before asks for an ICE restart.
    pub ufrag: Option<String>,
    /// Its ICE password.
    pub pwd: Option<String>,
    /// The candidates, in order, and behind them one that is empty if no more will come.
    pub candidates: Vec<IceCandidate>,
}

/// The reason for which a fragment is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FragmentError {
    /// Longer than [`MAX_FRAGMENT`], or with a line longer than any candidate.
    TooLong,
    /// More than [`MAX_CANDIDATES`] candidates.
    TooMany,
    /// A line that is not of SDP. Counted from 1.
    Malformed(usize),
}

impl std::fmt::Display for FragmentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => f.write_str("the fragment is too long"),
            Self::TooMany => write!(f, "the fragment has more than {MAX_CANDIDATES} candidates"),
            Self::Malformed(line) => write!(f, "line {line} is not a line of SDP"),
        }
    }
}

impl std::error::Error for FragmentError {}

impl std::fmt::Debug for Fragment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fragment")
            .field("ufrag", &self.ufrag)
            .field("candidates", &self.candidates)
            .finish_non_exhaustive()
    }
}

impl Fragment {
    /// Reads a fragment. Lines that are not needed are skipped; lines may end in LF alone.
    ///
    /// Candidates belong to the media section that they stand in. Sections count from 0 as they come; with a `mid`
    /// that is a number, from that number, since a fragment need not have all sections of the description. Lines
    /// before the first section belong to the first.
    ///
    /// # Errors
    /// If it is too long or no SDP at all.
    pub(crate) fn parse(text: &str) -> Result<Self, FragmentError> {
        if text.len() > MAX_FRAGMENT {
            return Err(FragmentError::TooLong);
        }
        let mut fragment = Self::default();
        let mut section = Section::default();
        let mut ended = None;
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() {
                continue;
            }
            let malformed = FragmentError::Malformed(index + 1);
            let (kind, value) = line
                .split_once('=')
                .filter(|(kind, _)| kind.len() == 1)
                .ok_or(malformed)?;
            match kind {
                "m" => section = section.next(),
                "a" if value == "end-of-candidates" => ended = Some(section.clone()),
                "a" => match value.split_once(':') {
                    Some(("ice-ufrag", ufrag)) => fragment.ufrag = Some(credential(ufrag).ok_or(malformed)?),
                    Some(("ice-pwd", pwd)) => fragment.pwd = Some(credential(pwd).ok_or(malformed)?),
                    Some(("mid", mid)) => section.name(mid).ok_or(malformed)?,
                    Some(("candidate", _)) if value.len() > MAX_CANDIDATE => {
                        return Err(FragmentError::TooLong);
                    }
                    Some(("candidate", _)) if fragment.candidates.len() == MAX_CANDIDATES => {
                        return Err(FragmentError::TooMany);
                    }
                    Some(("candidate", _)) => fragment.candidates.push(section.candidate(value)),
                    _ => {}
                },
                _ => {}
            }
        }
        fragment
            .candidates
            .extend(ended.map(|section| section.candidate("")));
        Ok(fragment)
    }
}

/// The media section that is being read.
#[derive(Clone, Default)]
struct Section {
    started: bool,
    index: u32,
    mid: Option<String>,
}

impl Section {
    fn next(&self) -> Self {
        Self {
            started: true,
            index: if self.started {
                self.index.saturating_add(1)
            } else {
                0
            },
            mid: None,
        }
    }

    /// Takes a `mid`, unless it is longer than any.
    fn name(&mut self, mid: &str) -> Option<()> {
        if mid.len() > MAX_MID {
            return None;
        }
        if let Ok(index) = mid.parse::<u8>() {
            self.index = index.into();
        }
        self.mid = Some(mid.to_owned());
        Some(())
    }

    fn candidate(&self, candidate: &str) -> IceCandidate {
        IceCandidate {
            candidate: candidate.to_owned(),
            sdp_m_line_index: self.index,
            sdp_mid: self.mid.clone(),
        }
    }
}

/// An ICE user name fragment or password (RFC 8839 section 5.4): at most 256 of its characters.
fn credential(text: &str) -> Option<String> {
    let is_ice_char =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
    (!text.is_empty() && text.len() <= 256 && text.bytes().all(is_ice_char)).then(|| text.to_owned())
}

const MAX_MID: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OBSERVED: &str = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n";

    #[test]
    fn what_the_common_client_sends_is_read() {
        let fragment = Fragment::parse(OBSERVED).unwrap();
        assert_eq!(fragment.ufrag.as_deref(), Some("EsAw"));
        let [candidate] = &fragment.candidates[..] else {
            panic!("{fragment:?}")
        };
        assert!(candidate.candidate.starts_with("candidate:1387637174 1 udp"));
        assert_eq!(
            (candidate.sdp_m_line_index, candidate.sdp_mid.as_deref()),
            (0, Some("0"))
        );
        assert!(!format!("{fragment:?}").contains("P2uY"));
    }

    #[test]
    fn a_fragment_may_say_only_that_there_are_no_more() {
        let fragment = Fragment::parse("a=end-of-candidates\n").unwrap();
        assert!(matches!(&fragment.candidates[..], [end] if end.is_end_of_candidates()));
        assert_eq!(Fragment::parse(""), Ok(Fragment::default()));
    }

    #[test]
    fn candidates_belong_to_their_section() {
        let text =
            "a=end-of-candidates\nm=audio 9 X 0\na=candidate:1\nm=video 9 X 0\na=mid:v\na=candidate:2\n";
        let fragment = Fragment::parse(text).unwrap();
        let places: Vec<_> = fragment
            .candidates
            .iter()
            .map(|candidate| {
                (
                    candidate.candidate.as_str(),
                    candidate.sdp_m_line_index,
                    candidate.sdp_mid.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            places,
            [
                ("candidate:1", 0, None),
                ("candidate:2", 1, Some("v")),
                ("", 0, None)
            ]
        );
        let skipped = Fragment::parse("m=video 9 X 0\na=mid:1\na=candidate:1\n").unwrap();
        assert_eq!(skipped.candidates[0].sdp_m_line_index, 1);
    }

    #[test]
    fn sizes_are_limited() {
        let many = |count: usize| "a=candidate:1\n".repeat(count);
        assert_eq!(
            Fragment::parse(&many(MAX_CANDIDATES)).unwrap().candidates.len(),
            MAX_CANDIDATES
        );
        assert_eq!(
            Fragment::parse(&many(MAX_CANDIDATES + 1)),
            Err(FragmentError::TooMany)
        );
        let long = format!("a=candidate:{}", "x".repeat(MAX_CANDIDATE));
        assert_eq!(Fragment::parse(&long), Err(FragmentError::TooLong));
        assert_eq!(
            Fragment::parse(&"a=x\n".repeat(MAX_FRAGMENT)),
            Err(FragmentError::TooLong)
        );
    }

    #[test]
    fn what_is_not_sdp_is_refused_with_its_line() {
        assert_eq!(Fragment::parse("a=mid:0\n{}\n"), Err(FragmentError::Malformed(2)));
        assert_eq!(
            Fragment::parse("a=ice-ufrag:a b\n"),
            Err(FragmentError::Malformed(1))
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String, lines in prop::collection::vec("[am]=(mid:|candidate:|ice-pwd:)?\\PC{0,20}", 0..20)) {
            let _ = Fragment::parse(&text);
            let _ = Fragment::parse(&lines.join("\r\n"));
        }
    }
}
