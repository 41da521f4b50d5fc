//! What the main loop does for the handles of a host.

use std::rc::Rc;

use super::pipeline::plan::Plan;
use super::runtime::mailbox::{Command, Inbox, Mailbox, WeakMailboxSender};
use super::share::pool::EncoderPool;
use super::source::lifecycle::CaptureEvents;
use super::webrtc::messages::Signal;
use super::webrtc::peer;

/// Starts the peers, until all handles are gone and everything is down.
pub(super) async fn serve(plan: Plan, mut commands: Mailbox<Command>, reports: CaptureEvents) {
    let pool = EncoderPool::new(Rc::new(plan), reports);
    let warming = Rc::clone(&pool);
    glib::MainContext::default().spawn_local(async move { warming.warm_up().await });
    let mut peers: Vec<(WeakMailboxSender<Signal>, glib::JoinHandle<()>)> = Vec::new();
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
                let (pool, alive) = (Rc::clone(&pool), signals.downgrade());
                let task = peer::run(id, pool, options, signals, inbox, events);
                peers.push((alive, glib::MainContext::default().spawn_local(task)));
            }
            Command::Framerate(fps) => pool.change(|settings| settings.fps = Some(fps)),
            Command::Region(region) => pool.change(|settings| settings.region = region),
            Command::LeaveOut => pool.leave_out(),
            Command::Pointer(visible) => pool.change(|settings| settings.pointer = Some(visible)),
            Command::Reload { plan, done } => {
                let pool = Rc::clone(&pool);
                glib::MainContext::default().spawn_local(async move {
                    let _ = done.send(pool.reload(*plan).await);
                });
            }
            Command::CaptureLost { generation, reason } => pool.capture_lost(generation, &reason),
        }
    }
    for (_, task) in peers {
        let _ = task.await;
    }
    // The X server may be ended next, and libX11 ends a process whose server is gone.
    pool.close().await;
}
