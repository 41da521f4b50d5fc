//! The local user's pointer and keyboard events, told apart from those of viewers (XInput 2).
//!
//! Viewers act by XTEST, whose devices the X server marks with a property; each event names the device it came from.
//! The keys that are pressed are not looked at, except for the one chord that is asked for.

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
use crate::desktop::backend::EventSink;
use crate::desktop::local_user::{LocalUserEvent, LocalUserWatch};
use crate::x11::DisplayAddress;

/// A watch of an X display, until it is dropped.
pub(super) struct X11LocalUserWatch {
    connection: Arc<RustConnection>,
    thread: Option<JoinHandle<()>>,
}

impl X11LocalUserWatch {
    /// Watches the display at `address`.
    ///
    /// # Errors
    /// If there is no such display, it refuses us or lacks XInput 2.2, or if the keyboard has no key of the chord.
    pub(super) fn open(
        address: &DisplayAddress,
        watch: LocalUserWatch,
        events: EventSink<LocalUserEvent>,
    ) -> Result<X11LocalUserWatch, ServicesError> {
        let failed = |reason: &str| ServicesError::connect(address, reason);
        let (connection, screen) = address.connect().map_err(|error| failed(error.reason()))?;
        let connection = Arc::new(connection);
        let mut watcher = Watcher {
            root: connection.setup().roots[screen].root,
            connection: connection.clone(),
            watch,
            keys: Vec::new(),
            test_devices: HashSet::new(),
            sent: None,
        };
        let has_keys = watcher.begin().map_err(|error| match error {
            ReplyError::ConnectionError(x11rb::errors::ConnectionError::UnsupportedExtension) => {
                ServicesError::Missing("XInput 2")
            }
            error => failed(&error.to_string()),
        })?;
        if let (false, Some(chord)) = (has_keys, watch.chord) {
            return Err(failed(&format!("no key of its keyboard is that of {chord}")));
        }
        let own = move || {
            if let Err(error) = watcher.run(&events) {
                tracing::debug!(%error, "the connection to the X server ended");
            }
            events(LocalUserEvent::Lost);
        };
        let thread = thread::Builder::new().name("desktop-presence".into()).spawn(own);
        Ok(X11LocalUserWatch {
            connection,
            thread: Some(thread.map_err(ServicesError::Resources)?),
        })
    }
}

impl Drop for X11LocalUserWatch {
    fn drop(&mut self) {
        // The thread waits for the server: its connection ends.
        let _ = rustix::net::shutdown(self.connection.stream(), Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Watcher {
    connection: Arc<RustConnection>,
    root: Window,
    watch: LocalUserWatch,
    /// The keycodes of the chord's key.
    keys: Vec<u32>,
    /// The devices of XTEST.
    test_devices: HashSet<DeviceId>,
    /// The time at which activity was sent last.
    sent: Option<Instant>,
}

impl Watcher {
    /// Subscribes to events. Returns `false` if the keyboard has no key of the chord.
    fn begin(&mut self) -> Result<bool, ReplyError> {
        self.connection.xinput_xi_query_version(2, 2)?.reply()?;
        let raw = match self.watch.activity {
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
        self.find_test_devices()?;
        self.find_keys()
    }

    fn run(&mut self, events: &impl Fn(LocalUserEvent)) -> Result<(), ReplyError> {
        loop {
            match self.connection.wait_for_event()? {
                Event::XinputRawMotion(event) => self.active(event.sourceid, events),
                Event::XinputRawButtonPress(event) => self.active(event.sourceid, events),
                Event::XinputRawKeyPress(event) => {
                    if self.watch.activity {
                        self.active(event.sourceid, events);
                    }
                    if self.is_chord(&event)? {
                        events(LocalUserEvent::Pressed);
                    }
                }
                Event::XinputHierarchy(_) => self.find_test_devices()?,
                Event::MappingNotify(event) if event.request == Mapping::KEYBOARD => {
                    self.find_keys()?;
                }
                _ => {}
            }
        }
    }

    fn active(&mut self, source: DeviceId, events: &impl Fn(LocalUserEvent)) {
        if !self.test_devices.contains(&source) && self.sent.is_none_or(|sent| sent.elapsed() >= PAUSE) {
            self.sent = Some(Instant::now());
            events(LocalUserEvent::Active);
        }
    }

    fn find_test_devices(&mut self) -> Result<(), ReplyError> {
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
            // The device may have gone meanwhile.
            if properties.is_ok_and(|list| list.properties.contains(&property)) {
                self.test_devices.insert(device.deviceid);
            }
        }
        Ok(())
    }

    /// Finds the keys of the chord. Returns `false` if there is none.
    fn find_keys(&mut self) -> Result<bool, ReplyError> {
        let Some(chord) = self.watch.chord else {
            return Ok(true);
        };
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
            self.grab_chord(chord)?;
        }
        Ok(!self.keys.is_empty())
    }

    /// Grabs the chord, so that other programs do not get it. Raw events tell without a grab that it is pressed, so it
    /// counts also while another program has grabbed the whole keyboard.
    fn grab_chord(&self, chord: Chord) -> Result<(), ReplyError> {
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
                    tracing::warn!(%chord, "another program has grabbed this combination already, and gets it, too");
                    return Ok(());
                }
                other => other?,
            }
        }
        Ok(())
    }

    fn is_chord(&self, event: &RawKeyPressEvent) -> Result<bool, ReplyError> {
        // Repeats say nothing new, and no other key is looked at.
        let (Some(chord), false) = (self.watch.chord, event.flags.contains(KeyEventFlags::KEY_REPEAT)) else {
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
/// The least time between two reports of activity.
const PAUSE: Duration = Duration::from_millis(200);
