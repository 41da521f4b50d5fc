//! The platform of a host: the one place that chooses the display, the backends of input and desktop, and whether there
//! is a local user.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::options::{AccessArguments, RunOptions, StreamArguments};
use super::process;
use crate::chord::Chord;
use crate::desktop::{
    Desktop, Ended, NoDesktop, VirtualDisplay, VirtualDisplayError, VirtualOptions, X11Desktop, can_ask,
};
use crate::input::{Backend, Discard, X11Backend};
use crate::media;

/// The display that is streamed.
pub(super) enum Platform {
    /// An X display that was there already.
    X11 {
        /// Its name, `:0`.
        display: String,
    },
    /// A private X server of ours.
    Virtual(VirtualDisplay),
    /// No display: the video comes from elsewhere, as a test pattern does.
    None,
}

impl Platform {
    /// Chooses by the options, and starts a virtual display if they ask for one.
    ///
    /// # Errors
    /// If there is no display that could be captured, or a virtual one cannot be started.
    pub(super) fn open(options: &RunOptions) -> Result<Self, Failure> {
        if let Some(size) = options.virtual_size {
            return Self::start_virtual(VirtualOptions {
                width: size.width,
                height: size.height,
                command: options.program.clone(),
            });
        }
        let is_needed = needs_display(&options.stream)?;
        // A display that merely happens to be there is not acted on when something else is shown.
        let present = || display_in_environment().filter(|_| is_needed);
        match options.display.clone().or_else(present) {
            Some(display) => {
                if options.display.is_none() && std::env::var_os("WAYLAND_DISPLAY").is_some() {
                    tracing::warn!(
                        "this is a Wayland session: only what X11 programs show is captured. With --virtual deskbeam \
                         starts a desktop of its own."
                    );
                }
                process::set_display(&display, None);
                Ok(Self::X11 { display })
            }
            None if is_needed => Err(Failure::Display(no_display())),
            None => Ok(Self::None),
        }
    }

    fn start_virtual(options: VirtualOptions) -> Result<Self, Failure> {
        let display = VirtualDisplay::start(options).map_err(|error| match error {
            VirtualDisplayError::Command { .. } => Failure::Command(error.to_string()),
            error => Failure::Display(error.to_string()),
        })?;
        process::set_display(display.display(), Some(display.xauthority()));
        Ok(Self::Virtual(display))
    }

    /// The X display to capture, if there is one.
    pub(super) fn display(&self) -> Option<&str> {
        match self {
            Self::X11 { display } => Some(display),
            Self::Virtual(display) => Some(display.display()),
            Self::None => None,
        }
    }

    /// Connects the backend for input, which presses none of the `blocked` chords.
    ///
    /// # Errors
    /// If the display refuses.
    pub(super) fn input(&self, blocked: Vec<Chord>) -> Result<Box<dyn Backend>, Failure> {
        let Some(display) = self.display() else {
            tracing::info!("there is no display: pointer and keyboard input is discarded");
            return Ok(Box::new(Discard));
        };
        match X11Backend::connect(Some(display), None) {
            Ok(backend) => Ok(Box::new(backend.without(blocked))),
            Err(error) => Err(Failure::Display(error.to_string())),
        }
    }

    /// The desktop whose cursor, clipboard and size viewers share, and whose local user is watched. `has_primary`:
    /// what is selected counts as copied.
    pub(super) fn desktop(&self, has_primary: bool) -> Arc<dyn Desktop> {
        match self {
            Self::X11 { display } => Arc::new(X11Desktop::new(display, None).with_primary(has_primary)),
            Self::Virtual(display) => {
                let desktop = X11Desktop::new(display.display(), Some(display.cookie()));
                Arc::new(desktop.with_primary(has_primary))
            }
            Self::None => Arc::new(NoDesktop),
        }
    }

    /// Checks that the options about the local user can be fulfilled: they need a display, and `--confirm` a program
    /// that shows dialogs.
    ///
    /// # Errors
    /// If they cannot.
    pub(super) fn check_local_user(&self, access: &AccessArguments) -> Result<(), Failure> {
        let wanted = [
            (access.confirm, "--confirm"),
            (access.local_priority.is_some(), "--local-priority"),
            (access.panic_key.is_some(), "--panic-key"),
        ];
        let wanted = wanted.iter().find(|(is_wanted, _)| *is_wanted);
        if let (Some((_, flag)), Self::None) = (wanted, self) {
            return Err(Failure::Usage(format!(
                "{flag} needs a display with a local user"
            )));
        }
        if access.confirm && !can_ask() {
            return Err(Failure::Usage(
                "--confirm needs a program that shows dialogs: install zenity, xmessage (x11-utils) or kdialog"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Cancels `shutdown` when a virtual display or its program ends. To be called on the runtime.
    pub(super) fn cancel_at_end(&self, shutdown: &CancellationToken) {
        let Self::Virtual(display) = self else {
            return;
        };
        let (end, shutdown) = (display.end(), shutdown.clone());
        tokio::task::spawn_blocking(move || {
            match end.wait() {
                Ended::Command(status) => {
                    tracing::info!(%status, "the command of the virtual desktop has ended")
                }
                Ended::Server(status) => {
                    tracing::error!(%status, "the X server of the virtual desktop has ended")
                }
                Ended::Stopped => return,
            }
            shutdown.cancel();
        });
    }

    /// Stops a virtual display.
    ///
    /// # Errors
    /// If its X server had ended by itself, or its command had failed.
    pub(super) fn close(self) -> Result<(), Failure> {
        let ended = match &self {
            Self::Virtual(display) => display.end().wait_timeout(Duration::ZERO),
            Self::X11 { .. } | Self::None => None,
        };
        match ended {
            Some(Ended::Server(_)) => Err(Failure::Display(
                "the X server of the virtual desktop has ended by itself".to_owned(),
            )),
            Some(Ended::Command(status)) if !status.success() => Err(Failure::Command(format!(
                "the command of the virtual desktop has failed: {status}"
            ))),
            _ => Ok(()),
        }
    }
}

/// The X display that the environment names.
pub(super) fn display_in_environment() -> Option<String> {
    std::env::var("DISPLAY")
        .ok()
        .filter(|display| !display.is_empty())
}

fn needs_display(stream: &StreamArguments) -> Result<bool, Failure> {
    Ok(media::needs_display(
        &stream.capture,
        stream.pipeline.as_deref(),
        stream.pipelines.as_deref(),
    )?)
}

fn no_display() -> String {
    let wayland = match std::env::var_os("WAYLAND_DISPLAY") {
        Some(_) => "This is a Wayland session, which deskbeam cannot capture yet. ",
        None => "",
    };
    format!(
        "there is no X11 display: $DISPLAY is not set and --display is not given. {wayland}\
         With --virtual deskbeam starts a desktop of its own."
    )
}
