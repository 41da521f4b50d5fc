//! The pointer, its buttons and the wheel.

use deskbeam::protocol::input::{Button, InputEvent, Point};

use super::{desk, injector};
use crate::support::x11::{Client, Seen, display};

#[test]
fn the_pointer_lands_on_the_pixel_and_never_outside() {
    for (width, height) in [(640_u32, 480_u32), (1280, 720), (333, 1001)] {
        let display = display(width, height);
        let injector = injector(&display);
        let client = Client::start(&display);
        let viewer = injector.handle().viewer();
        let (right, bottom) = (f64::from(width - 1), f64::from(height - 1));
        let positions = [
            ((0.0, 0.0), (0.0, 0.0)),
            ((right, bottom), (right, bottom)),
            ((right, 0.0), (right, 0.0)),
            ((0.0, bottom), (0.0, bottom)),
            ((100.4, 77.6), (100.0, 78.0)),
            ((-50.0, 1e9), (0.0, bottom)),
            ((f64::from(width), -0.4), (right, 0.0)),
            ((1e300, -1e300), (right, 0.0)),
        ];
        for ((x, y), (expected_x, expected_y)) in positions {
            // The button tells when the motion has arrived, and carries its position.
            let position = Some(Point { x, y });
            viewer.send(InputEvent::Button {
                button: Button::Left,
                pressed: true,
                position,
            });
            viewer.send(InputEvent::Button {
                button: Button::Left,
                pressed: false,
                position: None,
            });
            let pressed = client.next(|seen| match seen {
                Seen::ButtonDown(1, x, y) => Some((f64::from(x), f64::from(y))),
                _ => None,
            });
            assert_eq!(
                pressed,
                (expected_x, expected_y),
                "({x}, {y}) on {width}x{height}"
            );
        }
    }
}

#[test]
fn numbers_that_are_not_finite_move_nothing() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    viewer.send(InputEvent::Motion {
        position: Point { x: 20.0, y: 30.0 },
    });
    viewer.send(InputEvent::Motion {
        position: Point {
            x: f64::NAN,
            y: f64::INFINITY,
        },
    });
    viewer.send(InputEvent::RelativeMotion {
        dx: f64::NAN,
        dy: 1.0,
    });
    viewer.send(InputEvent::RelativeMotion { dx: 15.4, dy: -7.0 });
    viewer.send(InputEvent::RelativeMotion { dx: 0.6, dy: 0.0 });
    viewer.send(InputEvent::Button {
        button: Button::Right,
        pressed: true,
        position: Some(Point { x: f64::NAN, y: 0.0 }),
    });
    let pressed = client.next(|seen| match seen {
        Seen::ButtonDown(3, x, y) => Some((x, y)),
        _ => None,
    });
    assert_eq!(pressed, (36, 23));
    assert_eq!(client.pointer(), (36, 23));
}

#[test]
fn every_button_has_its_number() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let buttons = [
        (Button::Left, 1),
        (Button::Middle, 2),
        (Button::Right, 3),
        (Button::Back, 8),
        (Button::Forward, 9),
    ];
    for (button, number) in buttons {
        for pressed in [true, false] {
            viewer.send(InputEvent::Button {
                button,
                pressed,
                position: None,
            });
            let seen = client.next(|seen| match seen {
                Seen::ButtonDown(number, ..) => Some((number, true)),
                Seen::ButtonUp(number) => Some((number, false)),
                _ => None,
            });
            assert_eq!(seen, (number, pressed));
        }
    }
}

#[test]
fn the_wheel_turns_both_ways_on_both_axes() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let wheel = |delta_x, delta_y| {
        viewer.send(InputEvent::Wheel {
            delta_x,
            delta_y,
            position: None,
        })
    };
    wheel(0.0, 120.0);
    wheel(0.0, -240.0);
    wheel(-120.0, 0.0);
    wheel(60.0, 0.0);
    wheel(60.0, 0.0);
    wheel(0.0, 1e6);
    wheel(0.0, -120.0);
    let clicks: Vec<u8> = (0..16)
        .map(|_| {
            client.next(|seen| match seen {
                Seen::ButtonDown(number, ..) => Some(number),
                _ => None,
            })
        })
        .collect();
    assert_eq!(clicks, [5, 4, 4, 6, 7, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4]);
    client.wait_until_all_is_up();
}
