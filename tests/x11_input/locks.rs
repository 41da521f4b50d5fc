//! CapsLock and NumLock.

use deskbeam::protocol::input::InputEvent;

use super::{desk, tap};
use crate::support::eventually;
use crate::support::x11::Seen;

#[test]
fn caps_lock_and_num_lock_follow_the_viewer() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let set = |caps, num| viewer.send(InputEvent::Locks { caps, num });
    let become_ = |what, bits| eventually(what, || (client.mask() & 0x12 == bits).then_some(()));
    set(Some(true), None);
    become_("CapsLock is on", 0x02);
    set(Some(true), Some(true));
    become_("NumLock is on too", 0x12);
    set(None, None);
    set(Some(false), Some(true));
    become_("NumLock alone is on", 0x10);
    set(Some(false), Some(false));
    become_("both are off", 0);
}

#[test]
fn a_small_letter_arrives_although_the_host_has_caps_lock_on() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    tap(&viewer, "CapsLock", "CapsLock");
    eventually("CapsLock is on", || (client.mask() & 0x02 != 0).then_some(()));
    tap(&viewer, "A", "KeyA");
    tap(&viewer, "a", "KeyA");
    tap(&viewer, "é", "");
    assert_eq!(client.text(3), "Aaé");
}

#[test]
fn a_viewer_who_exchanged_escape_and_caps_lock_gets_escape() {
    let (_display, injector, client) = desk("us");
    tap(&injector.handle().viewer(), "Escape", "CapsLock");
    let keycode = |seen| match seen {
        Seen::KeyDown { keycode, .. } => Some(keycode),
        _ => None,
    };
    assert_eq!(client.next(keycode), 9);
}
