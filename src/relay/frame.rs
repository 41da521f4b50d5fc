//! The messages in a TCP stream to a TURN server: STUN messages and ChannelData (RFC 8656, section 3.1). Pure.

/// The value of each STUN message at byte 4 (RFC 8489, section 5).
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// The length of a STUN message without its attributes, in bytes.
const STUN_HEADER: usize = 20;
/// The length of ChannelData without its data, in bytes.
const CHANNEL_HEADER: usize = 4;
/// The longest frame, in bytes. What ICE peers send fits into an Ethernet packet.
pub(super) const MAX_FRAME: usize = 4096;

/// The bytes are not those of a TURN client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The place of a frame in a buffer that begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Its length without padding, in bytes.
    pub(super) length: usize,
    /// The distance to the next frame, in bytes.
    pub(super) padded: usize,
}

/// True if a connection whose first byte is `first` is one of TURN: a client begins with a STUN request, whose first
/// two bits are 0, and whose method is small. No method of HTTP and no record of TLS begins so.
pub(crate) fn is_turn(first: u8) -> bool {
    first < 4
}

/// The first frame of `bytes`; `None` if its header is not whole.
pub(super) fn extent(bytes: &[u8]) -> Result<Option<Extent>, Malformed> {
    let Some(first) = bytes.first() else {
        return Ok(None);
    };
    let header = match first >> 6 {
        0 => STUN_HEADER,
        // Channel numbers end with 0x4fff (RFC 8656, section 12).
        1 if *first < 0x50 => CHANNEL_HEADER,
        _ => return Err(Malformed),
    };
    let Some([_, _, high, low, rest @ ..]) = bytes.get(..header) else {
        return Ok(None);
    };
    let length = header + usize::from(u16::from_be_bytes([*high, *low]));
    let is_stun = header == STUN_HEADER;
    if length > MAX_FRAME || is_stun && (!rest.starts_with(&MAGIC_COOKIE) || length % 4 != 0) {
        return Err(Malformed);
    }
    let padded = length.next_multiple_of(4);
    Ok(Some(Extent { length, padded }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stun(length: u16) -> Vec<u8> {
        let mut bytes = vec![0, 1];
        bytes.extend(length.to_be_bytes());
        bytes.extend(MAGIC_COOKIE);
        bytes.resize(STUN_HEADER, 7);
        bytes
    }

    #[test]
    fn frames_end_where_their_header_says_and_channel_data_is_padded() {
        let whole = |length, padded| Ok(Some(Extent { length, padded }));
        assert_eq!(extent(&stun(0)), whole(20, 20));
        assert_eq!(extent(&stun(8)), whole(28, 28), "the rest may be on its way");
        assert_eq!(extent(&[0x40, 0, 0, 5]), whole(9, 12));
        assert_eq!(extent(&[0x4f, 0xff, 0, 8, 1]), whole(12, 12));
    }

    #[test]
    fn half_a_header_is_waited_for() {
        for cut in 0..STUN_HEADER {
            assert_eq!(extent(&stun(4)[..cut]), Ok(None));
        }
        assert_eq!(extent(&[0x40, 0, 0]), Ok(None));
    }

    #[test]
    fn what_is_no_turn_is_told_at_once() {
        assert_eq!(
            extent(b"GET / HTTP/1.1"),
            Err(Malformed),
            "HTTP reads as ChannelData that is too long"
        );
        assert_eq!(
            extent(&[0x16, 3, 1]),
            Ok(None),
            "the beginning of a TLS record, cut"
        );
        assert_eq!(extent(&[0x16; 20]), Err(Malformed), "a cookie that is none");
        assert_eq!(extent(&[0x50, 0, 0, 0]), Err(Malformed));
        assert_eq!(extent(&[0xff]), Err(Malformed));
        assert_eq!(
            extent(&stun(3)),
            Err(Malformed),
            "attributes end at a multiple of 4"
        );
        assert_eq!(extent(&stun(4080)), Err(Malformed));
        assert_eq!(extent(&[0x40, 0, 0xff, 0xff]), Err(Malformed));
    }

    #[test]
    fn the_first_byte_tells_turn_from_http_and_tls() {
        assert!(is_turn(0) && is_turn(1));
        let others = [b"GET", b"POS", b"PUT", b"OPT", b"DEL", b"PRI", &[0x16, 3, 1]];
        assert!(others.iter().all(|bytes| !is_turn(bytes[0])));
    }
}
