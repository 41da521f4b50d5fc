//! The one entry for messages of a data channel.

use serde_json::Value;

use super::message::ChannelMessage;
use super::native;
use super::sequence::Sequence;
use crate::protocol::input::{FrameSize, InputError};
use crate::protocol::{gstwebrtc, json, selkies};

/// A message longer than this is refused before it is looked at, in bytes: the longest clipboard, with room.
pub(crate) const MAX_CHANNEL_MESSAGE: usize = 96 * 1024;

/// Reads one peer's data channels. Each message may be in any dialect, which its first byte shows: `{` is JSON, native
/// or gstwebrtc; a letter or `_` is Selkies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decoder {
    frame: Option<FrameSize>,
    pointer: selkies::PointerState,
    touch: gstwebrtc::TouchState,
    sequence: Sequence,
}

impl Decoder {
    /// Tells the size of the captured frame, by which coordinates in another space are scaled.
    pub(crate) fn set_frame(&mut self, frame: FrameSize) {
        self.frame = Some(frame);
    }

    /// Reads `message`. It gives nothing if no host needs to act on it: a repeated key, an unknown command of Selkies.
    ///
    /// # Errors
    /// If it is too long, or not what its type needs. The error says nothing of the contents.
    pub(crate) fn decode(&mut self, message: &str) -> Result<Vec<ChannelMessage>, InputError> {
        if message.len() > MAX_CHANNEL_MESSAGE {
            return Err(InputError::TooLong);
        }
        match message.bytes().next() {
            Some(b'{') => self.json(message),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => selkies::decode(&mut self.pointer, message),
            _ => Err(InputError::NotAMessage),
        }
    }

    fn json(&mut self, message: &str) -> Result<Vec<ChannelMessage>, InputError> {
        let value = json::parse(message).map_err(|_| InputError::NotAMessage)?;
        if gstwebrtc::is_control(&value) {
            return gstwebrtc::decode_control(&mut self.touch, &value);
        }
        let kind = value
            .get("type")
            .and_then(Value::as_str)
            .ok_or(InputError::NotAMessage)?;
        let data = value.get("data").unwrap_or(&Value::Null);
        let messages = native::decode(kind, data, self.frame)?;
        Ok(match data.get("seq").and_then(Value::as_u64) {
            Some(number) => self.sequence.arrange(number, messages),
            None => messages,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::input::{InputEvent, Key};

    fn decode(message: &str) -> Result<Vec<ChannelMessage>, InputError> {
        Decoder::default().decode(message)
    }

    #[test]
    fn the_first_byte_tells_the_dialect() {
        let key = |key| {
            Ok(vec![ChannelMessage::Input(InputEvent::Key {
                key,
                pressed: true,
            })])
        };
        let native = r#"{"type":"key-press","data":{"key":"a","code":"KeyA","action":"down"}}"#;
        let dom = Key::Dom {
            key: "a".to_owned(),
            code: "KeyA".to_owned(),
        };
        assert_eq!(decode(native), key(dom));
        assert_eq!(decode("kd,97"), key(Key::Keysym(97)));
        let bare = r#"{"event":"KeyPress","key":"a"}"#;
        assert_eq!(decode(bare), key(Key::KeysymName("a".to_owned())));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (message, error) in [
            ("", InputError::NotAMessage),
            ("[]", InputError::NotAMessage),
            ("{", InputError::NotAMessage),
            ("{}", InputError::NotAMessage),
            ("\u{1}binary", InputError::NotAMessage),
            (r#"{"type":"cursor"}"#, InputError::UnknownType),
        ] {
            assert_eq!(decode(message), Err(error), "{message}");
        }
        let long = format!("cw,{}", "a".repeat(MAX_CHANNEL_MESSAGE));
        assert_eq!(decode(&long), Err(InputError::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_panics(messages: Vec<String>) {
            let mut decoder = Decoder::default();
            for message in messages {
                let _ = decoder.decode(&message);
                let _ = decoder.decode(&format!("{{{message}}}"));
            }
        }

        #[test]
        fn no_command_panics(
            messages in prop::collection::vec("(kd|ku|kr|m|m2|p|vb|ab|_arg_fps|_arg_resize|r|s|cr|cw|js|pong|_f|_l|_stats_video|x)(,[-0-9a-zA-Z.]{0,12}){0,6}", 0..20)
        ) {
            let mut decoder = Decoder::default();
            for message in messages {
                let _ = decoder.decode(&message);
            }
        }
    }
}
