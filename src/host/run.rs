//! The life of a host: its parts are put together, serve, and are taken down.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::Api;
use super::config::{HostConfig, HostParts};
use super::context::{ControlContext, DesktopContext, HostContext, MediaContext, Numbers, PeopleContext};
use super::control::consent::Consent;
use super::control::expiry::{self, Expiry};
use super::control::lease::ControlLease;
use super::control::local_user;
use super::control::suspend::SuspendDetector;
use super::desktop::cursor_overlay::CursorOverlay;
use super::desktop::events::{self, DesktopFeatures};
use super::desktop::handle::DesktopHandle;
use super::desktop::latency_marker::LatencyMarker;
use super::desktop::remote_cursors::RemoteCursors;
use super::desktop::{grab, views};
use super::registry::Registry;
use super::signaling_client;
use super::whep_sessions::WhepSessions;
use crate::access::Access;
use crate::clock::steady_ms;
use crate::desktop::Desktop;
use crate::input::Injector;
use crate::media::{Media, MediaHandle, Plan};
use crate::protocol::role::{Permission, Role};
use crate::quota::Places;
use crate::web;

/// The time that the viewers have to leave when the host ends.
const LEAVE: Duration = Duration::from_millis(1500);
/// The time that the pipelines have after that.
const STOP: Duration = Duration::from_secs(1);

/// Serves viewers until `shutdown`, then releases all input, closes all peers and returns, within 3 s.
///
/// # Errors
/// If a thread cannot be started or the listener cannot be used.
pub async fn run(config: HostConfig, parts: HostParts, shutdown: CancellationToken) -> anyhow::Result<()> {
    let injector = Injector::start(parts.input).context("cannot start the input thread")?;
    let encoder = parts.plan.encoder_name().into();
    let has_parts = parts.plan.shows_regions();
    let media = Media::start(parts.plan).context("cannot start the media thread")?;
    let media_context = MediaContext {
        handle: media.handle().clone(),
        fps: Arc::new(AtomicU32::new(config.fps)),
        encoder,
    };
    let features = DesktopFeatures {
        sends_clipboard: config.session.policy.allows(Permission::ClipboardRead),
        has_parts,
    };
    let (desktop, desktop_events) = events::open(&*parts.desktop, features, injector.handle());
    let desktop_context = DesktopContext {
        handle: desktop,
        input: injector.handle(),
        cursor_overlay: CursorOverlay::new(),
        remote_cursors: RemoteCursors::default(),
        latency_marker: LatencyMarker::default(),
    };
    let context = build(config, parts.access, desktop_context, media_context, &shutdown);
    spawn_helpers(&context, parts.disconnect_all, parts.desktop);
    context.spawn(desktop_events.follow(context.desktop.handle.clone()));
    context.spawn(reload(
        parts.new_plans,
        context.media.handle.clone(),
        context.desktop.handle.clone(),
    ));
    let (tasks, desktop) = (context.tasks.clone(), context.desktop.handle.clone());
    let relay = context.people.relay.clone();
    let api = Arc::new(Api::new(context));
    let served = web::serve(parts.listener, api, parts.serving, relay, shutdown.clone())
        .await
        .context("the web server has failed");
    // The server may also have ended by itself.
    shutdown.cancel();
    take_down(tasks, injector, media, desktop).await;
    served
}

/// Puts together what the tasks share.
fn build(
    config: HostConfig,
    access: Access,
    desktop: DesktopContext,
    media: MediaContext,
    shutdown: &CancellationToken,
) -> HostContext {
    HostContext {
        people: PeopleContext {
            access: Arc::new(access),
            consent: config.confirms.then(Consent::new),
            registry: Registry::new(),
            whep_sessions: WhepSessions::default(),
            places: Places::new(config.max_connections, config.max_connections / 2),
            relay: config.relay.relay(),
        },
        control: ControlContext {
            lease: ControlLease::new(),
            suspend: SuspendDetector::new(steady_ms()),
        },
        desktop,
        media,
        tasks: TaskTracker::new(),
        shutdown: shutdown.clone(),
        numbers: Numbers::new(),
        config: Arc::new(config),
    }
}

/// Spawns the tasks that run beside those of the viewers, until the host ends.
fn spawn_helpers(context: &HostContext, disconnect_all: Arc<Notify>, local_desktop: Arc<dyn Desktop>) {
    let HostContext {
        config,
        people,
        control,
        desktop,
        media,
        ..
    } = context.clone();
    let signaling_end = CancellationToken::new();
    if let Some(server) = config.remote_signaling.clone() {
        let registered = signaling_client::stay_registered(context.clone(), server, signaling_end.clone());
        // It takes leave of the server when the host ends.
        context.tasks.spawn(registered);
    }
    let notify = Arc::clone(&disconnect_all);
    context.spawn(local_user::watch(
        local_desktop,
        config.local,
        control.lease,
        notify,
    ));
    let views = desktop.handle.views();
    context.spawn(views::follow(views, media.handle.clone(), desktop.input.clone()));
    context.spawn(desktop.cursor_overlay.follow(media.handle));
    context.spawn(control.suspend.keep());
    context.spawn(grab::follow_cursor(desktop.handle, desktop.input.pointer_grab()));
    let expiry = Expiry::new(Arc::clone(&people.access), config.limits);
    let consent = people.consent.clone();
    let end_all = move || {
        signaling_end.cancel();
        // The local user who disconnects everybody is asked again.
        consent.as_ref().inspect(|consent| consent.forget());
    };
    let sweep = move |expiry: &Expiry| {
        let registry = &people.registry;
        registry.disconnect_if(|grant, clock| expiry.reason(grant, grant.role, clock));
        // A player only looks, whatever its role.
        let is_over = |grant: &_, clock: &_| expiry.reason(grant, Role::View, clock).is_some();
        people.whep_sessions.close_if(is_over);
    };
    context.spawn(expiry::watch(expiry, disconnect_all, end_all, sweep));
}

/// Gives new plans to the media side, one at a time.
async fn reload(mut plans: mpsc::Receiver<Plan>, media: MediaHandle, desktop: DesktopHandle) {
    while let Some(plan) = plans.recv().await {
        let has_parts = plan.shows_regions();
        match media.reload(plan).await {
            Ok(()) => {
                tracing::info!("pipelines reloaded");
                desktop.set_has_parts(has_parts);
            }
            Err(reason) => tracing::error!(%reason, "the new pipelines do not work: the old ones stay"),
        }
    }
}

/// Waits for the viewers to leave, then stops the threads and gives the display back as it was.
async fn take_down(tasks: TaskTracker, injector: Injector, media: Media, desktop: DesktopHandle) {
    tasks.close();
    if timeout(LEAVE, tasks.wait()).await.is_err() {
        tracing::warn!(tasks = tasks.len(), "some viewers have not left in time");
    }
    let released = tokio::task::spawn_blocking(move || {
        injector.stop();
        desktop.close();
    });
    let stopped = async { tokio::join!(released, media.stop()) };
    if timeout(STOP, stopped).await.is_err() {
        tracing::warn!("some pipelines have not stopped in time");
    }
}
