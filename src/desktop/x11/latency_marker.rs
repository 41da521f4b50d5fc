//! A small window at the top left of the screen that is black or white, for measuring how long a change takes to be
//! seen. It takes no input and no focus, and window managers leave it alone (override-redirect).

use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, Screen, StackMode,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::desktop::backend::MARK_SIZE;

/// The time after which the window is removed without a request.
const LIMIT: Duration = Duration::from_secs(6);

/// The window, while it is shown.
pub(super) struct LatencyMarker {
    root: Window,
    black: u32,
    white: u32,
    window: Option<Window>,
    /// The time at which it was shown.
    since: Instant,
}

impl LatencyMarker {
    pub(super) fn new(screen: &Screen) -> LatencyMarker {
        LatencyMarker {
            root: screen.root,
            black: screen.black_pixel,
            white: screen.white_pixel,
            window: None,
            since: Instant::now(),
        }
    }

    /// Shows the window, white or black; `None` removes it.
    pub(super) fn show(
        &mut self,
        connection: &RustConnection,
        is_lit: Option<bool>,
    ) -> Result<(), ConnectionError> {
        let Some(is_lit) = is_lit else {
            if let Some(window) = self.window.take() {
                connection.destroy_window(window)?;
            }
            return Ok(());
        };
        let colour = if is_lit { self.white } else { self.black };
        let Some(window) = self.window else {
            self.window = self.create(connection, colour)?;
            self.since = Instant::now();
            return Ok(());
        };
        let background = ChangeWindowAttributesAux::new().background_pixel(colour);
        connection.change_window_attributes(window, &background)?;
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        connection.configure_window(window, &above)?;
        connection.clear_area(false, window, 0, 0, 0, 0)?;
        Ok(())
    }

    /// The time at which the window is removed by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.window.map(|_| self.since + LIMIT)
    }

    /// Removes the window when its time has come.
    pub(super) fn expire(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        match self.deadline() {
            Some(deadline) if Instant::now() >= deadline => self.show(connection, None),
            _ => Ok(()),
        }
    }

    fn create(&self, connection: &RustConnection, colour: u32) -> Result<Option<Window>, ConnectionError> {
        let window = match connection.generate_id() {
            Ok(window) => window,
            Err(ReplyOrIdError::ConnectionError(error)) => return Err(error),
            // Without a window the viewer's measurement ends without a result.
            Err(_) => return Ok(None),
        };
        let looks = CreateWindowAux::new()
            .override_redirect(1)
            .background_pixel(colour);
        let class = WindowClass::INPUT_OUTPUT;
        connection.create_window(
            0, window, self.root, 0, 0, MARK_SIZE, MARK_SIZE, 0, class, 0, &looks,
        )?;
        connection.map_window(window)?;
        Ok(Some(window))
    }
}
