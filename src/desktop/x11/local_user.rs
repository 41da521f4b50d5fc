//! What the person at the desktop does with pointer and keyboard, apart from what viewers do there.
//!
//! Viewers act by XTEST, whose devices the X server marks with a property. XInput 2 tells of each event which device it
//! came from. Which keys are pressed is not looked at, but for the one combination that is asked for.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::net::Shutdown;
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{
    ConnectionExt as _, DeviceId, EventMask, KeyEventFlags, RawKeyPressEvent, XIEventMask,
};
use x11rb::protocol::xproto::{ConnectionExt as _, Grab, GrabMode, Mapping, ModMask, Window};
use x11rb::rust_connection::RustConnection;

use super::error::ServicesError;
use crate::chord::Chord;
use crate::x11::DisplayAddress;

/// What was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Somebody moves the pointer or types at the desktop itself. Told at most five times a second.
    Active,
    /// Somebody pressed the combination of keys there.
    Pressed,
    /// The X server is gone. Nothing else follows.
    Lost,
}

/// Watches an X display until it is dropped.
pub struct PresenceWatch {
    connection: Arc<RustConnection>,
    thread: Option<JoinHandle<()>>,
}

impl PresenceWatch {
    /// Watches `display` (":0"), with `cookie` (MIT-MAGIC-COOKIE-1) or, without one, with what the Xauthority file of
    /// the environment has: for activity if that is wanted, and for `chord`, which other programs do not get, unless one
    /// of them has it already.
    /// `events` is called on a thread of its own, and should only hand the event over.
    ///
    /// # Errors
    /// If there is no such display, it refuses us or lacks XInput 2.2, or if the keyboard has no such key.
    pub fn start(
        display: &str,
        cookie: Option<&[u8]>,
        wants_activity: bool,
        chord: Option<Chord>,
        events: impl Fn(Presence) + Send + 'static,
    ) -> Result<PresenceWatch, ServicesError> {
        let address = DisplayAddress::new(Some(display), cookie);
        let failed = |reason: &str| ServicesError::connect(&address, reason);
        let (connection, screen) = address.connect().map_err(|error| failed(error.reason()))?;
        let connection = Arc::new(connection);
        let mut watcher = Watcher {
            root: connection.setup().roots[screen].root,
            connection: connection.clone(),
            wants_activity,
            chord,
            keys: Vec::new(),
            test_devices: HashSet::new(),
            told: None,
        };
        let has_keys = watcher.begin().map_err(|error| match error {
            ReplyError::ConnectionError(x11rb::errors::ConnectionError::UnsupportedExtension) => {
                ServicesError::Missing("XInput 2")
            }
            error => failed(&error.to_string()),
        })?;
        if let (false, Some(chord)) = (has_keys, chord) {
            return Err(failed(&format!("no key of its keyboard is that of {chord}")));
        }
        let own = move || {
            if let Err(error) = watcher.run(&events) {
                tracing::debug!(%error, "the connection to the X server ended");
            }
            events(Presence::Lost);
        };
        let thread = thread::Builder::new().name("desktop-presence".into()).spawn(own);
        Ok(PresenceWatch {
            connection,
            thread: Some(thread.map_err(ServicesError::Resources)?),
        })
    }
}

impl Drop for PresenceWatch {
    fn drop(&mut self) {
        // The thread waits for the server, and is told that it has gone.
        let _ = rustix::net::shutdown(self.connection.stream(), Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Watcher {
    connection: Arc<RustConnection>,
    root: Window,
    wants_activity: bool,
    chord: Option<Chord>,
    /// The keycodes of its key.
    keys: Vec<u32>,
    /// Those that XTEST has.
    test_devices: HashSet<DeviceId>,
    told: Option<Instant>,
}

impl Watcher {
    /// Lets the server tell. False: no key belongs to the combination.
    fn begin(&mut self) -> Result<bool, ReplyError> {
        self.connection.xinput_xi_query_version(2, 2)?.reply()?;
        let raw = match self.wants_activity {
            true => XIEventMask::RAW_KEY_PRESS | XIEventMask::RAW_BUTTON_PRESS | XIEventMask::RAW_MOTION,
            false => XIEventMask::RAW_KEY_PRESS,
        };
        let masks =
            [(ALL_DEVICES, XIEventMask::HIERARCHY), (ALL_MASTERS, raw)].map(|(deviceid, mask)| EventMask {
                deviceid,
                mask: vec![mask],
            });
        self.connection
            .xinput_xi_select_events(self.root, &masks)?
            .check()?;
        self.look_at_devices()?;
        self.look_at_keys()
    }

    fn run(&mut self, events: &impl Fn(Presence)) -> Result<(), ReplyError> {
        loop {
            match self.connection.wait_for_event()? {
                Event::XinputRawMotion(event) => self.active(event.sourceid, events),
                Event::XinputRawButtonPress(event) => self.active(event.sourceid, events),
                Event::XinputRawKeyPress(event) => {
                    if self.wants_activity {
                        self.active(event.sourceid, events);
                    }
                    if self.is_chord(&event)? {
                        events(Presence::Pressed);
                    }
                }
                Event::XinputHierarchy(_) => self.look_at_devices()?,
                Event::MappingNotify(event) if event.request == Mapping::KEYBOARD => {
                    self.look_at_keys()?;
                }
                _ => {}
            }
        }
    }

    fn active(&mut self, source: DeviceId, events: &impl Fn(Presence)) {
        if !self.test_devices.contains(&source) && self.told.is_none_or(|told| told.elapsed() >= PAUSE) {
            self.told = Some(Instant::now());
            events(Presence::Active);
        }
    }

    fn look_at_devices(&mut self) -> Result<(), ReplyError> {
        let devices = self
            .connection
            .xinput_xi_query_device(ALL_DEVICES)?
            .reply()?
            .infos;
        let property = self.connection.intern_atom(false, b"XTEST Device")?.reply()?.atom;
        self.test_devices.clear();
        for device in devices {
            let properties = self
                .connection
                .xinput_xi_list_properties(device.deviceid)?
                .reply();
            // It may have gone meanwhile.
            if properties.is_ok_and(|list| list.properties.contains(&property)) {
                self.test_devices.insert(device.deviceid);
            }
        }
        Ok(())
    }

    /// Finds the keys of the combination. False: there is none.
    fn look_at_keys(&mut self) -> Result<bool, ReplyError> {
        let Some(chord) = self.chord else { return Ok(true) };
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let count = last.saturating_sub(first).saturating_add(1);
        let map = self.connection.get_keyboard_mapping(first, count)?.reply()?;
        let rows = map.keysyms.chunks(usize::from(map.keysyms_per_keycode).max(1));
        let keys = (u32::from(first)..).zip(rows);
        let keys = keys.filter(|(_, row)| row.first() == Some(&chord.keysym));
        let keys: Vec<_> = keys.map(|(keycode, _)| keycode).collect();
        if keys != self.keys {
            self.keys = keys;
            self.keep_from_others(chord)?;
        }
        Ok(!self.keys.is_empty())
    }

    /// Keeps the combination from other programs. That it is pressed is known without that, so it counts also while
    /// one of them has the whole keyboard.
    fn keep_from_others(&self, chord: Chord) -> Result<(), ReplyError> {
        self.connection.ungrab_key(Grab::ANY, self.root, ModMask::ANY)?;
        let keys = self.keys.iter().filter_map(|key| u8::try_from(*key).ok());
        for (key, locks) in keys.flat_map(|key| LOCKS.map(|locks| (key, locks))) {
            let modifiers = ModMask::from(chord.modifiers | locks);
            let mode = GrabMode::ASYNC;
            let grab = self
                .connection
                .grab_key(false, self.root, modifiers, key, mode, mode)?;
            match grab.check() {
                Err(ReplyError::X11Error(_)) => {
                    tracing::warn!(%chord, "another program gets this combination, too: it has it already");
                    return Ok(());
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn is_chord(&self, event: &RawKeyPressEvent) -> Result<bool, ReplyError> {
        // Repeats say nothing new, and no other key is looked at.
        let (Some(chord), false) = (self.chord, event.flags.contains(KeyEventFlags::KEY_REPEAT)) else {
            return Ok(false);
        };
        if !self.keys.contains(&event.detail) || self.test_devices.contains(&event.sourceid) {
            return Ok(false);
        }
        let mask = self.connection.query_pointer(self.root)?.reply()?.mask;
        Ok(u16::from(mask) & chord.modifiers == chord.modifiers)
    }
}

/// Caps Lock (2) and Num Lock (16) may be on.
const LOCKS: [u16; 4] = [0, 2, 16, 18];
const ALL_DEVICES: DeviceId = 0;
const ALL_MASTERS: DeviceId = 1;
/// Between two tellings that somebody is active.
const PAUSE: Duration = Duration::from_millis(200);
