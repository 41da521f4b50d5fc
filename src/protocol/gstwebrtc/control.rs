//! The data channel `control`: requests with ids, and the older form without.

use serde_json::Value;

use super::navigation::{self, TouchState};
use crate::protocol::channel::message::ChannelMessage;
use crate::protocol::input::InputError;
use crate::protocol::json;

/// True if a JSON message is of this dialect: a request, a bare event, or an event with its type.
pub(crate) fn is_control(message: &Value) -> bool {
    message.get("request").is_some()
        || message.get("event").is_some()
        || message.get("type").is_some_and(|kind| kind == "navigationEvent")
}

/// Reads such a message. A request with an id gives a [`ChannelMessage::Control`] behind the messages that do it, also
/// when it was not understood.
///
/// # Errors
/// If there is no id to answer to.
pub(crate) fn decode_control(
    touch: &mut TouchState,
    message: &Value,
) -> Result<Vec<ChannelMessage>, InputError> {
    let Some(request) = message.get("request") else {
        return navigation_event(touch, message);
    };
    let id = message
        .get("id")
        .and_then(Value::as_u64)
        .ok_or(InputError::BadField("id"))?;
    let parsed;
    let request = match request {
        Value::String(text) => {
            parsed = json::parse(text).unwrap_or_default();
            &parsed
        }
        request => request,
    };
    let done = match request.get("type").and_then(Value::as_str) {
        Some("navigationEvent") => {
            navigation_event(touch, request).map_err(|_| "the event was not understood")
        }
        Some("customUpstreamEvent") => Err("custom events are not taken here"),
        _ => Err("the request was not understood"),
    };
    let (mut messages, error) = match done {
        Ok(messages) => (messages, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    messages.push(ChannelMessage::Control { id, error });
    Ok(messages)
}

/// `{"event":{"event":"MouseMove",…}}`, or the inner object alone.
fn navigation_event(touch: &mut TouchState, message: &Value) -> Result<Vec<ChannelMessage>, InputError> {
    let event = match message.get("event") {
        Some(inner) if inner.is_object() => inner,
        _ => message,
    };
    let events = navigation::decode(touch, event)?;
    Ok(events.into_iter().map(ChannelMessage::Input).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::input::{Button, InputEvent, Point};

    fn decode(message: &Value) -> Result<Vec<ChannelMessage>, InputError> {
        assert!(is_control(message), "{message}");
        decode_control(&mut TouchState::default(), message)
    }

    fn press() -> ChannelMessage {
        ChannelMessage::Input(InputEvent::Button {
            button: Button::Left,
            pressed: true,
            position: Some(Point { x: 1.0, y: 2.0 }),
        })
    }

    #[test]
    fn a_request_is_done_and_answered() {
        let event = json!({"event":"MouseButtonPress","x":1,"y":2,"button":1,"modifier_state":"none"});
        let request = json!({"type":"navigationEvent","event":event});
        let done = Ok(vec![press(), ChannelMessage::Control { id: 7, error: None }]);
        assert_eq!(decode(&json!({"id":7,"request":request})), done);
        assert_eq!(decode(&json!({"id":7,"request":request.to_string()})), done);
        assert_eq!(decode(&event), Ok(vec![press()]));
        assert_eq!(decode(&request), Ok(vec![press()]));
    }

    #[test]
    fn a_request_that_cannot_be_done_is_answered_with_an_error() {
        for request in [
            json!({"type":"customUpstreamEvent","structureName":"x","structure":{}}),
            json!({"type":"navigationEvent","event":{"event":"Fly"}}),
            json!({"type":"navigationEvent"}),
            json!("not JSON"),
            json!(7),
        ] {
            let messages = decode(&json!({"id":7,"request":request})).unwrap();
            assert!(
                matches!(
                    messages[..],
                    [ChannelMessage::Control {
                        id: 7,
                        error: Some(_)
                    }]
                ),
                "{request}"
            );
        }
        assert!(decode(&json!({"request":{}})).is_err());
    }
}
