//! What the main loop does for the handles of a host.

use std::rc::Rc;

use super::pipeline::plan::Plan;
use super::runtime::mailbox::{Command, Inbox, Mailbox, WeakPost};
use super::share::pool::Studio;
use super::source::lifecycle::CaptureReports;
use super::webrtc::messages::Signal;
use super::webrtc::peer;

/// Starts the peers, until all handles are gone and everything is down.
pub(super) async fn serve(plan: Plan, mut commands: Mailbox<Command>, reports: CaptureReports) {
    let studio = Studio::new(Rc::new(plan), reports);
    let warming = Rc::clone(&studio);
    glib::MainContext::default().spawn_local(async move { warming.warm_up().await });
    let mut peers: Vec<(WeakPost<Signal>, glib::JoinHandle<()>)> = Vec::new();
    while let Some(command) = commands.next().await {
        peers.retain(|(signals, _)| signals.is_open());
        match command {
            Command::OpenPeer {
                id,
                options,
                commands,
                events,
            } => {
                let (inbox, signals) = Inbox::new(commands);
                let (studio, alive) = (Rc::clone(&studio), signals.downgrade());
                let task = peer::run(id, studio, options, signals, inbox, events);
                peers.push((alive, glib::MainContext::default().spawn_local(task)));
            }
            Command::Framerate(fps) => studio.change(|settings| settings.fps = Some(fps)),
            Command::Region(region) => studio.change(|settings| settings.region = region),
            Command::LeaveOut => studio.leave_out(),
            Command::Pointer(visible) => studio.change(|settings| settings.pointer = Some(visible)),
            Command::Reload { plan, done } => {
                let studio = Rc::clone(&studio);
                glib::MainContext::default().spawn_local(async move {
                    let _ = done.send(studio.reload(*plan).await);
                });
            }
            Command::CaptureLost { generation, reason } => studio.capture_lost(generation, &reason),
        }
    }
    for (_, task) in peers {
        let _ = task.await;
    }
    // The X server may be ended next, and libX11 ends a process whose server is gone.
    studio.close().await;
}
