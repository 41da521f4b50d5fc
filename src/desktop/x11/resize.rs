//! The size of the screen (RANDR).
//!
//! Xvfb can be made smaller than it was at its start and back, never larger than that.

use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::randr::{
    self, ConnectionExt as _, Crtc, GetCrtcInfoReply, GetOutputInfoReply, GetScreenResourcesCurrentReply,
    Mode, Output, SetConfig,
};
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, Screen};
use x11rb::rust_connection::RustConnection;

use super::error::ServicesError;
use super::modes;
use crate::desktop::error::ResizeError;
use crate::x11::DisplayAddress;

/// Gives the screen of `display` this size for good. For a server that has no clients yet.
///
/// # Errors
/// If it cannot be reached or refuses. The text says why.
pub(in super::super) fn set_size(display: &str, cookie: &[u8], size: (u32, u32)) -> anyhow::Result<()> {
    let address = DisplayAddress::new(Some(display), Some(cookie));
    let (connection, screen) = address
        .connect()
        .map_err(|error| ServicesError::connect(&address, error.reason()))?;
    let screen = &connection.setup().roots[screen];
    let present = (screen.width_in_pixels, screen.height_in_pixels);
    let size = (u16::try_from(size.0)?, u16::try_from(size.1)?);
    Ok(Resizer::new(screen).resize(&connection, present, size)?)
}

/// Changes the size and remembers what it was.
pub(super) struct Resizer {
    screen: Screen,
    original: Option<Layout>,
    /// The last size that we have set.
    set: Option<(u16, u16)>,
    /// The modes that we have created.
    created: Vec<Mode>,
}

/// The size of the screen and the mode of its CRTC.
#[derive(Clone, Copy)]
struct Layout {
    size: (u16, u16),
    mode: Mode,
}

/// The one CRTC that is on, and its output.
struct Head {
    crtc: Crtc,
    output: Output,
    info: GetCrtcInfoReply,
    modes: Vec<Mode>,
}

impl Resizer {
    /// A resizer for `screen`, as the server described it when we connected.
    pub(super) fn new(screen: &Screen) -> Resizer {
        Resizer {
            screen: screen.clone(),
            original: None,
            set: None,
            created: Vec::new(),
        }
    }

    /// Gives the screen this size. It has `present` now.
    pub(super) fn resize(
        &mut self,
        connection: &RustConnection,
        present: (u16, u16),
        size: (u16, u16),
    ) -> Result<(), ResizeError> {
        if size == present {
            return Ok(());
        }
        self.check(connection, size)?;
        let resources = self.resources(connection)?;
        let head = self.head(connection, &resources)?;
        let before = Layout {
            size: present,
            mode: head.info.mode,
        };
        let mode = match existing(&resources, &head, size) {
            Some(mode) => mode,
            None => self.create(connection, &resources, &head, size)?,
        };
        let changed = self.change(connection, &head, before, Layout { size, mode });
        if changed.is_ok() {
            self.original.get_or_insert(before);
            self.set = Some(size);
        }
        self.remove_modes(connection, head.output)?;
        changed
    }

    /// Gives the screen the size that it had before us, unless another program has changed it since. It has `present`
    /// now.
    pub(super) fn restore(
        &mut self,
        connection: &RustConnection,
        present: (u16, u16),
    ) -> Result<(), ResizeError> {
        let Some(original) = self.original.take().filter(|_| self.set == Some(present)) else {
            return Ok(());
        };
        let resources = self.resources(connection)?;
        let head = self.head(connection, &resources)?;
        let before = Layout {
            size: present,
            mode: head.info.mode,
        };
        let changed = self.change(connection, &head, before, original);
        self.set = None;
        self.remove_modes(connection, head.output)?;
        changed
    }

    /// The values to restore, as numbers for a note. `None`: nothing is to be restored.
    pub(super) fn note(&self) -> Option<[u32; 5]> {
        let (original, set) = self.original.zip(self.set)?;
        let ((width, height), (set_width, set_height)) = (original.size, set);
        Some([
            width.into(),
            height.into(),
            original.mode,
            set_width.into(),
            set_height.into(),
        ])
    }

    /// Takes over what a killed host has noted that it changed: `restore` restores it, and removes its modes.
    pub(super) fn take_over(&mut self, connection: &RustConnection, note: &[u32]) -> Result<(), ResizeError> {
        let [width, height, mode, set_width, set_height] = *note else {
            return Ok(());
        };
        let size = |width, height| u16::try_from(width).ok().zip(u16::try_from(height).ok());
        let original = size(width, height).map(|size| Layout { size, mode });
        (self.original, self.set) = (original, size(set_width, set_height));
        let resources = self.resources(connection)?;
        self.created = modes::ours(&resources);
        Ok(())
    }

    fn check(&self, connection: &RustConnection, (width, height): (u16, u16)) -> Result<(), ResizeError> {
        let extension = connection.extension_information(randr::X11_EXTENSION_NAME)?;
        if extension.is_none() {
            return Err(ResizeError::Fixed("the X server lacks RANDR"));
        }
        connection.randr_query_version(1, 3)?.reply()?;
        let range = connection
            .randr_get_screen_size_range(self.screen.root)?
            .reply()?;
        if width > range.max_width || height > range.max_height {
            return Err(ResizeError::TooLarge {
                max_width: range.max_width.into(),
                max_height: range.max_height.into(),
            });
        }
        Ok(())
    }

    fn resources(&self, connection: &RustConnection) -> Result<GetScreenResourcesCurrentReply, ResizeError> {
        let resources = connection.randr_get_screen_resources_current(self.screen.root)?;
        Ok(resources.reply()?)
    }

    /// The head, if there is exactly one.
    fn head(
        &self,
        connection: &RustConnection,
        resources: &GetScreenResourcesCurrentReply,
    ) -> Result<Head, ResizeError> {
        let mut heads: Vec<(Output, GetOutputInfoReply)> = Vec::new();
        for output in &resources.outputs {
            let info = connection
                .randr_get_output_info(*output, resources.config_timestamp)?
                .reply()?;
            if info.connection != randr::Connection::DISCONNECTED && info.crtc != x11rb::NONE {
                heads.push((*output, info));
            }
        }
        let [(output, info)] = heads.as_slice() else {
            return Err(ResizeError::Fixed("it has not exactly one monitor"));
        };
        let crtc = connection
            .randr_get_crtc_info(info.crtc, resources.config_timestamp)?
            .reply()?;
        Ok(Head {
            crtc: info.crtc,
            output: *output,
            info: crtc,
            modes: info.modes.clone(),
        })
    }

    /// Creates a mode of this size. A monitor that describes itself gets none.
    fn create(
        &mut self,
        connection: &RustConnection,
        resources: &GetScreenResourcesCurrentReply,
        head: &Head,
        size: (u16, u16),
    ) -> Result<Mode, ResizeError> {
        if has_description(connection, head.output)? {
            return Err(ResizeError::Fixed("its monitor has no such mode"));
        }
        let name = modes::name(size);
        let mode = match modes::named(resources, &name) {
            Some(left_over) => left_over,
            None => {
                let mode =
                    connection.randr_create_mode(self.screen.root, modes::mode(size), name.as_bytes())?;
                mode.reply()?.mode
            }
        };
        self.created.push(mode);
        connection.randr_add_output_mode(head.output, mode)?.check()?;
        Ok(mode)
    }

    /// Changes from one layout to the other; if that fails, back. The server is grabbed meanwhile, so that no other
    /// client sees an intermediate state.
    fn change(
        &self,
        connection: &RustConnection,
        head: &Head,
        from: Layout,
        to: Layout,
    ) -> Result<(), ResizeError> {
        connection.grab_server()?;
        let changed = self.apply(connection, head, to).or_else(|error| {
            self.apply(connection, head, from)?;
            Err(error)
        });
        connection.ungrab_server()?;
        changed
    }

    /// Switches to a layout. The CRTC is off while the screen changes: it must never be larger than the screen.
    fn apply(&self, connection: &RustConnection, head: &Head, layout: Layout) -> Result<(), ResizeError> {
        let (width, height) = layout.size;
        let screen = &self.screen;
        let millimetres = (
            modes::scaled(screen.width_in_millimeters, screen.width_in_pixels, width),
            modes::scaled(screen.height_in_millimeters, screen.height_in_pixels, height),
        );
        self.show(connection, head, x11rb::NONE, &[])?;
        connection
            .randr_set_screen_size(screen.root, width, height, millimetres.0, millimetres.1)?
            .check()?;
        self.show(connection, head, layout.mode, &head.info.outputs)
    }

    fn show(
        &self,
        connection: &RustConnection,
        head: &Head,
        mode: Mode,
        outputs: &[Output],
    ) -> Result<(), ResizeError> {
        let now = x11rb::CURRENT_TIME;
        let (x, y, rotation) = (head.info.x, head.info.y, head.info.rotation);
        let reply = connection
            .randr_set_crtc_config(head.crtc, now, now, x, y, mode, rotation, outputs)?
            .reply()?;
        match reply.status {
            SetConfig::SUCCESS => Ok(()),
            status => Err(ResizeError::Refused(format!("{status:?}"))),
        }
    }

    /// Removes our modes that are neither shown nor the original.
    fn remove_modes(&mut self, connection: &RustConnection, output: Output) -> Result<(), ResizeError> {
        let shown = self.head(connection, &self.resources(connection)?)?.info.mode;
        let original = self.original.map(|layout| layout.mode);
        let in_use = |mode: Mode| mode == shown || Some(mode) == original;
        for mode in self.created.extract_if(.., |mode| !in_use(*mode)) {
            connection.randr_delete_output_mode(output, mode)?;
            connection.randr_destroy_mode(mode)?;
        }
        Ok(())
    }
}

/// The mode of this size among those of the output.
fn existing(resources: &GetScreenResourcesCurrentReply, head: &Head, size: (u16, u16)) -> Option<Mode> {
    let fits = |mode: &&randr::ModeInfo| (mode.width, mode.height) == size && head.modes.contains(&mode.id);
    resources.modes.iter().find(fits).map(|mode| mode.id)
}

/// True if the output has a monitor that describes itself (EDID).
fn has_description(connection: &RustConnection, output: Output) -> Result<bool, ResizeError> {
    let name = connection.intern_atom(true, b"EDID")?.reply()?.atom;
    if name == x11rb::NONE {
        return Ok(false);
    }
    let description = connection
        .randr_get_output_property(output, name, AtomEnum::ANY, 0, 32, false, false)?
        .reply()?;
    Ok(!description.data.is_empty())
}

impl From<ConnectionError> for ResizeError {
    fn from(error: ConnectionError) -> ResizeError {
        match error {
            ConnectionError::UnsupportedExtension => ResizeError::Fixed("the X server lacks RANDR"),
            _ => ResizeError::Lost,
        }
    }
}

impl From<ReplyError> for ResizeError {
    fn from(error: ReplyError) -> ResizeError {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => ResizeError::Refused(format!("{:?}", error.error_kind)),
        }
    }
}
