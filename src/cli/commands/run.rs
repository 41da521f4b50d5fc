//! `deskbeam run`: from the options to a running host.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::access::TurnSecret;
use crate::chord::Chord;
use crate::desktop::{Ended, VirtualDisplay, VirtualOptions, can_ask};
use crate::host::{self, DesktopAddress, HostConfig, HostParts, LocalRights, SessionLimits};
use crate::input::{Backend, Discard, X11Backend};
use crate::media::{self, Plan, StreamOptions};
use crate::protocol::role::{ClipboardPolicy, Policy};
use crate::session::SessionConfig;
use crate::shutdown;
use crate::web::Serving;

use crate::cli::access::Announcement;
use crate::cli::announce::announce;
use crate::cli::client_setting::ClientSetting;
use crate::cli::failure::Failure;
use crate::cli::options::{AccessArguments, RunOptions, StreamArguments};
use crate::cli::{access, files, process, signaling, tls};

pub(crate) fn run(options: RunOptions) -> Result<(), Failure> {
    process::limit_heap();
    process::raise_file_limit();
    media::init().map_err(anyhow::Error::from)?;
    media::route_to_tracing();
    if options.print_pipeline {
        let display = options.display.or_else(display_in_environment);
        println!(
            "{}",
            Plan::new(&options.stream.into_options(display))?.launch_text()
        );
        return Ok(());
    }
    let (access, announcement) = access::access(&options.access, options.listen)?;
    let tls = tls::tls(options.tls.clone(), options.listen)?;
    let folders = files::folders(&options.files)?;
    let listener = listen(options.listen)?;
    let desktop = Desktop::open(&options)?;
    check_local(&options.access, &desktop)?;
    let input = input_backend(desktop.display(), options.access.block_keys.clone())?;
    let (fps, bitrate_kbps) = (options.stream.fps, options.stream.bitrate);
    let stream = options.stream.into_options(desktop.display().map(str::to_owned));
    let plan = Plan::new(&stream)?;
    let (plans, new_plans) = mpsc::channel(1);
    tracing::info!("{}", plan.summary());
    let parts = HostParts {
        listener,
        plan,
        input,
        access,
        serving: Serving {
            embedders: options.access.allow_embed,
            tls,
            most_per_address: options.signaling.max_connections_per_address as usize,
            folders,
        },
        disconnect_all: Arc::default(),
        new_plans,
    };
    let config = HostConfig {
        desktop: desktop.address(),
        session: SessionConfig {
            policy: Policy {
                clipboard: ClipboardPolicy::named(&options.files.clipboard).unwrap_or_default(),
                uploads: parts.serving.folders.uploads.is_some(),
                downloads: parts.serving.folders.downloads.is_some(),
            },
            client: pinned(options.client),
            ..signaling::session(&options.signaling)
        },
        turn_secret: options
            .signaling
            .turn_secret_file
            .as_deref()
            .map(TurnSecret::read)
            .transpose()
            .map_err(anyhow::Error::new)?,
        names: names(options.allow_host),
        origins: options.allow_origin,
        local: LocalRights {
            priority: options.access.local_priority.map(Duration::from_secs),
            panic_key: options.access.panic_key,
        },
        confirms: options.access.confirm,
        max_connections: options.signaling.max_connections as usize,
        limits: SessionLimits {
            idle: options.access.idle_timeout.map(|time| time.0),
            longest: options.access.max_session.map(|time| time.0),
        },
        fps,
        bitrate_kbps,
        remote_signaling: signaling::remote_signaling(options.signaling),
    };
    serve(config, parts, desktop, &announcement, Reload { stream, plans })
}

/// The reload of the pipeline files.
struct Reload {
    stream: StreamOptions,
    plans: mpsc::Sender<Plan>,
}

impl Reload {
    /// Reads the files, and sends the new plan to the host. Errors are logged.
    async fn send_plan(stream: StreamOptions, plans: mpsc::Sender<Plan>) {
        match tokio::task::spawn_blocking(move || Plan::new(&stream)).await {
            Ok(Ok(plan)) => drop(plans.send(plan).await),
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot use the new pipeline files; keeping the old pipelines")
            }
            Err(error) => tracing::error!(%error, "cannot read the pipeline files"),
        }
    }
}

/// The host names that are accepted: those of the option, and that of the machine, also in mDNS.
fn names(mut allowed: Vec<String>) -> Vec<String> {
    let own = signaling::machine_name();
    allowed.extend([format!("{own}.local"), own]);
    allowed
}

/// The settings of the page that are fixed. The last value of a setting counts.
fn pinned(settings: Vec<ClientSetting>) -> serde_json::Map<String, serde_json::Value> {
    let pairs = settings.into_iter();
    pairs
        .map(|setting| (setting.name.to_owned(), setting.value))
        .collect()
}

/// What is streamed.
enum Desktop {
    /// A display that was there already.
    Existing(String),
    /// A private X server of ours.
    Virtual(VirtualDisplay),
    /// Something without a display.
    None,
}

impl Desktop {
    fn open(options: &RunOptions) -> Result<Self, Failure> {
        if let Some(size) = options.virtual_size {
            let command = options.program.clone();
            let display = VirtualDisplay::start(VirtualOptions {
                width: size.width,
                height: size.height,
                command,
            })
            .map_err(|error| Failure::Display(error.to_string()))?;
            process::set_display(display.display(), Some(display.xauthority()));
            return Ok(Self::Virtual(display));
        }
        let wanted = needs_display(&options.stream);
        // A display that merely happens to be there is not acted on when something else is shown.
        let present = || display_in_environment().filter(|_| wanted);
        match options.display.clone().or_else(present) {
            Some(display) => {
                if options.display.is_none() && std::env::var_os("WAYLAND_DISPLAY").is_some() {
                    tracing::warn!(
                        "this is a Wayland session: only what X11 programs show is captured. With --virtual deskbeam \
                         starts a desktop of its own."
                    );
                }
                process::set_display(&display, None);
                Ok(Self::Existing(display))
            }
            None if wanted => Err(Failure::Display(no_display())),
            None => Ok(Self::None),
        }
    }

    fn address(&self) -> Option<DesktopAddress> {
        let display = self.display()?.to_owned();
        let cookie = match self {
            Self::Virtual(display) => Some(*display.cookie()),
            _ => None,
        };
        Some(DesktopAddress { display, cookie })
    }

    fn display(&self) -> Option<&str> {
        match self {
            Self::Existing(display) => Some(display),
            Self::Virtual(display) => Some(display.display()),
            Self::None => None,
        }
    }
}

/// Whether what is captured is an X display, by name or in a text.
fn needs_display(stream: &StreamArguments) -> bool {
    let names_source = |text: &str| {
        ["deskbeamx11src", "ximagesrc"]
            .iter()
            .any(|name| text.contains(name))
    };
    match &stream.pipeline {
        Some(text) => names_source(text),
        None => matches!(stream.capture.as_str(), "auto" | "x11" | "ximage") || names_source(&stream.capture),
    }
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

fn display_in_environment() -> Option<String> {
    std::env::var("DISPLAY")
        .ok()
        .filter(|display| !display.is_empty())
}

/// Checks that there is a display for the options about the local user, and a program that shows dialogs.
fn check_local(access: &AccessArguments, desktop: &Desktop) -> Result<(), Failure> {
    let wanted = [
        (access.confirm, "--confirm"),
        (access.local_priority.is_some(), "--local-priority"),
        (access.panic_key.is_some(), "--panic-key"),
    ];
    let wanted = wanted.iter().find(|(is_wanted, _)| *is_wanted);
    if let (Some((_, flag)), Desktop::None) = (wanted, desktop) {
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

fn input_backend(display: Option<&str>, blocked: Vec<Chord>) -> Result<Box<dyn Backend>, Failure> {
    let Some(display) = display else {
        tracing::info!("there is no display: pointer and keyboard input is discarded");
        return Ok(Box::new(Discard));
    };
    match X11Backend::connect(Some(display), None) {
        Ok(backend) => Ok(Box::new(backend.without(blocked))),
        Err(error) => Err(Failure::Display(error.to_string())),
    }
}

/// The connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        // The queue of the standard library is short: of many clients at once, some would have to retry after a second.
        rustix::net::listen(&listener, BACKLOG)?;
        Ok(listener)
    });
    bound.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::Port(format!(
            "another program already listens on {address}. Choose another port with --listen; \
             --listen {} takes a free one.",
            SocketAddr::new(address.ip(), 0)
        )),
        _ => Failure::Runtime(anyhow::Error::new(error).context(format!("cannot listen on {address}"))),
    })
}

/// Serves until a signal arrives or the command of the virtual desktop ends.
fn serve(
    config: HostConfig,
    mut parts: HostParts,
    desktop: Desktop,
    announcement: &Announcement,
    reload: Reload,
) -> Result<(), Failure> {
    let is_open = parts.access.mode() == "none";
    let address = parts
        .listener
        .local_addr()
        .context("the listener has no address")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        let shutdown = shutdown::on_signal().context("cannot catch signals")?;
        shutdown::on_hangup(move || Reload::send_plan(reload.stream.clone(), reload.plans.clone()))
            .context("cannot catch signals")?;
        parts.disconnect_all = shutdown::on_cut_off().context("cannot catch signals")?;
        end_with_desktop(&desktop, &shutdown);
        announce(address, announcement, parts.serving.tls.as_ref());
        if !address.ip().is_loopback() && is_open {
            tracing::warn!("--auth none: everyone who can reach {address} can see and control this desktop");
        }
        host::run(config, parts, shutdown).await
    });
    runtime.shutdown_background();
    let lost = match &desktop {
        Desktop::Virtual(display) => {
            matches!(display.end().wait_timeout(Duration::ZERO), Some(Ended::Server(_)))
        }
        _ => false,
    };
    drop(desktop);
    result?;
    if lost {
        return Err(Failure::Display(
            "the X server of the virtual desktop ended unexpectedly".to_owned(),
        ));
    }
    Ok(())
}

/// Cancels `shutdown` when the command or the X server of a virtual desktop ends.
fn end_with_desktop(desktop: &Desktop, shutdown: &CancellationToken) {
    let Desktop::Virtual(display) = desktop else {
        return;
    };
    let (end, shutdown) = (display.end(), shutdown.clone());
    tokio::task::spawn_blocking(move || {
        match end.wait() {
            Ended::Command(status) => tracing::info!(%status, "the command of the virtual desktop ended"),
            Ended::Server(status) => {
                tracing::error!(%status, "the X server of the virtual desktop ended")
            }
            Ended::Stopped => return,
        }
        shutdown.cancel();
    });
}
