//! From the viewer's key to a key of an X keyboard that does the same.

use xkeysym::{RawKeysym, key as k};

use super::keyboard::Keyboard;
use super::modifiers::Modifiers;
use super::server::Server;
use super::{dom_key, layout_match};
use crate::input::backend::BackendError;
use crate::input::{dom_code, keysym_names, keysym_of_char};
use crate::protocol::input::{Key, printable};

impl Keyboard {
    /// The key that does now what `key` does at the viewer, where the same key types `plain` without modifiers. `None`
    /// if there is none.
    pub(super) fn resolve(
        &mut self,
        server: &mut Server,
        key: &Key,
        plain: Option<char>,
    ) -> Result<Option<u8>, BackendError> {
        let modifiers = self.modifiers(server)?;
        match key {
            Key::Dom { key, code } => self.key_of_dom(server, key, code, plain, modifiers),
            Key::Keysym(_) | Key::KeysymName(_) => match keysym_of_char::asked_for(key) {
                Some(keysym) => self.key_of_keysym(server, keysym, modifiers),
                None => Ok(None),
            },
        }
    }

    /// The key for a key of UI Events, which types `plain` at the viewer without modifiers.
    fn key_of_dom(
        &mut self,
        server: &mut Server,
        key: &str,
        code: &str,
        plain: Option<char>,
        modifiers: Modifiers,
    ) -> Result<Option<u8>, BackendError> {
        let is_lent =
            |keycode: u8| self.spare_keycodes.is_ours(keycode) || self.keymap.is_of_another_host(keycode);
        let physical =
            dom_code::keycode(code).filter(|keycode| self.keymap.has_keysyms(*keycode) && !is_lent(*keycode));
        match printable(key) {
            Some(character) => self.key_for(server, character, physical, plain, modifiers),
            None if dom_key::keysyms(key).is_empty() => {
                self.nameless_key(server, key == "Dead", physical, plain, modifiers)
            }
            None if key == "AltGraph" => Ok(self.alt_graph(physical, modifiers)),
            None => self.named_key(server, (key, code), physical, modifiers),
        }
    }

    /// The key for a keysym: one that gives it now; one that means the same, or gives it on another level, if it types
    /// no text; a spare keycode to which it is lent.
    fn key_of_keysym(
        &mut self,
        server: &mut Server,
        keysym: RawKeysym,
        modifiers: Modifiers,
    ) -> Result<Option<u8>, BackendError> {
        if let Some(character) = keysym_of_char::text(keysym) {
            return self.key_for(server, character, None, None, modifiers);
        }
        if matches!(keysym, k::ISO_Level3_Shift | k::Mode_switch) {
            return Ok(self.alt_graph(None, modifiers));
        }
        // A modifier is itself whatever other modifiers are held.
        let modifiers = match keysym_of_char::is_modifier(keysym) {
            true => modifiers.of_group(),
            false => modifiers,
        };
        if let Some(keycode) = self.keymap.keycode_giving_now(keysym, modifiers) {
            return Ok(Some(keycode));
        }
        // The keysym of a keypad key depends on NumLock, so the other keys count only as they are now.
        if let (true, Some(character)) = (
            keysym_of_char::is_keypad(keysym),
            keysym_of_char::character(keysym),
        ) {
            return self.key_for(server, character, None, None, modifiers);
        }
        let equivalents = dom_key::equivalents(keysym);
        let keycode = if keysym_of_char::is_keypad(keysym) {
            equivalents
                .iter()
                .find_map(|keysym| self.keymap.keycode_giving_now(*keysym, modifiers))
        } else {
            let other_level = || self.keymap.keycode_giving(equivalents, modifiers);
            self.keymap
                .keycode_giving(&[keysym], modifiers)
                .or_else(other_level)
                .or_else(|| self.keymap.keycode_only_for(keysym))
        };
        match keycode {
            None if keysym_of_char::is_lendable(keysym) => self.lend(server, keysym),
            keycode => Ok(keycode),
        }
    }

    /// A key that types `character` now. `physical` is the key that the viewer pressed, and types `plain` there without
    /// modifiers.
    fn key_for(
        &mut self,
        server: &mut Server,
        character: char,
        physical: Option<u8>,
        plain: Option<char>,
        mut modifiers: Modifiers,
    ) -> Result<Option<u8>, BackendError> {
        modifiers.shortcut |= modifiers.alt && is_of_another_alphabet(character);
        if let Some(keycode) = self.typing(character, physical, modifiers) {
            return Ok(Some(keycode));
        }
        if modifiers.caps_lock && character.is_lowercase() {
            // The viewer's CapsLock is off, and with ours no key at all types a small letter.
            if let Some(keycode) = self.keymap.keycode_giving(&[k::Caps_Lock], modifiers) {
                server.fake_key(keycode, true)?;
                server.fake_key(keycode, false)?;
                modifiers = self.modifiers(server)?;
                if let Some(keycode) = self.typing(character, physical, modifiers) {
                    return Ok(Some(keycode));
                }
            }
        }
        // Control and a letter of another alphabet is the shortcut of the key, not of the letter: of the key that has
        // the same meaning here, if the viewer's layout says which.
        if modifiers.shortcut && physical.is_some() {
            let keysym = plain.and_then(|plain| layout_match::keysym(plain, false));
            let same = keysym.and_then(|keysym| layout_match::key(&self.keymap, keysym, physical, modifiers));
            return Ok(same.or(physical));
        }
        self.lend(server, keysym_names::of_character(character))
    }

    fn typing(&self, character: char, physical: Option<u8>, modifiers: Modifiers) -> Option<u8> {
        physical
            .filter(|keycode| self.keymap.character(*keycode, modifiers) == Some(character))
            .or_else(|| self.keymap.keycode_typing(character, modifiers))
    }

    /// The key for a `key` that says nothing ("Dead", "Unidentified"): the one that has here what the viewer's layout
    /// has there, which is `physical` where the layouts agree.
    fn nameless_key(
        &mut self,
        server: &mut Server,
        is_dead: bool,
        physical: Option<u8>,
        plain: Option<char>,
        modifiers: Modifiers,
    ) -> Result<Option<u8>, BackendError> {
        // The viewer's layout is not known with Shift or AltGr. A shortcut is the same with them.
        let is_known = modifiers.shortcut || !(modifiers.shift || modifiers.level3);
        let plain = plain.filter(|_| is_known);
        let Some(keysym) = plain.and_then(|plain| layout_match::keysym(plain, is_dead)) else {
            return Ok(physical);
        };
        match layout_match::key(&self.keymap, keysym, physical, modifiers) {
            None if modifiers.shortcut => Ok(physical),
            None => self.lend(server, keysym),
            same => Ok(same),
        }
    }

    /// The key for a `key` that is a name. `physical` is the key that the viewer pressed.
    fn named_key(
        &mut self,
        server: &mut Server,
        (name, code): (&str, &str),
        physical: Option<u8>,
        modifiers: Modifiers,
    ) -> Result<Option<u8>, BackendError> {
        let wanted = dom_key::keysyms(name);
        let is_modifier = wanted.iter().any(|keysym| keysym_of_char::is_modifier(*keysym));
        // A modifier is itself whatever other modifiers are held: with them it may change the layout.
        let modifiers = match is_modifier {
            true => modifiers.of_group(),
            false => modifiers,
        };
        if is_modifier
            && is_in_place(name, code)
            && physical.is_some_and(|keycode| self.changes_layout(keycode))
        {
            return Ok(physical);
        }
        let gives = |keycode: &u8| {
            self.keymap
                .keysym(*keycode, modifiers)
                .is_some_and(|keysym| wanted.contains(&keysym.raw()))
        };
        // A viewer may have exchanged Escape and CapsLock: the physical key counts only if it means the same here.
        let same = physical.filter(gives);
        let found = same
            .or_else(|| self.keymap.keycode_giving(wanted, modifiers))
            // The place alone says enough of a key that types nothing there.
            .or_else(|| physical.filter(|keycode| !self.keymap.is_text_key(*keycode)));
        match wanted.first() {
            Some(keysym) if found.is_none() && keysym_of_char::is_lendable(*keysym) => {
                self.lend(server, *keysym)
            }
            _ => Ok(found),
        }
    }

    /// True if `keycode` alone switches to another layout.
    fn changes_layout(&self, keycode: u8) -> bool {
        let first = self.keymap.keysyms(keycode).first();
        first.is_some_and(|keysym| (k::ISO_Group_Latch..=k::ISO_Last_Group_Lock).contains(keysym))
    }

    /// The key that gives AltGr. `None` if the layout has none: the characters behind the viewer's AltGr come as
    /// such, and another Alt would turn them into shortcuts.
    fn alt_graph(&self, physical: Option<u8>, modifiers: Modifiers) -> Option<u8> {
        let is_level3 = |keycode: &u8| self.keymap.keysyms(*keycode).contains(&k::ISO_Level3_Shift);
        let same = physical.filter(is_level3);
        same.or_else(|| self.keymap.keycode_giving(&[k::ISO_Level3_Shift], modifiers))
    }
}

/// True if the viewer has the modifier `name` where keyboards have it.
fn is_in_place(name: &str, code: &str) -> bool {
    let is_meta = |name: &str| ["Meta", "OS", "Super"].iter().any(|meta| name.starts_with(meta));
    code.starts_with(name) || (is_meta(name) && is_meta(code))
}

/// True for the letters of alphabets other than the Latin one, of which shortcuts consist.
fn is_of_another_alphabet(character: char) -> bool {
    character.is_alphabetic() && character >= FIRST_GREEK
}

const FIRST_GREEK: char = '\u{370}';
