//! The monitors (RANDR) and windows (EWMH) that can be shown alone.

use std::time::{Duration, Instant};

use x11rb::connection::RequestConnection;
use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::Event;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, EventMask,
    GetPropertyReply, MapState, Window,
};
use x11rb::rust_connection::RustConnection;

use super::atoms::Atoms;
use crate::desktop::event::{View, ViewKind};

/// The views that were sent last, and when to look for others.
pub(super) struct Views {
    root: Window,
    atoms: Atoms,
    /// True if the server has RANDR 1.5.
    has_monitors: bool,
    windows: Vec<Window>,
    sent: Vec<View>,
    looked: Option<Instant>,
    /// The time at which to look again.
    due: Option<Instant>,
}

impl Views {
    /// Subscribes to changes of monitors. Changes of windows are events of the root window, on which structure and
    /// properties have to be selected.
    pub(super) fn watch(
        connection: &RustConnection,
        root: Window,
        atoms: Atoms,
    ) -> Result<Views, ReplyError> {
        let has_randr = connection.extension_information(randr::X11_EXTENSION_NAME)?;
        let mut has_monitors = false;
        if has_randr.is_some() {
            let version = connection.randr_query_version(1, 5)?.reply()?;
            has_monitors = (version.major_version, version.minor_version) >= (1, 5);
            let changes = randr::NotifyMask::SCREEN_CHANGE | randr::NotifyMask::CRTC_CHANGE;
            connection.randr_select_input(root, changes)?;
        }
        Ok(Views {
            root,
            atoms,
            has_monitors,
            windows: Vec::new(),
            sent: Vec::new(),
            looked: None,
            due: Some(Instant::now()),
        })
    }

    /// Handles an event of the server.
    pub(super) fn handle(&mut self, event: &Event) {
        let is_ours = |window: &Window| *window == self.root || self.windows.contains(window);
        let pause = match event {
            Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => LOOK_EVERY,
            Event::ConfigureNotify(event) if is_ours(&event.window) => LOOK_EVERY,
            Event::MapNotify(event) if is_ours(&event.window) => LOOK_EVERY,
            Event::UnmapNotify(event) if is_ours(&event.window) => LOOK_EVERY,
            Event::ReparentNotify(event) if is_ours(&event.window) => LOOK_EVERY,
            Event::PropertyNotify(event)
                if event.window == self.root && event.atom == self.atoms._NET_CLIENT_LIST =>
            {
                LOOK_EVERY
            }
            Event::PropertyNotify(event) if is_ours(&event.window) && self.is_name(event.atom) => READ_EVERY,
            _ => return,
        };
        let due = self.looked.map_or_else(Instant::now, |looked| looked + pause);
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// The time at which [`look`](Views::look) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Looks for views if it is time. Returns them if they have changed.
    pub(super) fn look(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<Option<Vec<View>>, ConnectionError> {
        if self.due.is_none_or(|due| due > now) {
            return Ok(None);
        }
        (self.due, self.looked) = (None, Some(now));
        let found = match self.find(connection) {
            Ok(found) => found,
            Err(ReplyError::ConnectionError(error)) => return Err(error),
            // A window or monitor has gone meanwhile: there is an event of that, too.
            Err(ReplyError::X11Error(error)) => {
                tracing::debug!(kind = ?error.error_kind, "monitors and windows are not known");
                return Ok(None);
            }
        };
        if found == self.sent {
            return Ok(None);
        }
        self.sent.clone_from(&found);
        Ok(Some(found))
    }

    /// Asks the window manager to bring a window to the front.
    pub(super) fn activate(
        &self,
        connection: &RustConnection,
        window: Window,
    ) -> Result<(), ConnectionError> {
        let by_a_pager = [2, x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, self.atoms._NET_ACTIVE_WINDOW, by_a_pager);
        let to_manager = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        connection.send_event(false, self.root, to_manager, message)?;
        Ok(())
    }

    fn is_name(&self, atom: Atom) -> bool {
        atom == self.atoms._NET_WM_NAME || atom == u32::from(AtomEnum::WM_NAME)
    }

    fn find(&mut self, connection: &RustConnection) -> Result<Vec<View>, ReplyError> {
        let root = connection.get_geometry(self.root)?.reply()?;
        let screen = (i32::from(root.width), i32::from(root.height));
        let mut found = self.monitors(connection, screen)?;
        let list = connection.get_property(
            false,
            self.root,
            self.atoms._NET_CLIENT_LIST,
            AtomEnum::WINDOW,
            0,
            MOST_WINDOWS,
        )?;
        self.windows = list.reply()?.value32().into_iter().flatten().collect();
        found.extend(self.titled(connection, screen)?);
        Ok(found)
    }

    fn monitors(&self, connection: &RustConnection, screen: (i32, i32)) -> Result<Vec<View>, ReplyError> {
        if !self.has_monitors {
            return Ok(Vec::new());
        }
        let monitors = connection.randr_get_monitors(self.root, true)?.reply()?.monitors;
        let mut found = Vec::new();
        for monitor in monitors {
            let (width, height) = (i32::from(monitor.width), i32::from(monitor.height));
            if (width, height) == screen {
                // The monitor is the whole desktop.
                continue;
            }
            let name = connection.get_atom_name(monitor.name)?.reply()?.name;
            let name = String::from_utf8_lossy(&name).into_owned();
            let place = (i32::from(monitor.x), i32::from(monitor.y));
            found.extend(view(
                ViewKind::Monitor,
                monitor.name,
                name,
                place,
                (width, height),
                screen,
            ));
        }
        Ok(found)
    }

    /// The windows that are mapped, covered or not. All requests are made before the first reply is awaited.
    fn titled(&self, connection: &RustConnection, screen: (i32, i32)) -> Result<Vec<View>, ReplyError> {
        let events = EventMask::STRUCTURE_NOTIFY | EventMask::PROPERTY_CHANGE;
        let events = ChangeWindowAttributesAux::new().event_mask(events);
        let mut asked = Vec::new();
        for window in self.windows.iter().copied() {
            let property =
                |name: Atom| connection.get_property(false, window, name, AtomEnum::ANY, 0, LONGEST_NAME);
            connection.change_window_attributes(window, &events)?;
            asked.push((
                window,
                connection.get_window_attributes(window)?,
                connection.get_geometry(window)?,
                connection.translate_coordinates(window, self.root, 0, 0)?,
                property(self.atoms._NET_WM_NAME)?,
                property(AtomEnum::WM_NAME.into())?,
            ));
        }
        let mut found = Vec::new();
        for (window, attributes, geometry, place, title, old_title) in asked {
            let answers = || -> Result<_, ReplyError> {
                let names = [title.reply()?, old_title.reply()?];
                Ok((attributes.reply()?, geometry.reply()?, place.reply()?, names))
            };
            let (attributes, geometry, place, names) = match answers() {
                Ok(answers) => answers,
                Err(ReplyError::X11Error(_)) => continue,
                Err(error) => return Err(error),
            };
            if attributes.map_state != MapState::VIEWABLE {
                continue;
            }
            let name = names
                .iter()
                .map(text)
                .find(|name| !name.is_empty())
                .unwrap_or_default();
            let place = (i32::from(place.dst_x), i32::from(place.dst_y));
            let size = (i32::from(geometry.width), i32::from(geometry.height));
            found.extend(view(ViewKind::Window, window, name, place, size, screen));
        }
        Ok(found)
    }
}

/// Builds a view; `None` if it is not on the screen.
fn view(
    kind: ViewKind,
    number: u32,
    name: String,
    place: (i32, i32),
    size: (i32, i32),
    screen: (i32, i32),
) -> Option<View> {
    let (x, width) = cut(place.0, size.0, screen.0)?;
    let (y, height) = cut(place.1, size.1, screen.1)?;
    Some(View {
        kind,
        number,
        name,
        x,
        y,
        width,
        height,
    })
}

/// The part of a side that is on the screen: start and length, which is made even and long enough for every encoder.
fn cut(start: i32, length: i32, screen: i32) -> Option<(u32, u32)> {
    let (first, end) = (start.max(0), (start + length).min(screen));
    if end <= first {
        return None;
    }
    let length = (end - first).max(SHORTEST);
    let length = (length + length % 2).min(screen - screen % 2);
    let first = first.min(screen - length);
    Some((first.try_into().ok()?, length.try_into().ok()?))
}

/// Decodes a name. Old ones (STRING) are Latin-1.
fn text(property: &GetPropertyReply) -> String {
    if property.type_ == u32::from(AtomEnum::STRING) {
        return property.value.iter().copied().map(char::from).collect();
    }
    String::from_utf8_lossy(&property.value).into_owned()
}

/// The least time between two looks: a window that is dragged moves all the time.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Some titles change all the time, too, and each change is sent to all viewers who may choose.
const READ_EVERY: Duration = Duration::from_secs(1);
const MOST_WINDOWS: u32 = 64;
/// The longest name that is read, in units of four bytes.
const LONGEST_NAME: u32 = 64;
/// The shortest side, in pixels: the least that hardware encoders take.
const SHORTEST: i32 = 160;

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_side_is_cut_to_the_screen_even_and_long_enough() {
        for (start, length, expected) in [
            (100, 200, Some((100, 200))),
            (100, 201, Some((100, 202))),
            (-50, 250, Some((0, 200))),
            (800, 300, Some((800, 200))),
            (0, 1000, Some((0, 1000))),
            (999, 500, Some((840, 160))),
            (100, 10, Some((100, 160))),
            (1000, 10, None),
            (-10, 10, None),
        ] {
            assert_eq!(cut(start, length, 1000), expected, "{start} {length}");
        }
        assert_eq!(cut(0, 641, 641), Some((0, 640)), "an odd screen");
    }
}
