//! The handles to the media layer for the rest of the program: a [`Media`], its [`MediaHandle`]s, and a [`PeerHandle`]
//! for each peer. All of them send commands to the main loop.

use std::task::{Context, Poll};
use std::time::Duration;

use super::pipeline::plan::Plan;
use super::runtime::mailbox::{
    Mailbox, MailboxSender, PendingReply, Sent, WeakMailboxSender, mailbox, reply,
};
use super::runtime::main_loop;
use super::runtime::peer_id::PeerId;
use super::serve::{Command, serve};
use super::source::lifecycle::CaptureEvents;
use super::source::region::Region;
use super::webrtc::messages::{EVENTS, PEER_COMMANDS, PeerCommand, PeerEvent, PeerOptions};
use super::webrtc::stats::PeerStats;

/// Capacity of the main loop's command queue.
const COMMANDS: usize = 64;
/// Timeout of a peer's statistics.
const STATS: Duration = Duration::from_secs(1);

/// The media layer of a host. Dropping it and its handles shuts everything down; [`Media::stop`] waits for that.
#[derive(Debug)]
pub struct Media {
    handle: MediaHandle,
    done: PendingReply<()>,
}

/// Opens peers and changes the shared streams. Cheap to clone.
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

/// Error: the peer no longer takes commands, because it has failed or stalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerGone;

impl Media {
    /// Starts the media layer. The main loop's thread starts once per process and is shared.
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

    /// Returns the handle that opens peers.
    pub fn handle(&self) -> &MediaHandle {
        &self.handle
    }

    /// Waits until all peers and the capture are down. All other handles must have been dropped.
    pub async fn stop(self) {
        drop(self.handle);
        self.done.received().await;
    }
}

impl MediaHandle {
    /// Opens a peer. Every failure is reported as [`PeerEvent::Failed`].
    pub async fn open_peer(&self, id: PeerId, options: PeerOptions) -> PeerHandle {
        let (commands, command_receiver) = mailbox(PEER_COMMANDS);
        let (events, event_receiver) = mailbox(EVENTS);
        let open = Command::OpenPeer {
            id,
            options,
            commands: command_receiver,
            events,
        };
        // Without a main loop the channels close, and the handle reports that.
        self.commands.send_when_free(open).await;
        PeerHandle {
            commands,
            events: event_receiver,
        }
    }

    /// Switches to `plan`. Viewers keep watching; if any part of the plan does not work, everything stays as it is.
    ///
    /// # Errors
    /// A sentence that names the part that does not work.
    pub async fn reload(&self, plan: Plan) -> Result<(), String> {
        let (done, outcome) = reply();
        let plan = Box::new(plan);
        self.commands.send_when_free(Command::Reload { plan, done }).await;
        outcome
            .received()
            .await
            .unwrap_or_else(|| Err("the host is shutting down".to_owned()))
    }

    /// Shows or hides the pointer in the captured frames, for all viewers.
    pub async fn set_pointer(&self, visible: bool) {
        self.commands.send_when_free(Command::Pointer(visible)).await;
    }

    /// Restricts the capture to a region of the screen, for all viewers; `None` captures the whole screen. Requires
    /// [`Plan::shows_regions`].
    pub async fn set_region(&self, region: Option<Region>) {
        self.commands.send_when_free(Command::Region(region)).await;
    }

    /// Skips one frame for all viewers, because a viewer's display is one frame behind.
    pub async fn skip_frame(&self) {
        self.commands.send_when_free(Command::SkipFrame).await;
    }

    /// Sets the capture's frame rate for all viewers, in frames per second; clamped to 1 to 240.
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

    /// Polls for the next event, as [`event`](Self::event) does, to wait for several peers at once.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<PeerEvent>> {
        self.events.poll_next(cx)
    }

    /// Passes the viewer's SDP answer to the peer. The outcome is reported as an event.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn apply_answer(&self, sdp: String) -> Result<(), PeerGone> {
        self.command(PeerCommand::Answer(sdp))
    }

    /// Passes one of the viewer's ICE candidates to the peer; an empty one marks the end of candidates.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn add_candidate(&self, candidate: String, sdp_m_line_index: u32) -> Result<(), PeerGone> {
        self.command(PeerCommand::Candidate {
            candidate,
            sdp_m_line_index,
        })
    }

    /// Sends a message on the data channel. It is dropped while the channel is not open; while the channel is
    /// congested, the newest messages are queued.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn send_message(&self, message: String) -> Result<(), PeerGone> {
        self.command(PeerCommand::Message(message))
    }

    /// Sets the video bitrate, in kbit/s; clamped to 50 to 500,000.
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

    /// Returns a sender of messages for use elsewhere. It does not keep the peer alive.
    pub fn messenger(&self) -> Messenger {
        Messenger(self.commands.downgrade())
    }

    /// Collects the peer's statistics; they are empty if the peer does not answer within a second.
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

    /// Pauses or resumes the video. It resumes with a key frame.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn set_paused(&self, paused: bool) -> Result<(), PeerGone> {
        self.command(PeerCommand::Pause(paused))
    }

    /// Closes the peer and waits until it is down.
    pub async fn closed(mut self) {
        drop(self.commands);
        while self.events.next().await.is_some() {}
    }

    fn command(&self, command: PeerCommand) -> Result<(), PeerGone> {
        match self.commands.send(command) {
            Sent::Queued => Ok(()),
            Sent::Full | Sent::Closed => Err(PeerGone),
        }
    }
}

/// Sends messages to one peer, as [`PeerHandle::send_message`] does, as long as the peer exists.
#[derive(Debug, Clone)]
pub struct Messenger(WeakMailboxSender<PeerCommand>);

impl Messenger {
    /// Sends a message on the data channel.
    pub fn send_message(&self, message: String) {
        self.0.send(PeerCommand::Message(message));
    }
}
