//! `deskbeam run`: from the options to a running host.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;

use crate::access::TurnSecret;
use crate::host::{self, HostConfig, HostParts, LocalRights, RelayUse, SessionLimits};
use crate::media::{self, Plan, StreamOptions};
use crate::protocol::role::{ClipboardPolicy, Policy};
use crate::session::SessionConfig;
use crate::shutdown;
use crate::web::Serving;

use crate::cli::access::Announcement;
use crate::cli::announce::announce;
use crate::cli::client_setting::ClientSetting;
use crate::cli::failure::Failure;
use crate::cli::options::RunOptions;
use crate::cli::platform::{Platform, display_in_environment};
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
    let address = options.listen.address;
    let (access, announcement) = access::access(&options.access, address)?;
    let tls = tls::tls(options.tls.clone(), address)?;
    let folders = files::folders(&options.files)?;
    let listener = listen(address)?;
    let platform = Platform::open(&options)?;
    platform.check_local_user(&options.access)?;
    let input = platform.input(options.access.block_keys.clone())?;
    let (fps, bitrate_kbps) = (options.stream.fps, options.stream.bitrate);
    let stream = options.stream.into_options(platform.display().map(str::to_owned));
    let plan = Plan::for_display(&stream)?;
    let (plans, new_plans) = mpsc::channel(1);
    tracing::info!("{}", plan.summary());
    process::check_file_limit(options.signaling.max_connections as usize)?;
    let parts = HostParts {
        listener,
        plan,
        input,
        desktop: platform.desktop(options.files.primary),
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
        relay: RelayUse::named(&options.signaling.relay).unwrap_or(RelayUse::On),
        names: names(options.allow_host, options.listen.name),
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
    serve(config, parts, platform, &announcement, Reload { stream, plans })
}

/// The reload of the pipeline files.
struct Reload {
    stream: StreamOptions,
    plans: mpsc::Sender<Plan>,
}

impl Reload {
    /// Reads the files, and sends the new plan to the host. Errors are logged.
    async fn send_plan(stream: StreamOptions, plans: mpsc::Sender<Plan>) {
        // If the display is away, the capture waits for it.
        let plan = move || Plan::for_display(&stream).or_else(|_| Plan::new(&stream));
        match tokio::task::spawn_blocking(plan).await {
            Ok(Ok(plan)) => drop(plans.send(plan).await),
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot use the new pipeline files; keeping the old pipelines")
            }
            Err(error) => tracing::error!(%error, "cannot read the pipeline files"),
        }
    }
}

/// The host names that are accepted: those of the options, and that of the machine, also in mDNS.
fn names(mut allowed: Vec<String>, listen: Option<String>) -> Vec<String> {
    let own = signaling::machine_name();
    allowed.extend(listen);
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
    parts: HostParts,
    platform: Platform,
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
        shutdown::notify_disconnect_all(Arc::clone(&parts.disconnect_all)).context("cannot catch signals")?;
        platform.cancel_at_end(&shutdown);
        announce(address, announcement, parts.serving.tls.as_ref());
        if !address.ip().is_loopback() && is_open {
            tracing::warn!("--auth none: everyone who can reach {address} can see and control this desktop");
        }
        host::run(config, parts, shutdown).await
    });
    runtime.shutdown_background();
    let closed = platform.close();
    result?;
    closed
}
