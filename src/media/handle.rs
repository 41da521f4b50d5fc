//! What the rest of the program holds of the media side: a [`Media`], its [`MediaHandle`]s, and a [`PeerHandle`] for
//! each peer. All of them send commands to the main loop.

use std::task::{Context, Poll};
use std::time::Duration;

use super::pipeline::plan::Plan;
use super::runtime::mailbox::{
    Delivery, Mailbox, MailboxSender, PendingReply, WeakMailboxSender, mailbox, reply,
};
use super::runtime::main_loop;
use super::runtime::peer_id::PeerId;
use super::serve::{Command, serve};
use super::source::lifecycle::CaptureEvents;
use super::source::region::Region;
use super::webrtc::messages::{EVENTS, PEER_COMMANDS, PeerCommand, PeerEvent, PeerOptions};
use super::webrtc::stats::PeerStats;

/// Commands that wait for the main loop.
const COMMANDS: usize = 64;
/// The time that a peer may take to tell its statistics.
const STATS: Duration = Duration::from_secs(1);

/// The media side of a host. Dropping it (with its handles) takes everything down; [`Media::stop`] waits for that.
#[derive(Debug)]
pub struct Media {
    handle: MediaHandle,
    done: PendingReply<()>,
}

/// Makes peers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaHandle {
    commands: MailboxSender<Command>,
}

/// One peer. Dropping it closes the peer; [`PeerHandle::closed`] waits until that is done.
#[derive(Debug)]
pub struct PeerHandle {
    commands: MailboxSender<PeerCommand>,
    events: Mailbox<PeerEvent>,
}

/// The peer no longer takes commands: it has failed or stalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerGone;

impl Media {
    /// Starts the media side. The thread of the main loop is started once a process and then serves all.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(plan: Plan) -> std::io::Result<Self> {
        main_loop::start()?;
        let (commands, receiver) = mailbox(COMMANDS);
        let (finished, done) = reply();
        let lost = commands.downgrade();
        let captures = move || {
            CaptureEvents::new(move |generation, reason| {
                lost.send(Command::CaptureLost { generation, reason });
            })
        };
        glib::MainContext::default().invoke(move || {
            glib::MainContext::default().spawn_local(async move {
                serve(plan, receiver, captures()).await;
                finished.send(());
            });
        });
        Ok(Self {
            handle: MediaHandle { commands },
            done,
        })
    }

    /// The handle that makes peers.
    pub fn handle(&self) -> &MediaHandle {
        &self.handle
    }

    /// Ends when all peers and the capture are down. All other handles must have been dropped.
    pub async fn stop(self) {
        drop(self.handle);
        self.done.received().await;
    }
}

impl MediaHandle {
    /// Makes a peer. Every failure comes as [`PeerEvent::Failed`].
    pub async fn open_peer(&self, id: PeerId, options: PeerOptions) -> PeerHandle {
        let (commands, command_receiver) = mailbox(PEER_COMMANDS);
        let (events, event_receiver) = mailbox(EVENTS);
        let open = Command::OpenPeer {
            id,
            options,
            commands: command_receiver,
            events,
        };
        // Without a main loop the channels close, and the handle says so.
        self.commands.send_when_free(open).await;
        PeerHandle {
            commands,
            events: event_receiver,
        }
    }

    /// Encodes as `plan` says from now on. The viewers go on watching; if something of the plan does not work,
    /// everything stays as it is.
    ///
    /// # Errors
    /// A sentence that says what does not work.
    pub async fn reload(&self, plan: Plan) -> Result<(), String> {
        let (done, outcome) = reply();
        let plan = Box::new(plan);
        self.commands.send_when_free(Command::Reload { plan, done }).await;
        outcome
            .received()
            .await
            .unwrap_or_else(|| Err("the host is going down".to_owned()))
    }

    /// Draws the pointer into the frames, or not, for all viewers.
    pub async fn set_pointer(&self, visible: bool) {
        self.commands.send_when_free(Command::Pointer(visible)).await;
    }

    /// Shows this part of the screen alone from now on, to all viewers; `None`: all of it. Only where
    /// [`Plan::shows_regions`].
    pub async fn set_region(&self, region: Option<Region>) {
        self.commands.send_when_free(Command::Region(region)).await;
    }

    /// Skips one frame, for all viewers, since a display is one behind.
    pub async fn skip_frame(&self) {
        self.commands.send_when_free(Command::SkipFrame).await;
    }

    /// Captures at `fps` frames per second from now on, for all viewers; 1 to 240.
    pub async fn set_framerate(&self, fps: u32) {
        self.commands
            .send_when_free(Command::Framerate(fps.clamp(1, 240)))
            .await;
    }
}

impl PeerHandle {
    /// Waits for the peer's next event; `None` once it is down.
    pub async fn event(&mut self) -> Option<PeerEvent> {
        self.events.next().await
    }

    /// The same as [`event`](Self::event), to wait for several peers at once.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<PeerEvent>> {
        self.events.poll_next(cx)
    }

    /// Gives the viewer's SDP answer to the peer. The outcome comes as an event.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn apply_answer(&self, sdp: String) -> Result<(), PeerGone> {
        self.command(PeerCommand::Answer(sdp))
    }

    /// Gives one of the viewer's candidates to the peer; empty for the end of them.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn add_candidate(&self, candidate: String, sdp_m_line_index: u32) -> Result<(), PeerGone> {
        self.command(PeerCommand::Candidate {
            candidate,
            sdp_m_line_index,
        })
    }

    /// Sends a message on the data channel. While the channel is not open it is dropped; while it is congested the
    /// last few wait.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn send_message(&self, message: String) -> Result<(), PeerGone> {
        self.command(PeerCommand::Message(message))
    }

    /// Encodes at `kbps` kbit/s from now on; 50 to 500,000.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn set_bitrate(&self, kbps: u32) -> Result<(), PeerGone> {
        self.command(PeerCommand::Bitrate {
            kbps: kbps.clamp(50, 500_000),
        })
    }

    /// Asks the encoder for a key frame.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn request_key_frame(&self) -> Result<(), PeerGone> {
        self.command(PeerCommand::KeyFrame)
    }

    /// Makes a sender of messages for use elsewhere. It does not keep the peer.
    pub fn messenger(&self) -> Messenger {
        Messenger(self.commands.downgrade())
    }

    /// Measures now; nothing, if the peer does not answer within a second.
    pub fn stats(&self) -> impl Future<Output = PeerStats> + Send + 'static {
        let (reply, stats) = reply();
        let asked = self.command(PeerCommand::Stats(reply));
        async move {
            match asked {
                Ok(()) => stats.within(STATS).await.unwrap_or_default(),
                Err(PeerGone) => PeerStats::default(),
            }
        }
    }

    /// Sends no video for a while, and goes on with a key frame.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn set_paused(&self, paused: bool) -> Result<(), PeerGone> {
        self.command(PeerCommand::Pause(paused))
    }

    /// Closes the peer and ends when it is down.
    pub async fn closed(mut self) {
        drop(self.commands);
        while self.events.next().await.is_some() {}
    }

    fn command(&self, command: PeerCommand) -> Result<(), PeerGone> {
        match self.commands.send(command) {
            Delivery::Queued => Ok(()),
            Delivery::Full | Delivery::Closed => Err(PeerGone),
        }
    }
}

/// Sends messages to one peer, as [`PeerHandle::send_message`] does, while there is the peer.
#[derive(Debug, Clone)]
pub struct Messenger(WeakMailboxSender<PeerCommand>);

impl Messenger {
    /// Sends a message on the data channel.
    pub fn send_message(&self, message: String) {
        self.0.send(PeerCommand::Message(message));
    }
}
