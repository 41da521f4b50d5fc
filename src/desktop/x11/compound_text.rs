//! Text in the encoding COMPOUND_TEXT: Latin-1 with escape sequences (ISO 2022) that change the character set. Pure.

use encoding_rs::{EUC_JP, EUC_KR, Encoding, GBK};

/// Decodes `bytes`. `None` if a character set is unknown.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let (mut text, mut rest) = (String::new(), bytes);
    // Bytes below 0x80, and those above.
    let (mut left, mut right) = (Set::Ascii, Set::Latin1);
    while let Some(first) = rest.first() {
        if *first == ESCAPE {
            let sequence;
            (sequence, rest) = split_sequence(rest)?;
            match sequence {
                b"%G" => {
                    let end = find(rest, b"\x1b%@").unwrap_or(rest.len());
                    text.push_str(&String::from_utf8_lossy(&rest[..end]));
                    rest = rest.get(end + 3..).unwrap_or_default();
                }
                [b'(', b'B' | b'J'] => left = Set::Ascii,
                [b')', b'B'] => right = Set::Ascii,
                [b'-', kind] => right = Set::half(*kind)?,
                [b'$', b'(', kind] => left = Set::double(*kind)?,
                [b'$', b')', kind] => right = Set::double(*kind)?,
                _ => return None,
            }
            continue;
        }
        // The direction of the text: the characters say it themselves.
        if *first == CSI {
            let end = rest
                .iter()
                .position(|byte| *byte == b']')
                .map_or(rest.len(), |end| end + 1);
            rest = &rest[end..];
            continue;
        }
        let is_right = *first >= 0x80;
        let is_same = |byte: &u8| (*byte >= 0x80) == is_right && *byte != ESCAPE && *byte != CSI;
        let length = rest.iter().position(|byte| !is_same(byte)).unwrap_or(rest.len());
        let run;
        (run, rest) = rest.split_at(length);
        text.push_str(&if is_right { right } else { left }.decode(run));
    }
    Some(text)
}

#[derive(Clone, Copy)]
enum Set {
    Ascii,
    Latin1,
    /// The upper half of a set of single bytes, or a set of two bytes, which have their high bits.
    High(&'static Encoding),
}

impl Set {
    /// A set of single bytes: a part of ISO 8859.
    fn half(kind: u8) -> Option<Set> {
        if kind == b'A' {
            return Some(Set::Latin1);
        }
        let (_, part) = PARTS.iter().find(|(part, _)| *part == kind)?;
        Encoding::for_label(format!("iso-8859-{part}").as_bytes()).map(Set::High)
    }

    fn double(kind: u8) -> Option<Set> {
        match kind {
            b'A' => Some(Set::High(GBK)),
            b'B' => Some(Set::High(EUC_JP)),
            b'C' => Some(Set::High(EUC_KR)),
            _ => None,
        }
    }

    fn decode(self, bytes: &[u8]) -> String {
        match self {
            Set::Ascii | Set::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Set::High(encoding) => {
                let is_control = bytes.iter().all(|byte| *byte <= b' ');
                let high = |byte: &u8| if is_control { *byte } else { byte | 0x80 };
                let bytes: Vec<u8> = bytes.iter().map(high).collect();
                encoding.decode_without_bom_handling(&bytes).0.into_owned()
            }
        }
    }
}

/// Splits an escape sequence, without its first byte, from what follows.
fn split_sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_final = |byte: &u8| (0x30..0x7f).contains(byte);
    let length = bytes[1..].iter().position(is_final)? + 1;
    Some((&bytes[1..=length], &bytes[length + 1..]))
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

const ESCAPE: u8 = 0x1b;
const CSI: u8 = 0x9b;
/// The final bytes of the parts of ISO 8859.
const PARTS: &[(u8, u8)] = &[
    (b'B', 2),
    (b'C', 3),
    (b'D', 4),
    (b'F', 7),
    (b'G', 6),
    (b'H', 8),
    (b'L', 5),
    (b'M', 9),
    (b'V', 10),
    (b'Y', 13),
    (b'_', 14),
    (b'b', 15),
    (b'f', 16),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_set_is_decoded_and_an_unknown_one_is_no_text() {
        for (bytes, text) in [
            (&b"plain\n"[..], Some("plain\n")),
            (b"\xe9t\xe9", Some("été")),
            (b"\x1b-L\xbf\xe0 \x1b-A\xe9", Some("Пр é")),
            (b"\x1b-Bfran\xe6\xe6 \xb1", Some("franćć ą")),
            (b"\x1b%G\xe4\xb8\xad\xf0\x9f\x98\x80\x1b%@!", Some("中😀!")),
            (b"\x1b$(B\x46\x7c\x4b\x5c\x1b(B.", Some("日本.")),
            (b"\x1b$)A\xd6\xd0a", Some("中a")),
            (b"\x1b$(C\x47\x51\x1b(B", Some("한")),
            (b"\x9b2]\xe9\x9b]", Some("é")),
            (b"\x1b%/1\x80\x80", None),
            (b"\x1b", None),
            (b"", Some("")),
        ] {
            assert_eq!(decode(bytes).as_deref(), text, "{bytes:x?}");
        }
    }
}
