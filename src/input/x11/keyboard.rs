//! The keyboard of an X server: its map, its modifiers, and the keys that are lent to characters.

use std::thread;
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::xproto::ConnectionExt as _;
use xkeysym::{RawKeysym, key as k};

use super::keymap::Keymap;
use super::left_pressed;
use super::lent_record::{Lent, LentRecord, NO_KEYCODE};
use super::modifier_map::ModifierMap;
use super::modifiers::Modifiers;
use super::server::{Server, lost};
use super::spare_keycodes::{Choice, SpareKeycodes};
use crate::chord::Chord;
use crate::input::backend::BackendError;

/// The keyboard of one X server, as it was read last.
pub(super) struct Keyboard {
    pub(super) keymap: Keymap,
    modifier_map: ModifierMap,
    pub(super) spare_keycodes: SpareKeycodes,
    record: LentRecord,
    /// The keycodes that other hosts have lent.
    others: Vec<Lent>,
    /// The keys that are down because of us, by keycode.
    down: [bool; 256],
    /// A key was lent since the connection was made.
    has_lent: bool,
    /// Chords that viewers must not press.
    blocked: Vec<Chord>,
    /// The modifiers and buttons when they were last asked for, as the server has them.
    state: u16,
}

impl Keyboard {
    /// Reads the keyboard of `server`. None of the `blocked` chords can be resolved to a key.
    pub(super) fn read(server: &mut Server, blocked: Vec<Chord>) -> Result<Keyboard, BackendError> {
        let mut keyboard = Keyboard {
            keymap: Keymap::new(8, 1, Vec::new()),
            modifier_map: ModifierMap::default(),
            spare_keycodes: SpareKeycodes::default(),
            record: LentRecord::open(server)?,
            others: Vec::new(),
            down: [false; 256],
            has_lent: false,
            blocked,
            state: 0,
        };
        server.grab()?;
        let is_left = keyboard.take_over(server);
        server.ungrab()?;
        is_left?;
        Ok(keyboard)
    }

    pub(super) fn blocked(&self) -> &[Chord] {
        &self.blocked
    }

    pub(super) fn set_blocked(&mut self, blocked: Vec<Chord>) {
        self.blocked = blocked;
    }

    /// True if pressing `keycode` with the modifiers that are on would complete a blocked chord.
    pub(super) fn is_blocked(&self, keycode: u8) -> bool {
        let keysyms = self.keymap.keysyms(keycode);
        let mut blocked = self.blocked.iter();
        blocked
            .any(|chord| keysyms.contains(&chord.keysym) && self.state & chord.modifiers == chord.modifiers)
    }

    fn refresh(&mut self, server: &mut Server) -> Result<(), BackendError> {
        let connection = server.connection();
        let (first, last) = (connection.setup().min_keycode, connection.setup().max_keycode);
        let count = last.saturating_sub(first).saturating_add(1);
        let keys = connection.get_keyboard_mapping(first, count).map_err(lost)?;
        let modifiers = connection.get_modifier_mapping().map_err(lost)?;
        let keys = keys.reply().map_err(lost)?;
        let modifiers = modifiers.reply().map_err(lost)?;
        self.keymap = Keymap::new(first, keys.keysyms_per_keycode, keys.keysyms);
        self.modifier_map = ModifierMap::new(
            &self.keymap,
            modifiers.keycodes_per_modifier(),
            &modifiers.keycodes,
        );
        self.spare_keycodes.compare(&self.keymap);
        self.share(server)?;
        server.is_keyboard_changed = false;
        Ok(())
    }

    /// Reads which keycodes other hosts have lent, and takes over those of hosts that are gone.
    fn share(&mut self, server: &Server) -> Result<(), BackendError> {
        let mut others = Vec::new();
        for lent in self.record.read(server)? {
            if self.record.is_other(server, lent.owner)? {
                others.push(lent);
            } else if !self.spare_keycodes.is_ours(lent.keycode)
                && self.keymap.is_bound(lent.keycode, lent.keysym)
            {
                self.spare_keycodes
                    .bind(lent.keycode, lent.keysym, Instant::now());
            }
        }
        self.keymap.set_others(others.iter().map(|lent| lent.keycode));
        self.keymap.set_lent(self.spare_keycodes.keycodes());
        self.others = others;
        Ok(())
    }

    /// Takes over what a killed host has left.
    fn take_over(&mut self, server: &mut Server) -> Result<(), BackendError> {
        let has_record = !self.record.read(server)?.is_empty();
        self.refresh(server)?;
        if has_record && self.others.is_empty() {
            left_pressed::release(server)?;
        }
        self.write_record(server, true)
    }

    /// Writes what other hosts have lent and, if this host `is_here`, what it has lent.
    fn write_record(&self, server: &Server, is_here: bool) -> Result<(), BackendError> {
        let owner = self.record.owner();
        let own = self.spare_keycodes.lent().chain([(NO_KEYCODE, 0)]);
        let own = own.filter(|_| is_here).map(|(keycode, keysym)| Lent {
            owner,
            keycode,
            keysym,
        });
        self.record.write(server, own.chain(self.others.iter().copied()))
    }

    /// Asks for the modifiers that are on. The map is up to date afterwards.
    pub(super) fn modifiers(&mut self, server: &mut Server) -> Result<Modifiers, BackendError> {
        let pointer = server.query_pointer()?;
        server.drain_events()?;
        if server.is_keyboard_changed {
            self.refresh(server)?;
        }
        self.state = pointer.mask.into();
        Ok(self.modifier_map.modifiers(self.state))
    }

    /// Turns CapsLock and NumLock on or off. `None`: as it is.
    pub(super) fn set_locks(
        &mut self,
        server: &mut Server,
        caps: Option<bool>,
        num: Option<bool>,
    ) -> Result<(), BackendError> {
        let modifiers = self.modifiers(server)?;
        for (wanted, is_on, keysym) in [
            (caps, modifiers.caps_lock, k::Caps_Lock),
            (num, modifiers.num_lock, k::Num_Lock),
        ] {
            if wanted.is_none_or(|wanted| wanted == is_on) {
                continue;
            }
            // A keyboard without the key has no such lock.
            if let Some(keycode) = self.keymap.keycode_giving(&[keysym], modifiers) {
                server.fake_key(keycode, true)?;
                server.fake_key(keycode, false)?;
            }
        }
        Ok(())
    }

    /// Presses or releases a key.
    pub(super) fn press(&mut self, server: &Server, keycode: u8, pressed: bool) -> Result<(), BackendError> {
        self.down[usize::from(keycode)] = pressed;
        self.spare_keycodes.touch(keycode, Instant::now());
        server.fake_key(keycode, pressed)
    }

    /// Gives `keysym` to a spare key.
    ///
    /// # Errors
    /// If there is none left.
    pub(super) fn lend(
        &mut self,
        server: &mut Server,
        keysym: RawKeysym,
    ) -> Result<Option<u8>, BackendError> {
        if let Some(keycode) = self.spare_keycodes.keycode_of(keysym) {
            return Ok(Some(keycode));
        }
        if let Choice::Take { wait, .. } = self.choose() {
            thread::sleep(wait);
        }
        // Another host may take a keycode at the same time.
        server.grab()?;
        let lent = self.lend_now(server, keysym);
        server.ungrab()?;
        let keycode = lent?;
        if !self.has_lent {
            self.has_lent = true;
            // A client that reads the map with its first key misses a change at that time, so it is told twice.
            thread::sleep(FIRST_SETTLE);
            server
                .connection()
                .change_keyboard_mapping(1, keycode, 2, &[keysym, keysym])
                .map_err(lost)?;
            server.flush()?;
        }
        thread::sleep(SETTLE);
        Ok(Some(keycode))
    }

    fn choose(&self) -> Choice {
        let held = |keycode: u8| self.down[usize::from(keycode)];
        self.spare_keycodes.choose(&self.keymap, held, Instant::now())
    }

    fn lend_now(&mut self, server: &mut Server, keysym: RawKeysym) -> Result<u8, BackendError> {
        server.sync()?;
        server.drain_events()?;
        match server.is_keyboard_changed {
            true => self.refresh(server)?,
            false => self.share(server)?,
        }
        let Choice::Take { keycode, .. } = self.choose() else {
            return Err(BackendError::no_free_key());
        };
        server
            .connection()
            .change_keyboard_mapping(1, keycode, 2, &[keysym, keysym])
            .map_err(lost)?;
        self.keymap.bind(keycode, keysym);
        self.spare_keycodes.bind(keycode, keysym, Instant::now());
        self.keymap.set_lent(self.spare_keycodes.keycodes());
        self.write_record(server, true)?;
        Ok(keycode)
    }

    /// Gives back all keys that were lent.
    pub(super) fn close(&mut self, server: &mut Server) -> Result<(), BackendError> {
        self.modifiers(server)?;
        let (keycodes, wait) = self.spare_keycodes.take_all(Instant::now());
        // The clients may not have looked up the last press yet.
        thread::sleep(wait);
        for keycode in keycodes {
            server
                .connection()
                .change_keyboard_mapping(1, keycode, 2, &[0, 0])
                .map_err(lost)?;
        }
        server.grab()?;
        self.share(server)?;
        self.write_record(server, false)?;
        server.ungrab()?;
        server.sync()
    }
}

/// Clients read a changed map late: a key pressed sooner types what it had before.
const SETTLE: Duration = Duration::from_millis(5);
/// The time in which a client has read the map.
const FIRST_SETTLE: Duration = Duration::from_millis(50);
