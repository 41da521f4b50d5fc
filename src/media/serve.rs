//! The main loop's end of the handles: it receives their commands.

use std::rc::Rc;

use super::pipeline::plan::Plan;
use super::runtime::mailbox::{Mailbox, MailboxSender, Reply, WeakMailboxSender};
use super::runtime::peer_id::PeerId;
use super::share::pool::EncoderPool;
use super::source::lifecycle::CaptureEvents;
use super::source::region::Region;
use super::webrtc::messages::{Inbox, PeerCommand, PeerEvent, PeerOptions, Signal};
use super::webrtc::peer;

/// A command of a handle or a capture to the main loop.
pub(super) enum Command {
    OpenPeer {
        id: PeerId,
        options: PeerOptions,
        commands: Mailbox<PeerCommand>,
        events: MailboxSender<PeerEvent>,
    },
    CaptureLost {
        generation: u64,
        reason: String,
    },
    Framerate(u32),
    Pointer(bool),
    Region(Option<Region>),
    SkipFrame,
    Reload {
        plan: Box<Plan>,
        done: Reply<Result<(), String>>,
    },
}

/// Runs the pool and the peers until all handles are dropped and everything is down.
pub(super) async fn serve(plan: Plan, mut commands: Mailbox<Command>, captures: CaptureEvents) {
    let pool = EncoderPool::new(Rc::new(plan), captures);
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
            Command::SkipFrame => pool.skip_frame(),
            Command::Pointer(visible) => pool.change(|settings| settings.pointer = Some(visible)),
            Command::Reload { plan, done } => {
                let pool = Rc::clone(&pool);
                glib::MainContext::default().spawn_local(async move {
                    done.send(pool.reload(*plan).await);
                });
            }
            Command::CaptureLost { generation, reason } => pool.capture_lost(generation, &reason),
        }
    }
    for (_, task) in peers {
        let _ = task.await;
    }
    // The X server may be stopped next, and libX11 exits a process whose server is gone.
    pool.close().await;
}
