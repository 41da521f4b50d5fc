//! Where tokio and glib meet: every channel across.
//!
//! - tokio → glib: a [`MediaHandle`] and each viewer's [`PeerHandle`] send commands through bounded channels, which
//!   futures on the main loop drain. A hop costs about 14 µs.
//! - GStreamer's threads → glib: callbacks send a [`Signal`] and return. The channel is bounded; full means that
//!   the peer's task has stalled, and the peer is given up.
//! - glib → tokio: each peer's own bounded channel of [`PeerEvent`]s; full means that nobody listens, and the peer
//!   is given up.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::main_loop;
use crate::media::pipeline::plan::Plan;
use crate::media::serve::serve;
use crate::media::source::lifecycle::CaptureEvents;
use crate::media::source::video::Region;
use crate::media::webrtc::messages::{PeerCommand, PeerEvent, PeerId, PeerInput, PeerOptions, Signal};
use crate::media::webrtc::stats::PeerStats;

/// Commands that wait for the main loop, and those that wait for one peer.
const COMMANDS: usize = 64;
/// Signals of GStreamer's that wait for one peer: its candidates are the most, a few per network address.
const SIGNALS: usize = 256;
/// Events of one peer that wait for its viewer's task.
const EVENTS: usize = 256;
/// How long the statistics of a peer may take.
const STATS: Duration = Duration::from_secs(1);

/// Where the answer to [`PeerCommand::Stats`] goes.
#[derive(Debug)]
pub(crate) struct StatsReply(oneshot::Sender<PeerStats>);

impl StatsReply {
    /// Answers. Nobody may be waiting any more.
    pub(crate) fn send(self, stats: PeerStats) {
        let _ = self.0.send(stats);
    }
}

/// What handles and captures ask of the main loop.
pub(crate) enum Command {
    OpenPeer {
        id: PeerId,
        options: PeerOptions,
        commands: mpsc::Receiver<PeerCommand>,
        events: EventSender,
    },
    CaptureLost {
        generation: u64,
        reason: String,
    },
    Framerate(u32),
    Pointer(bool),
    Region(Option<Region>),
    LeaveOut,
    Reload {
        plan: Box<Plan>,
        done: oneshot::Sender<Result<(), String>>,
    },
}

/// The media side of a host. Dropping it (with its handles) takes everything down; [`Media::stop`] waits for that.
#[derive(Debug)]
pub struct Media {
    handle: MediaHandle,
    done: oneshot::Receiver<()>,
}

/// Makes peers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MediaHandle {
    commands: mpsc::Sender<Command>,
}

/// One peer. Dropping it closes the peer; [`PeerHandle::closed`] waits until that is done.
#[derive(Debug)]
pub struct PeerHandle {
    commands: mpsc::Sender<PeerCommand>,
    events: mpsc::Receiver<PeerEvent>,
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
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (finished, done) = oneshot::channel();
        let weak = WeakMailboxSender(commands.downgrade());
        glib::MainContext::default().invoke(move || {
            glib::MainContext::default().spawn_local(async move {
                serve(plan, Mailbox(receiver), CaptureEvents::new(weak)).await;
                let _ = finished.send(());
            });
        });
        Ok(Self {
            handle: MediaHandle { commands },
            done,
        })
    }

    /// For making peers.
    pub fn handle(&self) -> &MediaHandle {
        &self.handle
    }

    /// Ends when all peers and the capture are down. All other handles must have been dropped.
    pub async fn stop(self) {
        drop(self.handle);
        let _ = self.done.await;
    }
}

impl MediaHandle {
    /// Makes a peer. Whatever goes wrong comes as [`PeerEvent::Failed`].
    pub async fn open_peer(&self, id: PeerId, options: PeerOptions) -> PeerHandle {
        let (commands, command_receiver) = mpsc::channel(COMMANDS);
        let (events, event_receiver) = mpsc::channel(EVENTS);
        let open = Command::OpenPeer {
            id,
            options,
            commands: command_receiver,
            events: EventSender(events),
        };
        // Without a main loop the channels close, and the handle says so.
        let _ = self.commands.send(open).await;
        PeerHandle {
            commands,
            events: event_receiver,
        }
    }

    /// Encodes as `plan` says from now on. Who watches goes on watching; if something of the plan does not work,
    /// everything stays as it is.
    ///
    /// # Errors
    /// A sentence that says what does not work.
    pub async fn reload(&self, plan: Plan) -> Result<(), String> {
        let (done, outcome) = oneshot::channel();
        let _ = self
            .commands
            .send(Command::Reload {
                plan: Box::new(plan),
                done,
            })
            .await;
        outcome
            .await
            .unwrap_or_else(|_| Err("the host is going down".to_owned()))
    }

    /// Draws the pointer into the picture, or not, for all viewers.
    pub async fn set_pointer(&self, visible: bool) {
        let _ = self.commands.send(Command::Pointer(visible)).await;
    }

    /// Shows this part of the screen alone from now on, to all viewers; `None`: all of it. Only where
    /// [`Plan::shows_regions`].
    pub async fn set_region(&self, region: Option<Region>) {
        let _ = self.commands.send(Command::Region(region)).await;
    }

    /// Leaves out one frame, for all viewers, since a display is one behind.
    pub async fn leave_out_frame(&self) {
        let _ = self.commands.send(Command::LeaveOut).await;
    }

    /// Captures at `fps` frames per second from now on, for all viewers; 1 to 240.
    pub async fn set_framerate(&self, fps: u32) {
        let _ = self.commands.send(Command::Framerate(fps.clamp(1, 240))).await;
    }
}

impl PeerHandle {
    /// What the peer says next; `None` once it is down.
    pub async fn event(&mut self) -> Option<PeerEvent> {
        self.events.recv().await
    }

    /// The same as [`event`](Self::event), for those who wait for several peers.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<PeerEvent>> {
        self.events.poll_recv(cx)
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

    /// For sending messages from elsewhere. It does not keep the peer.
    pub fn messenger(&self) -> Messenger {
        Messenger(self.commands.downgrade())
    }

    /// What is measured now; nothing, if the peer does not say within a second.
    pub fn stats(&self) -> impl Future<Output = PeerStats> + Send + 'static {
        let (reply, stats) = oneshot::channel();
        let asked = self.command(PeerCommand::Stats(StatsReply(reply)));
        async move {
            match (asked, tokio::time::timeout(STATS, stats).await) {
                (Ok(()), Ok(Ok(stats))) => stats,
                _ => PeerStats::default(),
            }
        }
    }

    /// Sends no picture for a while, and goes on with a key frame.
    ///
    /// # Errors
    /// If the peer is gone.
    pub fn set_paused(&self, paused: bool) -> Result<(), PeerGone> {
        self.command(PeerCommand::Pause(paused))
    }

    /// Closes the peer and ends when it is down.
    pub async fn closed(mut self) {
        drop(self.commands);
        while self.events.recv().await.is_some() {}
    }

    fn command(&self, command: PeerCommand) -> Result<(), PeerGone> {
        self.commands.try_send(command).map_err(|_| PeerGone)
    }
}

/// Sends messages to one peer, as [`PeerHandle::send_message`] does, while there is the peer.
#[derive(Debug, Clone)]
pub struct Messenger(mpsc::WeakSender<PeerCommand>);

impl Messenger {
    /// Sends a message on the data channel.
    pub fn send_message(&self, message: String) {
        if let Some(commands) = self.0.upgrade() {
            let _ = commands.try_send(PeerCommand::Message(message));
        }
    }
}

/// A peer's end of its viewer's events.
#[derive(Debug)]
pub(crate) struct EventSender(mpsc::Sender<PeerEvent>);

impl EventSender {
    /// Tells the viewer's task. False: nobody listens, or not fast enough.
    pub(crate) fn send(&self, event: PeerEvent) -> bool {
        self.0.try_send(event).is_ok()
    }
}

/// For callbacks on foreign threads: sends and returns.
#[derive(Debug, Clone)]
pub(crate) struct SignalSender(mpsc::Sender<Signal>);

impl SignalSender {
    /// For seeing whether anybody still sends.
    pub(crate) fn downgrade(&self) -> WeakMailboxSender<Signal> {
        WeakMailboxSender(self.0.downgrade())
    }

    /// Tells the peer's task. A full queue means that the task has stalled and will be given up anyway.
    pub(crate) fn send(&self, signal: Signal) {
        if let Err(mpsc::error::TrySendError::Full(signal)) = self.0.try_send(signal) {
            tracing::warn!(?signal, "a peer's task has stalled");
        }
    }
}

/// Everything that a peer's task waits for.
#[derive(Debug)]
pub(crate) struct Inbox {
    commands: mpsc::Receiver<PeerCommand>,
    signals: mpsc::Receiver<Signal>,
}

impl Inbox {
    /// For a peer that is given `commands`, and where its signals go.
    pub(crate) fn new(commands: mpsc::Receiver<PeerCommand>) -> (Self, SignalSender) {
        let (sender, signals) = mpsc::channel(SIGNALS);
        (Self { commands, signals }, SignalSender(sender))
    }

    /// The next command or signal.
    pub(crate) async fn next(&mut self) -> PeerInput {
        tokio::select! {
            signal = self.signals.recv() => signal.map_or(PeerInput::Closed, PeerInput::Signal),
            command = self.commands.recv() => command.map_or(PeerInput::Closed, PeerInput::Command),
        }
    }

    /// The next signal, whatever the viewer does.
    pub(crate) async fn next_signal(&mut self) -> Option<Signal> {
        self.signals.recv().await
    }
}

/// A bounded queue between tasks of the main loop, or from GStreamer's threads to one.
pub(crate) fn mailbox<T>(capacity: usize) -> (MailboxSender<T>, Mailbox<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (MailboxSender(sender), Mailbox(receiver))
}

/// The end that sends, and never waits.
#[derive(Debug)]
pub(crate) struct MailboxSender<T>(mpsc::Sender<T>);

impl<T> MailboxSender<T> {
    /// What finds the queue full is lost: then as much is waiting already.
    pub(crate) fn send(&self, value: T) {
        let _ = self.0.try_send(value);
    }
}

impl<T> Clone for MailboxSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// An end that sends while there are others that do. It does not keep the queue open.
#[derive(Debug)]
pub(crate) struct WeakMailboxSender<T>(mpsc::WeakSender<T>);

impl<T> WeakMailboxSender<T> {
    /// As [`MailboxSender::send`]; what comes too late is lost as well.
    pub(crate) fn send(&self, value: T) {
        if let Some(sender) = self.0.upgrade() {
            let _ = sender.try_send(value);
        }
    }

    /// Whether anybody else can still send.
    pub(crate) fn is_open(&self) -> bool {
        self.0.upgrade().is_some()
    }
}

impl<T> Clone for WeakMailboxSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The end that receives.
#[derive(Debug)]
pub(crate) struct Mailbox<T>(mpsc::Receiver<T>);

impl<T> Mailbox<T> {
    /// The next; `None` when nobody can send any more.
    pub(crate) async fn next(&mut self) -> Option<T> {
        self.0.recv().await
    }
}

/// Runs `work` on a thread of its own and gives its result, or `None` after `deadline`: the thread is then left
/// behind. For calls into GStreamer that may block, such as state changes.
pub(crate) async fn run_blocking<T: Send + 'static>(
    name: &'static str,
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (result, receiver) = oneshot::channel();
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let _ = result.send(work());
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "cannot start the thread {name}");
        return None;
    }
    glib::future_with_timeout(deadline, receiver).await.ok()?.ok()
}
