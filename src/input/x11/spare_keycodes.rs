//! The keycodes that have no keysym, lent to characters that no key types. Pure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::keymap::Keymap;

/// The keycodes that are lent, with their keysyms and the times at which they were last pressed.
///
/// Clients read the map some milliseconds after it changed. A key that was pressed lately keeps its character, or a
/// slow client would read the newer one for the older press.
#[derive(Default)]
pub(super) struct SpareKeycodes {
    bound: BTreeMap<u8, Bound>,
}

/// The keycode to take for a new character.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// This one, after waiting.
    Take {
        /// The key.
        keycode: u8,
        /// The time to wait before it is bound.
        wait: Duration,
    },
    /// There is none: the layout uses all keys, or all spare ones are held down.
    None,
}

impl SpareKeycodes {
    /// Chooses among the keys without a meaning in `keymap` and our own: an unused one, else the one that was used
    /// longest ago, never one that is `held`.
    pub(super) fn choose(&self, keymap: &Keymap, held: impl Fn(u8) -> bool, now: Instant) -> Choice {
        let free = keymap
            .keycodes()
            .find(|keycode| !self.is_ours(*keycode) && !keymap.has_keysyms(*keycode) && !held(*keycode));
        if let Some(keycode) = free {
            return Choice::Take {
                keycode,
                wait: Duration::ZERO,
            };
        }
        let oldest = self
            .bound
            .iter()
            .filter(|(keycode, _)| !held(**keycode))
            .min_by_key(|(_, bound)| bound.used);
        oldest.map_or(Choice::None, |(keycode, bound)| Choice::Take {
            keycode: *keycode,
            wait: REST.saturating_sub(now.saturating_duration_since(bound.used)),
        })
    }

    /// Records that `keycode` has `keysym` from now on.
    pub(super) fn bind(&mut self, keycode: u8, keysym: u32, now: Instant) {
        self.bound.insert(keycode, Bound { keysym, used: now });
    }

    /// Records that `keycode` went down or up.
    pub(super) fn touch(&mut self, keycode: u8, now: Instant) {
        if let Some(bound) = self.bound.get_mut(&keycode) {
            bound.used = now;
        }
    }

    /// True if `keycode` is lent.
    pub(super) fn is_ours(&self, keycode: u8) -> bool {
        self.bound.contains_key(&keycode)
    }

    /// The keycodes that are lent.
    pub(super) fn keycodes(&self) -> impl Iterator<Item = u8> {
        self.lent().map(|(keycode, _)| keycode)
    }

    /// The keycodes that are lent, with their keysyms.
    pub(super) fn lent(&self) -> impl Iterator<Item = (u8, u32)> {
        self.bound.iter().map(|(keycode, bound)| (*keycode, bound.keysym))
    }

    /// The keycode that is lent to `keysym`.
    pub(super) fn keycode_of(&self, keysym: u32) -> Option<u8> {
        let mut bound = self.bound.iter();
        bound.find_map(|(keycode, bound)| (bound.keysym == keysym).then_some(*keycode))
    }

    /// Forgets the keycodes to which another program gave another keysym: they are not ours to restore.
    pub(super) fn compare(&mut self, keymap: &Keymap) {
        self.bound
            .retain(|keycode, bound| keymap.is_bound(*keycode, bound.keysym));
    }

    /// Takes all keycodes that are lent, to be given back, and the time to wait before.
    pub(super) fn take_all(&mut self, now: Instant) -> (Vec<u8>, Duration) {
        let newest = self.bound.values().map(|bound| bound.used).max();
        let wait = newest.map_or(Duration::ZERO, |used| {
            REST.saturating_sub(now.saturating_duration_since(used))
        });
        (std::mem::take(&mut self.bound).into_keys().collect(), wait)
    }
}

struct Bound {
    keysym: u32,
    used: Instant,
}

/// The time after its last use for which a keycode keeps its keysym.
const REST: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    /// Keycodes 8 to 11; 8 has a meaning.
    fn keymap() -> Keymap {
        Keymap::new(8, 2, vec![0x61, 0x41, 0, 0, 0, 0, 0, 0])
    }

    fn nothing_held(_: u8) -> bool {
        false
    }

    fn take(keycode: u8, wait_ms: u64) -> Choice {
        Choice::Take {
            keycode,
            wait: Duration::from_millis(wait_ms),
        }
    }

    #[test]
    fn unused_keys_come_first_and_then_the_one_used_longest_ago() {
        let (mut spare_keycodes, mut keymap, start) = (SpareKeycodes::default(), keymap(), Instant::now());
        for n in 0..3_u8 {
            let now = start + Duration::from_millis(u64::from(n) * 100);
            assert_eq!(spare_keycodes.choose(&keymap, nothing_held, now), take(9 + n, 0));
            spare_keycodes.bind(9 + n, 0x0100_4e00 + u32::from(n), now);
            keymap.bind(9 + n, 0x0100_4e00 + u32::from(n));
        }
        let now = start + Duration::from_millis(300);
        assert_eq!(spare_keycodes.choose(&keymap, nothing_held, now), take(9, 0));
        spare_keycodes.touch(9, now);
        assert_eq!(spare_keycodes.choose(&keymap, nothing_held, now), take(10, 0));
        assert_eq!(
            spare_keycodes.choose(&keymap, |keycode| keycode == 10, now),
            take(11, 0)
        );
    }

    #[test]
    fn a_key_used_lately_is_taken_only_after_a_rest() {
        let (mut spare_keycodes, mut keymap, start) = (SpareKeycodes::default(), keymap(), Instant::now());
        for keycode in 9..=11 {
            spare_keycodes.bind(keycode, 0x0100_4e00, start);
            keymap.bind(keycode, 0x0100_4e00);
        }
        let now = start + Duration::from_millis(20);
        spare_keycodes.touch(9, now);
        assert_eq!(spare_keycodes.choose(&keymap, nothing_held, now), take(10, 30));
        assert_eq!(spare_keycodes.choose(&keymap, |_| true, now), Choice::None);
    }

    #[test]
    fn keys_that_another_program_took_are_not_ours_any_more() {
        let (mut spare_keycodes, mut keymap, now) = (SpareKeycodes::default(), keymap(), Instant::now());
        spare_keycodes.bind(9, 0xe9, now);
        spare_keycodes.bind(10, 0xea, now);
        keymap.bind(9, 0xe9);
        keymap.bind(10, 0x62);
        spare_keycodes.compare(&keymap);
        assert!(spare_keycodes.is_ours(9) && !spare_keycodes.is_ours(10));
        let later = now + Duration::from_secs(1);
        assert_eq!(spare_keycodes.take_all(later), (vec![9], Duration::ZERO));
        assert_eq!(spare_keycodes.take_all(later).0, Vec::<u8>::new());
    }
}
