//! Where tokio and glib meet: the thread of the glib main loop, and every channel across.
//!
//! - tokio → glib: a [`MediaHandle`] and each viewer's [`PeerHandle`] send commands through bounded channels, which
//!   futures on the main loop drain. A hop costs about 14 µs.
//! - GStreamer's threads → glib: callbacks send a [`Signal`] and return. The channel is bounded; full means that
//!   the peer's task has stalled, and the peer is given up.
//! - glib → tokio: each peer's own bounded channel of [`PeerEvent`]s; full means that nobody listens, and the peer
//!   is given up.
//!
//! The main loop iterates the *default* context: GStreamer 1.22 resolves names and frees sockets there.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::capture::Region;
use super::congestion::Packet;
use super::peer;
use super::plan::Plan;
use super::stats::PeerStats;
use super::studio::Studio;

/// Commands that wait for the main loop, and those that wait for one peer.
const COMMANDS: usize = 64;
/// Signals of GStreamer's that wait for one peer: its candidates are the most, a few per network address.
const SIGNALS: usize = 256;
/// Events of one peer that wait for its viewer's task.
const EVENTS: usize = 256;
/// How long the statistics of a peer may take.
const STATS: Duration = Duration::from_secs(1);
/// How long the last capture may take to stop.
const STOP_CAPTURE: Duration = Duration::from_secs(2);

/// One peer's number, unique in this process. For logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is done with the messages of a peer's data channel. Called on webrtcbin's thread: it must not block.
pub type MessageSink = Arc<dyn Fn(&str) + Send + Sync>;

/// What kind of peer to make.
#[derive(Clone)]
pub struct PeerOptions {
    /// The codecs that the viewer can decode, by their names in SDP. Empty: any.
    pub codecs: Vec<String>,
    /// Whether it gets the picture.
    pub video: bool,
    /// Whether it gets sound.
    pub audio: bool,
    /// Whether the picture may come in half its size, for a line that carries little.
    pub may_halve: bool,
    /// The data channels that the host makes.
    pub channel: Option<ChannelOptions>,
    /// The viewer's own offer, which the host answers. Then the codecs and media are those of the offer.
    pub remote_offer: Option<String>,
}

/// The data channel of a peer: reliable and ordered. There may be another beside it that is neither.
#[derive(Clone)]
pub struct ChannelOptions {
    /// Its label.
    pub label: &'static str,
    /// The label of the one beside it, which is made before it.
    pub unordered: Option<&'static str>,
    /// Where the messages of both go.
    pub messages: MessageSink,
}

/// What a peer tells its viewer's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// The SDP offer. Comes first, and once.
    Offer(String),
    /// The answer to the viewer's offer, with all candidates. Comes once, in place of an offer.
    Answer(String),
    /// One of the host's ICE candidates; empty when there are no more.
    Candidate {
        /// `candidate:…`.
        candidate: String,
        /// Which m-line it belongs to.
        sdp_m_line_index: u32,
    },
    /// The viewer's answer is applied.
    AnswerApplied,
    /// The viewer's answer was not taken, with the reason; another may be sent.
    AnswerRefused(String),
    /// DTLS is up, and the viewer's certificate is the one that its answer announced.
    Connected,
    /// The data channel takes messages.
    ChannelOpen,
    /// The peer is lost, with the reason. It is being taken down.
    Failed(String),
}

/// What a viewer's task tells its peer.
#[derive(Debug)]
pub(super) enum PeerCommand {
    Answer(String),
    Candidate {
        candidate: String,
        sdp_m_line_index: u32,
    },
    Message(String),
    Bitrate {
        kbps: u32,
    },
    KeyFrame,
    Pause(bool),
    Stats(StatsReply),
}

/// Where the answer to [`PeerCommand::Stats`] goes.
#[derive(Debug)]
pub(super) struct StatsReply(oneshot::Sender<PeerStats>);

impl StatsReply {
    /// Answers. Nobody may be waiting any more.
    pub(super) fn send(self, stats: PeerStats) {
        let _ = self.0.send(stats);
    }
}

/// What GStreamer's threads tell a peer's task.
#[derive(Debug)]
pub(super) enum Signal {
    NegotiationNeeded,
    LocalCandidate {
        candidate: String,
        sdp_m_line_index: u32,
    },
    GatheringComplete,
    Connected,
    /// The certificate of the other side is not the one that the answer announced.
    Impostor,
    ChannelOpened,
    /// Nothing waits in the data channel any more.
    ChannelDrained,
    ForeignChannel,
    /// The viewer tells which packets have arrived when.
    Report(Vec<Packet>),
    /// The peer, the shared capture or an element is lost.
    Lost(String),
}

/// What comes next to a peer's task.
pub(super) enum Input {
    Command(PeerCommand),
    Signal(Signal),
    /// The viewer's task has let go of its handle.
    Closed,
}

enum Command {
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
        start_main_loop()?;
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (finished, done) = oneshot::channel();
        let weak = commands.downgrade();
        glib::MainContext::default().invoke(move || {
            glib::MainContext::default().spawn_local(async move {
                serve(plan, receiver, weak).await;
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
pub(super) struct EventSender(mpsc::Sender<PeerEvent>);

impl EventSender {
    /// Tells the viewer's task. False: nobody listens, or not fast enough.
    pub(super) fn send(&self, event: PeerEvent) -> bool {
        self.0.try_send(event).is_ok()
    }
}

/// For callbacks on foreign threads: sends and returns.
#[derive(Debug, Clone)]
pub(super) struct SignalSender(mpsc::Sender<Signal>);

impl SignalSender {
    /// Tells the peer's task. A full queue means that the task has stalled and will be given up anyway.
    pub(super) fn send(&self, signal: Signal) {
        if let Err(mpsc::error::TrySendError::Full(signal)) = self.0.try_send(signal) {
            tracing::warn!(?signal, "a peer's task has stalled");
        }
    }
}

/// Everything that a peer's task waits for.
#[derive(Debug)]
pub(super) struct Inbox {
    commands: mpsc::Receiver<PeerCommand>,
    signals: mpsc::Receiver<Signal>,
}

impl Inbox {
    /// The next command or signal.
    pub(super) async fn next(&mut self) -> Input {
        tokio::select! {
            signal = self.signals.recv() => signal.map_or(Input::Closed, Input::Signal),
            command = self.commands.recv() => command.map_or(Input::Closed, Input::Command),
        }
    }

    /// The next signal, whatever the viewer does.
    pub(super) async fn next_signal(&mut self) -> Option<Signal> {
        self.signals.recv().await
    }
}

/// Makes what a capture reports with. It belongs to the studio.
#[derive(Debug)]
pub(super) struct CaptureReports {
    commands: mpsc::WeakSender<Command>,
    /// How many captures there have been, and the end of the latest.
    latest: RefCell<(u64, Option<oneshot::Receiver<()>>)>,
}

impl CaptureReports {
    /// For the next capture.
    pub(super) fn next(&self) -> (CaptureSignals, StopNotice) {
        let (held, stopped) = oneshot::channel();
        let mut latest = self.latest.borrow_mut();
        *latest = (latest.0 + 1, Some(stopped));
        let signals = CaptureSignals {
            commands: self.commands.clone(),
            generation: latest.0,
        };
        (signals, StopNotice { _held: held })
    }

    /// Ends when the latest capture has stopped.
    pub(super) async fn stopped(&self) {
        let stopped = self.latest.borrow_mut().1.take();
        if let Some(stopped) = stopped {
            let _ = glib::future_with_timeout(STOP_CAPTURE, stopped).await;
        }
    }
}

/// For the capture's callbacks: reports that it is lost.
#[derive(Debug, Clone)]
pub(super) struct CaptureSignals {
    commands: mpsc::WeakSender<Command>,
    /// Which of the captures that there have been.
    generation: u64,
}

impl CaptureSignals {
    /// The number of this capture.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The capture has failed or ended.
    pub(super) fn lost(&self, reason: String) {
        if let Some(commands) = self.commands.upgrade() {
            let _ = commands.try_send(Command::CaptureLost {
                generation: self.generation,
                reason,
            });
        }
    }
}

/// A bounded queue between tasks of the main loop, or from GStreamer's threads to one.
pub(super) fn mailbox<T>(capacity: usize) -> (Post<T>, Mailbox<T>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (Post(sender), Mailbox(receiver))
}

/// The end that sends, and never waits.
#[derive(Debug)]
pub(super) struct Post<T>(mpsc::Sender<T>);

impl<T> Post<T> {
    /// What finds the queue full is lost: then as much is waiting already.
    pub(super) fn send(&self, value: T) {
        let _ = self.0.try_send(value);
    }
}

impl<T> Clone for Post<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The end that receives.
#[derive(Debug)]
pub(super) struct Mailbox<T>(mpsc::Receiver<T>);

impl<T> Mailbox<T> {
    /// The next; `None` when nobody can send any more.
    pub(super) async fn next(&mut self) -> Option<T> {
        self.0.recv().await
    }
}

/// Held by a capture until it has stopped.
#[derive(Debug)]
pub(super) struct StopNotice {
    _held: oneshot::Sender<()>,
}

/// Runs `work` on a thread of its own and gives its result, or `None` after `deadline`: the thread is then left
/// behind. For calls into GStreamer that may block, such as state changes.
pub(super) async fn off_loop<T: Send + 'static>(
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

/// Returns when the main loop owns the default context: before that, `invoke` would run on the caller's thread.
fn start_main_loop() -> std::io::Result<()> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*started {
        let (ready, owned) = std::sync::mpsc::channel();
        std::thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || {
                let context = glib::MainContext::default();
                let _owner = context
                    .acquire()
                    .expect("nobody else iterates the default context");
                let _ = ready.send(());
                glib::MainLoop::new(Some(&context), false).run();
            })?;
        owned.recv().map_err(std::io::Error::other)?;
        *started = true;
    }
    Ok(())
}

/// Starts the peers, until all handles are gone and everything is down.
async fn serve(plan: Plan, mut commands: mpsc::Receiver<Command>, weak: mpsc::WeakSender<Command>) {
    let reports = CaptureReports {
        commands: weak,
        latest: RefCell::default(),
    };
    let studio = Studio::new(Rc::new(plan), reports);
    let warming = Rc::clone(&studio);
    glib::MainContext::default().spawn_local(async move { warming.warm_up().await });
    let mut peers: Vec<(mpsc::WeakSender<Signal>, glib::JoinHandle<()>)> = Vec::new();
    while let Some(command) = commands.recv().await {
        peers.retain(|(signals, _)| signals.upgrade().is_some());
        match command {
            Command::OpenPeer {
                id,
                options,
                commands,
                events,
            } => {
                let (signals, signal_receiver) = mpsc::channel(SIGNALS);
                let inbox = Inbox {
                    commands,
                    signals: signal_receiver,
                };
                let (studio, alive) = (Rc::clone(&studio), signals.downgrade());
                let task = peer::run(id, studio, options, SignalSender(signals), inbox, events);
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
