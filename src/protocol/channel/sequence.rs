//! The order of what comes on two channels, one of which keeps none.

use super::message::ChannelMessage;
use crate::protocol::input::{Button, InputEvent, Point};

/// Motion may come on a channel that neither keeps its order nor sends again, all other input comes on one that does
/// both. The client numbers all of it together, so that nothing old moves the pointer back.
#[derive(Debug, Clone, Default)]
pub(super) struct Sequence {
    /// The highest number so far.
    newest: Option<u64>,
    /// The place to which the pointer went last, if it went to a place.
    place: Option<Point>,
    /// The buttons that were pressed late and are still down.
    late: Vec<Button>,
}

impl Sequence {
    /// The events to be done of the message of this number. Motion that a later event has overtaken is left out. A
    /// button that was overtaken is pressed where it was, and stays there or follows the line that was drawn with it;
    /// when it is up, the pointer goes back to where it is.
    pub(super) fn arrange(&mut self, number: u64, mut messages: Vec<ChannelMessage>) -> Vec<ChannelMessage> {
        let events = || messages.iter().filter_map(input);
        if events().any(|event| matches!(event, InputEvent::ReleaseAll)) {
            self.late.clear();
        }
        if !events().any(is_of_pointer) {
            return messages;
        }
        let is_drawing = !self.late.is_empty();
        let is_new = self.newest.is_none_or(|newest| number > newest);
        for event in messages.iter().filter_map(input) {
            match event {
                InputEvent::Button {
                    button,
                    pressed: true,
                    ..
                } if !is_new => self.late.push(*button),
                InputEvent::Button {
                    button,
                    pressed: false,
                    ..
                } => self.late.retain(|late| late != button),
                _ => {}
            }
        }
        if is_new {
            self.newest = Some(number);
            if events().any(|event| matches!(event, InputEvent::RelativeMotion { .. })) {
                self.place = None;
            }
            self.place = events().filter_map(place).next_back().or(self.place);
            if is_drawing {
                // It came by the other channel, and does not belong to the line.
                messages.retain(|message| !input(message).is_some_and(is_motion));
            }
            return messages;
        }
        if !is_drawing {
            messages.retain(|message| !input(message).is_some_and(is_motion));
        }
        let moves = messages
            .iter()
            .filter_map(input)
            .any(|event| place(event).is_some());
        let back = self.place.filter(|_| moves && self.late.is_empty());
        messages.extend(back.map(|position| ChannelMessage::Input(InputEvent::Motion { position })));
        messages
    }
}

fn input(message: &ChannelMessage) -> Option<&InputEvent> {
    match message {
        ChannelMessage::Input(event) => Some(event),
        _ => None,
    }
}

fn is_motion(event: &InputEvent) -> bool {
    matches!(
        event,
        InputEvent::Motion { .. } | InputEvent::RelativeMotion { .. }
    )
}

fn is_of_pointer(event: &InputEvent) -> bool {
    is_motion(event) || matches!(event, InputEvent::Button { .. } | InputEvent::Wheel { .. })
}

/// The place of the pointer after `event`, if that has one.
fn place(event: &InputEvent) -> Option<Point> {
    match event {
        InputEvent::Motion { position } => Some(*position),
        InputEvent::Button { position, .. } | InputEvent::Wheel { position, .. } => *position,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::input::Button;

    fn to(x: f64) -> ChannelMessage {
        let position = Point { x, y: 0.0 };
        ChannelMessage::Input(InputEvent::Motion { position })
    }

    fn by(dx: f64) -> ChannelMessage {
        ChannelMessage::Input(InputEvent::RelativeMotion { dx, dy: 0.0 })
    }

    fn press(pressed: bool, x: Option<f64>) -> ChannelMessage {
        ChannelMessage::Input(InputEvent::Button {
            button: Button::Left,
            pressed,
            position: x.map(|x| Point { x, y: 0.0 }),
        })
    }

    #[test]
    fn motion_that_was_overtaken_is_left_out_and_so_is_what_comes_twice() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.arrange(1, vec![to(1.0)]), [to(1.0)]);
        assert_eq!(sequence.arrange(3, vec![to(3.0)]), [to(3.0)]);
        assert_eq!(sequence.arrange(2, vec![to(2.0)]), []);
        assert_eq!(sequence.arrange(3, vec![to(3.0)]), []);
        assert_eq!(
            sequence.arrange(5, vec![press(true, Some(5.0))]),
            [press(true, Some(5.0))]
        );
        assert_eq!(sequence.arrange(4, vec![to(4.0)]), [], "older than the button");
        assert_eq!(sequence.arrange(6, vec![by(6.0)]), [by(6.0)]);
        assert_eq!(sequence.arrange(5, vec![by(5.0)]), []);
    }

    #[test]
    fn a_button_that_was_overtaken_is_pressed_where_it_was_and_the_pointer_goes_on() {
        let mut sequence = Sequence::default();
        sequence.arrange(9, vec![to(9.0)]);
        let click = [press(true, Some(7.0)), press(false, None)];
        assert_eq!(
            sequence.arrange(7, click.to_vec()),
            [press(true, Some(7.0)), press(false, None), to(9.0)]
        );
        assert_eq!(
            sequence.arrange(8, vec![press(true, None)]),
            [press(true, None)],
            "it moves nothing"
        );
    }

    #[test]
    fn a_line_that_was_overtaken_is_drawn_as_it_was_and_the_pointer_goes_on() {
        let mut sequence = Sequence::default();
        sequence.arrange(9, vec![to(9.0)]);
        let down = [press(true, Some(5.0))];
        assert_eq!(
            sequence.arrange(5, down.to_vec()),
            down,
            "it stays where it was pressed"
        );
        assert_eq!(sequence.arrange(6, vec![to(6.0)]), [to(6.0)]);
        assert_eq!(
            sequence.arrange(10, vec![to(10.0)]),
            [],
            "not with the button down"
        );
        assert_eq!(
            sequence.arrange(7, vec![press(false, Some(7.0))]),
            [press(false, Some(7.0)), to(10.0)]
        );
        assert_eq!(sequence.arrange(8, vec![to(8.0)]), []);
        assert_eq!(sequence.arrange(11, vec![to(11.0)]), [to(11.0)]);
    }

    #[test]
    fn after_relative_motion_there_is_no_place_to_go_back_to() {
        let mut sequence = Sequence::default();
        sequence.arrange(1, vec![to(1.0)]);
        sequence.arrange(3, vec![by(3.0)]);
        let late = [press(false, Some(2.0))];
        assert_eq!(sequence.arrange(2, late.to_vec()), late);
    }

    #[test]
    fn what_is_not_of_the_pointer_has_no_order_to_keep() {
        let mut sequence = Sequence::default();
        let release = [ChannelMessage::Input(InputEvent::ReleaseAll)];
        assert_eq!(sequence.arrange(9, release.to_vec()), release);
        assert_eq!(sequence.arrange(1, vec![to(1.0)]), [to(1.0)]);
    }
}
