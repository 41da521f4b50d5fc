//! One viewer's task: it takes what comes from the socket, the peers and the host, one after the other.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::channel_reader::Request;
use super::feeds::{Feeds, Resumed, Update};
use super::input_gate::{InputGate, Permissions};
use super::peer::{Peer, next_event};
use super::settings::ViewerSettings;
use crate::clock::steady_ms;
use crate::host::context::HostContext;
use crate::host::control::lease::ControlClaim;
use crate::host::control::session_limits::SessionClock;
use crate::host::registry::Registration;
use crate::host::relay_way::RelayWay;
use crate::media::PeerEvent;
use crate::protocol::channel::HostMessage;
use crate::protocol::rights::Rights;
use crate::protocol::stats::Stats;
use crate::protocol::text::visible;
use crate::quota::Holder;
use crate::session::{Action, Event, PeerKey, Session, StatsRequest};
use crate::web::{Frame, SignalingSocket};

/// Requests on data channels that wait for the viewer's task. A viewer that floods its task loses some.
const REQUESTS: usize = 64;
/// Statistics that wait for it. The tasks that measured them wait, too.
const MEASURED: usize = 8;

/// A viewer: its socket, its session, its peers, and what it holds of the host.
pub(super) struct Viewer {
    pub(super) context: HostContext,
    pub(super) socket: SignalingSocket,
    pub(super) session: Session,
    /// The holder of the places of further peers.
    pub(super) holder: Holder,
    /// `None` for the host itself at a signaling server elsewhere.
    pub(super) registration: Option<Registration>,
    pub(super) relay: RelayWay,
    pub(super) claim: ControlClaim,
    /// Of the input over the signaling socket.
    pub(super) gate: InputGate,
    /// Cancelled when the viewer has to leave.
    leave: CancellationToken,
    pub(super) peers: BTreeMap<PeerKey, Peer>,
    pub(super) settings: ViewerSettings,
    pub(super) feeds: Feeds,
    pub(super) requests: Inbox<Request>,
    pub(super) measured: Inbox<Measured>,
    /// The list of views that was sent last, since a channel has opened.
    pub(super) sent_views: Option<HostMessage>,
}

/// The things that a viewer got when it was let in, and gives back when it leaves.
pub(in crate::host) struct Visit {
    /// The holder of the places of further peers.
    pub(in crate::host) holder: Holder,
    /// `None` for the host itself at a signaling server elsewhere.
    pub(in crate::host) registration: Option<Registration>,
    pub(in crate::host) relay: RelayWay,
}

impl Visit {
    /// The visit of the host itself at a signaling server elsewhere.
    pub(in crate::host) fn of(holder: Holder) -> Self {
        Self {
            holder,
            registration: None,
            relay: RelayWay::default(),
        }
    }
}

/// Messages to the viewer's task from tasks and threads that it has started.
pub(super) struct Inbox<T> {
    pub(super) sender: mpsc::Sender<T>,
    receiver: mpsc::Receiver<T>,
}

/// Numbers that were asked for.
pub(super) struct Measured {
    pub(super) request: StatsRequest,
    pub(super) stats: Stats,
}

/// The end of a viewer's task, with the reason for the log.
pub(super) struct Ended(pub(super) Cow<'static, str>);

/// The next thing for the viewer's task to take.
pub(super) enum Incoming {
    /// The host ends or was stopped: the viewer has to leave, with this code and reason of the close.
    Leave {
        code: u16,
        reason: &'static str,
    },
    /// `None`: the socket is closed.
    Frame(Option<Frame>),
    /// `None`: the peer is down.
    Peer(PeerKey, Option<PeerEvent>),
    Request(Request),
    Measured(Measured),
    Update(Update),
    /// The deadline of the session.
    Tick,
}

impl<T> Inbox<T> {
    fn new(size: usize) -> Self {
        let (sender, receiver) = mpsc::channel(size);
        Self { sender, receiver }
    }
}

impl Viewer {
    pub(super) fn new(context: HostContext, socket: SignalingSocket, session: Session, visit: Visit) -> Self {
        let Visit {
            holder,
            registration,
            relay,
        } = visit;
        let feeds = Feeds::new(&context, session.client_id());
        let claim = context.control.lease.claim(session.client_id());
        let rights = Rights {
            role: session.role(),
            policy: context.config.session.policy,
            has_control: context.control.lease.lets_act(claim.id()),
        };
        let leave = registration.as_ref().map(Registration::leave).unwrap_or_default();
        let permissions = Permissions::new(rights, leave.clone());
        let clock = registration
            .as_ref()
            .map_or_else(|| SessionClock::begin(steady_ms()), Registration::clock);
        let gate = InputGate::new(
            permissions,
            clock,
            context.control.suspend.clone(),
            context.desktop.input.viewer(),
        );
        Self {
            context,
            socket,
            session,
            holder,
            registration,
            relay,
            claim,
            gate,
            leave,
            peers: BTreeMap::new(),
            settings: ViewerSettings::default(),
            feeds,
            requests: Inbox::new(REQUESTS),
            measured: Inbox::new(MEASURED),
            sent_views: None,
        }
    }

    /// Does what comes first, and takes what the viewer has sent already and what it sends until it leaves or has to.
    pub(super) async fn live(&mut self, first: Vec<Action>, early: Vec<Frame>) -> Ended {
        let leave = self.leave.clone();
        // Messages for a viewer that has to leave are dropped while they wait: it may be the viewer that keeps it waiting.
        match leave.run_until_cancelled(self.begin(first, early)).await {
            Some(Err(ended)) => return ended,
            Some(Ok(())) => {}
            None => return self.disconnect().await,
        }
        match leave.run_until_cancelled(self.follow()).await {
            Some(ended) => ended,
            None => self.disconnect().await,
        }
    }

    async fn begin(&mut self, first: Vec<Action>, early: Vec<Frame>) -> Result<(), Ended> {
        self.apply(first).await?;
        for frame in early {
            self.take(Incoming::Frame(Some(frame))).await?;
        }
        Ok(())
    }

    /// Takes what comes until the viewer leaves or the host ends.
    async fn follow(&mut self) -> Ended {
        // Made once: a socket may bring a thousand frames a second.
        let shutdown = self.context.shutdown.clone().cancelled_owned();
        let tick = sleep_until(Instant::now());
        tokio::pin!(shutdown, tick);
        let mut armed: Option<u64> = None;
        loop {
            // A deadline that has moved away is looked at when the old one comes.
            if let Some(deadline) = self.session.next_deadline()
                && armed.is_none_or(|armed| deadline < armed)
            {
                tick.as_mut().reset(instant_of(deadline));
                armed = Some(deadline);
            }
            let has_peers = !self.peers.is_empty();
            let next = tokio::select! {
                () = &mut shutdown => Incoming::Leave { code: 1001, reason: "The host is going down" },
                (key, event) = next_event(&mut self.peers) => Incoming::Peer(key, event),
                frame = self.socket.receive() => Incoming::Frame(frame),
                Some(request) = self.requests.receiver.recv() => Incoming::Request(request),
                Some(measured) = self.measured.receiver.recv() => Incoming::Measured(measured),
                update = self.feeds.next(has_peers) => match update {
                    Ok(update) => Incoming::Update(update),
                    Err(Resumed) => Incoming::Leave { code: 1001, reason: "The host was stopped" },
                },
                () = &mut tick, if armed.is_some() => {
                    armed = None;
                    Incoming::Tick
                }
            };
            if matches!(next, Incoming::Tick)
                && let Some(frame) = self.socket.receive().now_or_never()
                && let Err(ended) = self.take(Incoming::Frame(frame)).await
            {
                // What came while the task was busy is a sign of life, which counts before the deadline.
                return ended;
            }
            if let Err(ended) = self.take(next).await {
                return ended;
            }
        }
    }

    /// Disconnects the viewer. 1008 tells a client that it need not come back as it is.
    async fn disconnect(&mut self) -> Ended {
        match self.registration.as_ref().and_then(Registration::expired) {
            Some(reason) => self.leave(1008, reason).await,
            None => self.leave(1000, "Disconnected by the host").await,
        }
    }

    async fn take(&mut self, next: Incoming) -> Result<(), Ended> {
        let actions = match next {
            Incoming::Leave { code, reason } => return Err(self.leave(code, reason).await),
            Incoming::Frame(None) => return Err(Ended("the socket is closed".into())),
            Incoming::Frame(Some(frame)) => {
                let actions = match &frame {
                    Frame::Text(text) => self.handle(Event::Text(text)),
                    Frame::Binary => self.handle(Event::Binary),
                    Frame::Alive => self.handle(Event::Alive),
                };
                self.update_registration();
                actions
            }
            Incoming::Peer(key, event) => self.peer_event(key, event),
            Incoming::Request(Request::Refused) => {
                tracing::info!("the viewer may only look, and wanted to act");
                self.handle(Event::Refused)
            }
            Incoming::Request(Request::Flood(key)) => {
                self.give_up(key, "The client sends too many messages on its data channel")
            }
            Incoming::Request(Request::Wanted(key, message)) => {
                self.act(key, message).await;
                Vec::new()
            }
            Incoming::Request(Request::SetClipboard(key, text, hold)) => {
                self.set_clipboard(key, text, hold);
                Vec::new()
            }
            Incoming::Measured(Measured { request, stats }) => self.handle(Event::Stats { request, stats }),
            Incoming::Update(update) => self.update(update),
            Incoming::Tick => self.handle(Event::Tick),
        };
        self.apply(actions).await
    }

    /// Closes the socket, and the peers meanwhile: a client that does not read keeps no stream for the time that its
    /// socket takes.
    async fn leave(&mut self, code: u16, reason: &'static str) -> Ended {
        let (peers, context) = (std::mem::take(&mut self.peers), &self.context);
        let closing = async { peers.into_values().for_each(|peer| drop(peer.close(context))) };
        tokio::join!(self.socket.close(code, reason), closing);
        Ended(reason.into())
    }

    /// The session's actions after this event.
    pub(super) fn handle(&mut self, event: Event<'_>) -> Vec<Action> {
        self.session.handle(event, steady_ms())
    }

    fn update_registration(&self) {
        let Some(registration) = &self.registration else {
            return;
        };
        let session = &self.session;
        registration.update(|info| {
            info.last_seen = session.last_seen_ms();
            info.message_count = session.message_count();
            info.error_count = session.error_count();
            info.protocol = session.dialect().name();
            if info.peer_id.is_none() {
                info.peer_id = session.peer_id().map(visible);
                let hello = session.hello();
                info.user_agent = hello.and_then(|hello| hello.user_agent.as_deref().map(visible));
            }
        });
    }
}

fn instant_of(deadline_ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(deadline_ms.saturating_sub(steady_ms()))
}
