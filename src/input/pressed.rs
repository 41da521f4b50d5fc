//! The keys and buttons that viewers hold, and those that are down in the desktop for them. Pure.

use std::collections::BTreeMap;

use super::backend::Keycode;
use super::keysym_of_char;
use crate::protocol::input::{Button, Held, Key};

/// The number of a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ViewerId(pub(super) u64);

/// A key or button that a viewer can hold down, in the viewer's own terms.
///
/// No `Debug`: it contains the key that is pressed.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum HeldId {
    /// A key, by its physical position or, where that is unknown, by its character.
    Key(String),
    /// A button of the pointer.
    Button(Button),
}

impl HeldId {
    /// The identity of `key` between its down and its up. `None` for a key without any name, with one that nothing
    /// has, or with one that is longer than any that exists.
    pub(super) fn of_key(key: &Key) -> Option<HeldId> {
        let name = match key {
            Key::Dom { key, code } if code.is_empty() => of_text(key),
            Key::Dom { code, .. } => code.clone(),
            Key::Keysym(_) | Key::KeysymName(_) => {
                let keysym = keysym_of_char::asked_for(key)?;
                keysym_of_char::text(keysym)
                    .map_or_else(|| format!("#{keysym}"), |text| of_text(&text.to_string()))
            }
        };
        (name != of_text("") && name.len() <= LONGEST_NAME).then_some(HeldId::Key(name))
    }
}

impl HeldId {
    /// True if it is in the list of what a viewer says to hold.
    pub(super) fn is_in(&self, held: &Held) -> bool {
        match self {
            HeldId::Key(name) => held.keys.iter().any(|key| key == name || of_text(key) == *name),
            HeldId::Button(button) => held.buttons.contains(button),
        }
    }
}

/// Without a position, "a" and "A" must be the same key: Shift may go up before the letter does.
fn of_text(text: &str) -> String {
    format!("'{}", text.to_lowercase())
}

/// A key or button that is down in the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pressed {
    /// A key of the backend's keyboard.
    Key(Keycode),
    /// A button of the pointer.
    Button(Button),
}

/// The keys and buttons that all viewers hold. One that two of them hold goes up when the last one releases it.
#[derive(Default)]
pub(super) struct PressedKeys {
    viewers: BTreeMap<ViewerId, Vec<Entry>>,
}

impl PressedKeys {
    /// True if `viewer` holds `id`: a second down is auto-repeat and means nothing.
    pub(super) fn holds(&self, viewer: ViewerId, id: &HeldId) -> bool {
        self.held(viewer).any(|held| held == id)
    }

    /// The keys and buttons that `viewer` holds.
    pub(super) fn held(&self, viewer: ViewerId) -> impl Iterator<Item = &HeldId> {
        self.viewers
            .get(&viewer)
            .into_iter()
            .flatten()
            .map(|entry| &entry.id)
    }

    /// True if `viewer` holds as much as one viewer may: more than any hand has fingers, so more is not taken.
    pub(super) fn is_full(&self, viewer: ViewerId) -> bool {
        self.viewers
            .get(&viewer)
            .is_some_and(|held| held.len() >= MOST_HELD)
    }

    /// Records that `viewer` holds `id`, for which `key` is to be down in the desktop (`None`: a key that has no
    /// effect there). Returns the key to press; `None` if it is down already.
    pub(super) fn down(&mut self, viewer: ViewerId, id: HeldId, key: Option<Pressed>) -> Option<Pressed> {
        if self.holds(viewer, &id) || self.is_full(viewer) {
            return None;
        }
        let fresh = key.filter(|key| !self.is_down(*key));
        self.viewers.entry(viewer).or_default().push(Entry { id, key });
        fresh
    }

    /// Records that `viewer` released `id`. Returns the key to release; `None` if it was not held, or if another
    /// viewer holds it, too.
    pub(super) fn up(&mut self, viewer: ViewerId, id: &HeldId) -> Option<Pressed> {
        let held = self.viewers.get_mut(&viewer)?;
        let index = held.iter().position(|entry| entry.id == *id)?;
        let key = held.remove(index).key;
        if held.is_empty() {
            self.viewers.remove(&viewer);
        }
        key.filter(|key| !self.is_down(*key))
    }

    /// Records that `viewer` holds no more than `is_held` says. Returns the keys to release.
    pub(super) fn keep(&mut self, viewer: ViewerId, is_held: impl Fn(&HeldId) -> bool) -> Vec<Pressed> {
        let held = self.viewers.get(&viewer).into_iter().flatten();
        let gone: Vec<HeldId> = held
            .map(|entry| entry.id.clone())
            .filter(|id| !is_held(id))
            .collect();
        gone.iter().filter_map(|id| self.up(viewer, id)).collect()
    }

    /// Records that `viewer` holds nothing. Returns the keys to release, in the order in which they were pressed.
    pub(super) fn release_viewer(&mut self, viewer: ViewerId) -> Vec<Pressed> {
        let mut released = Vec::new();
        for key in self
            .viewers
            .remove(&viewer)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.key)
        {
            if !self.is_down(key) && !released.contains(&key) {
                released.push(key);
            }
        }
        released
    }

    /// Records that no viewer holds anything. Returns the keys to release.
    pub(super) fn release_all(&mut self) -> Vec<Pressed> {
        let viewers: Vec<ViewerId> = self.viewers.keys().copied().collect();
        viewers
            .into_iter()
            .flat_map(|viewer| self.release_viewer(viewer))
            .collect()
    }

    fn is_down(&self, key: Pressed) -> bool {
        self.viewers
            .values()
            .flatten()
            .any(|entry| entry.key == Some(key))
    }
}

struct Entry {
    id: HeldId,
    key: Option<Pressed>,
}

/// The most that one viewer can hold at a time.
const MOST_HELD: usize = 64;
/// The longest name of a key, in bytes. The longest code of UI Events has 22.
const LONGEST_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: ViewerId = ViewerId(1);
    const BERT: ViewerId = ViewerId(2);

    fn id(code: &str) -> HeldId {
        HeldId::of_key(&Key::Dom {
            key: String::new(),
            code: code.into(),
        })
        .unwrap()
    }

    fn key(keycode: u32) -> Option<Pressed> {
        Some(Pressed::Key(Keycode(keycode)))
    }

    #[test]
    fn a_key_goes_down_once_and_up_once() {
        let mut pressed_keys = PressedKeys::default();
        assert_eq!(pressed_keys.down(ANNA, id("KeyA"), key(38)), key(38));
        assert_eq!(pressed_keys.down(ANNA, id("KeyA"), key(38)), None, "auto-repeat");
        assert_eq!(pressed_keys.up(ANNA, &id("KeyA")), key(38));
        assert_eq!(pressed_keys.up(ANNA, &id("KeyA")), None);
        assert!(pressed_keys.viewers.is_empty());
    }

    #[test]
    fn the_up_releases_what_the_down_pressed() {
        let mut pressed_keys = PressedKeys::default();
        pressed_keys.down(ANNA, id("KeyQ"), key(248));
        assert_eq!(pressed_keys.down(ANNA, id("KeyQ"), key(24)), None);
        assert_eq!(pressed_keys.up(ANNA, &id("KeyQ")), key(248));
    }

    #[test]
    fn what_two_viewers_hold_goes_up_with_the_last() {
        let mut pressed_keys = PressedKeys::default();
        let left = || HeldId::Button(Button::Left);
        assert_eq!(
            pressed_keys.down(ANNA, left(), Some(Pressed::Button(Button::Left))),
            Some(Pressed::Button(Button::Left))
        );
        assert_eq!(
            pressed_keys.down(BERT, left(), Some(Pressed::Button(Button::Left))),
            None
        );
        assert_eq!(pressed_keys.up(ANNA, &left()), None);
        assert_eq!(
            pressed_keys.release_viewer(BERT),
            vec![Pressed::Button(Button::Left)]
        );
    }

    #[test]
    fn a_swallowed_key_is_held_without_effect() {
        let mut pressed_keys = PressedKeys::default();
        assert_eq!(pressed_keys.down(ANNA, id("AltRight"), None), None);
        assert!(pressed_keys.holds(ANNA, &id("AltRight")));
        assert_eq!(pressed_keys.up(ANNA, &id("AltRight")), None);
        assert!(pressed_keys.viewers.is_empty());
    }

    #[test]
    fn a_key_without_a_code_is_known_by_its_letter_in_either_case() {
        let upper = HeldId::of_key(&Key::Dom {
            key: "A".into(),
            code: String::new(),
        });
        let lower = HeldId::of_key(&Key::Dom {
            key: "a".into(),
            code: String::new(),
        });
        assert!(upper.is_some() && upper == lower);
        assert!(
            HeldId::of_key(&Key::Dom {
                key: String::new(),
                code: String::new()
            })
            .is_none()
        );
        assert!(
            HeldId::of_key(&Key::Dom {
                key: String::new(),
                code: "x".repeat(65)
            })
            .is_none()
        );
    }

    #[test]
    fn a_keysym_is_the_same_key_by_number_by_name_and_in_either_case() {
        let number = |keysym| HeldId::of_key(&Key::Keysym(keysym));
        let name = |name: &str| HeldId::of_key(&Key::KeysymName(name.into()));
        assert!(number(0x61).is_some() && number(0x61) == number(0x41) && number(0x61) == name("A"));
        assert!(number(0xe4) == number(0x0100_00e4) && number(0xe4) == name("Adiaeresis"));
        assert!(number(0xff0d).is_some() && number(0xff0d) == name("Return"));
        assert!(number(0xffe1) != number(0xffe2), "both Shift keys");
        assert!(number(0xffb7) != number(0x37), "the keypad is apart");
        assert!(number(0).is_none() && name("").is_none() && name("nonsense").is_none());
    }

    #[test]
    fn a_viewer_cannot_hold_more_than_it_may() {
        let mut pressed_keys = PressedKeys::default();
        for n in 0..MOST_HELD {
            assert!(
                pressed_keys
                    .down(ANNA, id(&format!("K{n}")), key(n as u32))
                    .is_some()
            );
        }
        assert!(pressed_keys.is_full(ANNA));
        assert_eq!(pressed_keys.down(ANNA, id("more"), key(1000)), None);
        assert_eq!(pressed_keys.release_viewer(ANNA).len(), MOST_HELD);
    }

    /// A model of the desktop to which the answers of `PressedKeys` are applied: each key is down or up, and pressing
    /// what is down or releasing what is up is a mistake of the book.
    #[derive(Default)]
    struct Desktop(Vec<Pressed>);

    impl Desktop {
        fn press(&mut self, key: Option<Pressed>) {
            let Some(key) = key else { return };
            assert!(!self.0.contains(&key), "{key:?} pressed twice");
            self.0.push(key);
        }

        fn release(&mut self, holds: impl IntoIterator<Item = Pressed>) {
            for key in holds {
                let before = self.0.len();
                self.0.retain(|down| *down != key);
                assert_eq!(self.0.len() + 1, before, "{key:?} released while it was up");
            }
        }
    }

    #[test]
    fn any_sequence_of_events_followed_by_release_leaves_nothing_held() {
        for seed in 1..=200_u64 {
            let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut next = |below: u64| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random % below
            };
            let (mut pressed_keys, mut desktop) = (PressedKeys::default(), Desktop::default());
            for _ in 0..500 {
                let viewer = ViewerId(next(3));
                let id = match next(4) {
                    0 => HeldId::Button([Button::Left, Button::Right][next(2) as usize]),
                    _ => id(&format!("K{}", next(6))),
                };
                match next(10) {
                    0 => desktop.release(pressed_keys.release_viewer(viewer)),
                    1..5 => desktop.release(pressed_keys.up(viewer, &id)),
                    _ => {
                        // The same key means another keycode after a change of the layout; some keys mean none.
                        let key = match &id {
                            HeldId::Button(button) => Some(Pressed::Button(*button)),
                            HeldId::Key(_) => key(next(5) as u32).filter(|_| next(8) > 0),
                        };
                        desktop.press(pressed_keys.down(viewer, id, key));
                    }
                }
            }
            if seed % 2 == 0 {
                desktop.release(pressed_keys.release_all());
            } else {
                (0..3).for_each(|viewer| desktop.release(pressed_keys.release_viewer(ViewerId(viewer))));
            }
            assert!(desktop.0.is_empty(), "seed {seed}: {:?} left down", desktop.0);
            assert!(pressed_keys.viewers.is_empty(), "seed {seed}");
        }
    }
}
