//! The refusal of HTTP/2 by prior knowledge (RFC 9113, section 3.3), in its own terms.

/// The types of the frames `SETTINGS` and `GOAWAY` (RFC 9113, sections 6.5 and 6.8).
const SETTINGS: u8 = 0x4;
const GOAWAY: u8 = 0x7;
/// The error code `HTTP_1_1_REQUIRED` (RFC 9113, section 7), after which clients try HTTP/1.1.
const HTTP_1_1_REQUIRED: u32 = 0xd;
/// The reason, for people.
const REASON: &[u8] = b"This port speaks HTTP/1.1: connect without HTTP/2 by prior knowledge.\n";

/// The answer to the preface: the settings of the server, which come first, and the end of the connection.
pub(super) fn refusal() -> Vec<u8> {
    let last_stream = 0_u32.to_be_bytes();
    let end = [&last_stream[..], &HTTP_1_1_REQUIRED.to_be_bytes(), REASON].concat();
    [frame(SETTINGS, &[]), frame(GOAWAY, &end)].concat()
}

/// A frame on the stream 0, without flags.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    let [_, length @ ..] = length;
    [&length[..], &[kind, 0], &[0; 4], payload].concat()
}
