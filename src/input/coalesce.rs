//! Merging of what was queued together. Pure.

use super::queue::Message;
use crate::protocol::input::{InputEvent, Point};

/// Merges consecutive motions: the newest position wins, relative motions of one viewer add up. Numbers that are not
/// finite are left out.
pub(super) fn coalesce(messages: Vec<Message>) -> Vec<Message> {
    let mut merged: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages.into_iter().filter_map(finite) {
        match (merged.last_mut(), &message) {
            (
                Some(last @ Message::Event(_, InputEvent::Motion { .. })),
                Message::Event(_, InputEvent::Motion { .. }),
            ) => *last = message,
            (
                Some(Message::Event(earlier, InputEvent::RelativeMotion { dx, dy })),
                Message::Event(
                    viewer,
                    InputEvent::RelativeMotion {
                        dx: more_x,
                        dy: more_y,
                    },
                ),
            ) if earlier == viewer => {
                *dx += more_x;
                *dy += more_y;
            }
            _ => merged.push(message),
        }
    }
    merged
}

/// The message without numbers that are not finite: whole if it is about nothing else, without its position if it is
/// a button or a wheel.
fn finite(mut message: Message) -> Option<Message> {
    let is_finite = |point: &Point| point.x.is_finite() && point.y.is_finite();
    let Message::Event(_, event) = &mut message else {
        return Some(message);
    };
    let keep = match event {
        InputEvent::Motion { position } => is_finite(position),
        InputEvent::RelativeMotion { dx, dy } => dx.is_finite() && dy.is_finite(),
        InputEvent::Button { position, .. } => {
            *position = position.filter(is_finite);
            true
        }
        InputEvent::Wheel {
            delta_x,
            delta_y,
            position,
        } => {
            *position = position.filter(is_finite);
            delta_x.is_finite() && delta_y.is_finite()
        }
        InputEvent::Key { .. }
        | InputEvent::Locks { .. }
        | InputEvent::Layout(_)
        | InputEvent::Text(_)
        | InputEvent::Held(_)
        | InputEvent::Sent { .. }
        | InputEvent::ReleaseAll => true,
    };
    keep.then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::pressed::ViewerId;
    use crate::protocol::input::Button;

    fn event(viewer: u64, event: InputEvent) -> Message {
        Message::Event(ViewerId(viewer), event)
    }

    fn motion(x: f64) -> InputEvent {
        InputEvent::Motion {
            position: Point { x, y: 0.0 },
        }
    }

    fn events(messages: Vec<Message>) -> Vec<InputEvent> {
        let event = |message| match message {
            Message::Event(_, event) => Some(event),
            _ => None,
        };
        coalesce(messages).into_iter().filter_map(event).collect()
    }

    #[test]
    fn the_newest_of_consecutive_motions_wins() {
        assert_eq!(
            events(vec![event(1, motion(1.0)), event(2, motion(2.0))]),
            [motion(2.0)]
        );
    }

    #[test]
    fn motions_around_a_button_stay_apart() {
        let left = InputEvent::Button {
            button: Button::Left,
            pressed: true,
            position: None,
        };
        let all = [motion(1.0), left, motion(2.0)];
        assert_eq!(events(all.iter().cloned().map(|e| event(1, e)).collect()), all);
    }

    #[test]
    fn relative_motions_of_one_viewer_add_up() {
        let by = |dx| InputEvent::RelativeMotion { dx, dy: 1.0 };
        assert_eq!(
            events(vec![event(1, by(1.5)), event(1, by(2.0)), event(2, by(4.0))]),
            [InputEvent::RelativeMotion { dx: 3.5, dy: 2.0 }, by(4.0)]
        );
    }

    #[test]
    fn numbers_that_are_not_finite_are_ignored() {
        let nowhere = Some(Point { x: f64::NAN, y: 0.0 });
        let button = |position| InputEvent::Button {
            button: Button::Left,
            pressed: false,
            position,
        };
        assert_eq!(
            events(vec![
                event(1, motion(f64::NAN)),
                event(
                    1,
                    InputEvent::Wheel {
                        delta_x: 0.0,
                        delta_y: f64::INFINITY,
                        position: None
                    }
                ),
                event(1, button(nowhere)),
            ]),
            [button(None)]
        );
    }
}
