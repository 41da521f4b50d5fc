//! The keyboard map: what each key of an X keyboard types. Pure: built from the reply to the core protocol's
//! GetKeyboardMapping.

use xkeysym::{Keysym, RawKeysym, key as k};

use super::modifiers::Modifiers;

/// A keyboard map of the core protocol.
///
/// Each key has a row of keysyms. A server with XKB fills it by this convention: group 1 without and with Shift, group
/// 2 without and with Shift, then group 1 with AltGr, without and with Shift. A key with one group repeats it in the
/// columns of the second. The cases that the convention leaves open (AltGr in the second group, a third group) are
/// answered with `None` rather than guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keymap {
    min_keycode: u8,
    columns: usize,
    keysyms: Vec<RawKeysym>,
    /// The keycodes that are lent. They are no keys of the layout: no shortcut is one of them.
    lent: Vec<u8>,
    /// The keycodes that other hosts have lent, and may give to another character at any time.
    others: Vec<u8>,
}

impl Keymap {
    /// The map of the keycodes from `min_keycode`, with `keysyms_per_keycode` keysyms each.
    pub(super) fn new(min_keycode: u8, keysyms_per_keycode: u8, keysyms: Vec<RawKeysym>) -> Keymap {
        Keymap {
            min_keycode,
            columns: usize::from(keysyms_per_keycode).max(1),
            keysyms,
            lent: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Sets the keycodes that are lent.
    pub(super) fn set_lent(&mut self, lent: impl Iterator<Item = u8>) {
        self.lent = lent.collect();
    }

    /// The row of `keycode`; empty if the keyboard has no such key.
    pub(super) fn keysyms(&self, keycode: u8) -> &[RawKeysym] {
        let row = keycode
            .checked_sub(self.min_keycode)
            .map(|row| usize::from(row) * self.columns);
        row.and_then(|start| self.keysyms.get(start..start + self.columns))
            .unwrap_or(&[])
    }

    /// All keycodes of the keyboard.
    pub(super) fn keycodes(&self) -> impl Iterator<Item = u8> + use<> {
        let count = self.keysyms.len() / self.columns;
        (self.min_keycode..=u8::MAX).take(count)
    }

    /// True if the key has any keysym.
    pub(super) fn has_keysyms(&self, keycode: u8) -> bool {
        self.keysyms(keycode).iter().any(|keysym| *keysym != NONE)
    }

    /// Sets the keycodes that other hosts have lent.
    pub(super) fn set_others(&mut self, others: impl Iterator<Item = u8>) {
        self.others = others.collect();
    }

    /// True if another host has lent `keycode`.
    pub(super) fn is_of_another_host(&self, keycode: u8) -> bool {
        self.others.contains(&keycode)
    }

    /// True if `keycode` gives `keysym` as a lent key does.
    pub(super) fn is_bound(&self, keycode: u8, keysym: RawKeysym) -> bool {
        let row = self.keysyms(keycode);
        row.first() == Some(&keysym) && row.iter().all(|own| *own == keysym || *own == NONE)
    }

    /// True if the key types text on any level, be it by a dead key.
    pub(super) fn is_text_key(&self, keycode: u8) -> bool {
        let is_dead = |keysym: RawKeysym| (k::dead_grave..=k::dead_longsolidusoverlay).contains(&keysym);
        let mut keysyms = self.keysyms(keycode).iter();
        keysyms.any(|keysym| character(*keysym).is_some() || is_dead(*keysym))
    }

    /// Writes a lent keysym into the map, as the server does.
    pub(super) fn bind(&mut self, keycode: u8, keysym: RawKeysym) {
        let Some(row) = keycode.checked_sub(self.min_keycode).map(usize::from) else {
            return;
        };
        let columns = self.columns;
        if let Some(row) = self.keysyms.get_mut(row * columns..(row + 1) * columns) {
            row.fill(NONE);
            row.iter_mut().take(2).for_each(|column| *column = keysym);
        }
    }

    /// The keysym that `keycode` gives now. `None` if there is none or it is not known.
    pub(super) fn keysym(&self, keycode: u8, modifiers: Modifiers) -> Option<Keysym> {
        if self.others.contains(&keycode) || (modifiers.shortcut && self.lent.contains(&keycode)) {
            return None;
        }
        let (plain, shifted) = self.pair(keycode, modifiers)?;
        let on_keypad = Keysym::new(shifted).is_keypad_key() || Keysym::new(shifted).is_private_keypad_key();
        let alphabetic =
            character(plain).is_some_and(|c| upper(c) != Some(c) && upper(c) == character(shifted));
        let shift = if on_keypad {
            modifiers.shift != modifiers.num_lock
        } else if alphabetic {
            modifiers.shift != modifiers.caps_lock
        } else {
            modifiers.shift
        };
        let keysym = if shift { shifted } else { plain };
        // Clients capitalize by themselves where the key does not care about CapsLock.
        let capital = modifiers.caps_lock && !alphabetic && !on_keypad;
        let keysym = match character(keysym).and_then(upper) {
            Some(upper) if capital && Some(upper) != character(keysym) => Keysym::from_char(upper).raw(),
            _ => keysym,
        };
        (keysym != NONE).then_some(Keysym::new(keysym))
    }

    /// The character that `keycode` types now. `None` if it types none or if that is not known.
    pub(super) fn character(&self, keycode: u8, modifiers: Modifiers) -> Option<char> {
        self.keysym(keycode, modifiers)
            .and_then(Keysym::key_char)
            .filter(|c| !c.is_control())
    }

    /// A key that types `character` now. Not one of the keypad: in applications those mean more than what they type.
    pub(super) fn keycode_typing(&self, character: char, modifiers: Modifiers) -> Option<u8> {
        self.keycodes().find(|keycode| {
            self.character(*keycode, modifiers) == Some(character)
                && !self
                    .keysym(*keycode, modifiers)
                    .is_some_and(Keysym::is_keypad_key)
        })
    }

    /// A key that gives `keysym` now.
    pub(super) fn keycode_giving_now(&self, keysym: RawKeysym, modifiers: Modifiers) -> Option<u8> {
        self.keycodes()
            .find(|keycode| self.keysym(*keycode, modifiers) == Some(Keysym::new(keysym)))
    }

    /// A key that gives `keysym` on some level and nothing else on any.
    pub(super) fn keycode_only_for(&self, keysym: RawKeysym) -> Option<u8> {
        self.keycodes().find(|keycode| {
            self.has_keysyms(*keycode)
                && self
                    .keysyms(*keycode)
                    .iter()
                    .all(|own| *own == keysym || *own == NONE)
        })
    }

    /// A key that gives one of `keysyms`, the earlier ones preferred: now if there is one, else without modifiers if it
    /// does not type a character now.
    pub(super) fn keycode_giving(&self, keysyms: &[RawKeysym], modifiers: Modifiers) -> Option<u8> {
        let now = |keysym: &RawKeysym| self.keycode_giving_now(*keysym, modifiers);
        let plain = |keysym: &RawKeysym| {
            self.keycodes().find(|keycode| {
                let is_text = || self.character(*keycode, modifiers).is_some();
                self.keysym(*keycode, Modifiers::default()) == Some(Keysym::new(*keysym)) && !is_text()
            })
        };
        let found = keysyms.iter().find_map(now);
        found.or_else(|| keysyms.iter().find_map(plain))
    }

    /// The keysyms that the key gives without and with Shift, in the group and on the level that are on.
    fn pair(&self, keycode: u8, modifiers: Modifiers) -> Option<(RawKeysym, RawKeysym)> {
        let row = self.keysyms(keycode);
        let at = |column: usize| row.get(column).copied().unwrap_or(NONE);
        let has_one_group = (at(2), at(3)) == (NONE, NONE) || (at(2), at(3)) == (at(0), at(1));
        let has_level3 = (at(4), at(5)) != (NONE, NONE);
        let (plain, shifted) = match modifiers.group {
            0 if modifiers.level3 && has_level3 => (at(4), at(5)),
            0 => (at(0), at(1)),
            1 if modifiers.level3 && has_level3 => {
                if !has_one_group {
                    return None;
                }
                (at(4), at(5))
            }
            1 if has_one_group => (at(0), at(1)),
            1 => (at(2), at(3)),
            // A key without anything from column 2 on has one group, which then counts for all.
            _ if row.iter().skip(2).all(|keysym| *keysym == NONE) => (at(0), at(1)),
            _ => return None,
        };
        match (character(plain), shifted) {
            (Some(c), NONE) => Some((
                plain,
                upper(c).map_or(plain, |upper| Keysym::from_char(upper).raw()),
            )),
            (None, NONE) => Some((plain, plain)),
            _ => Some((plain, shifted)),
        }
    }
}

fn character(keysym: RawKeysym) -> Option<char> {
    Keysym::new(keysym).key_char().filter(|c| !c.is_control())
}

/// The capital letter of `c`, or `c`. `None` if it is more than one character, as of 'ß'.
fn upper(c: char) -> Option<char> {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none())
}

const NONE: RawKeysym = 0;

#[cfg(test)]
mod tests;
