//! One viewer: its socket, its session, its peers and what it holds; and what becomes of all that comes to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::channel::{self, ViewerSettings};
use super::channel_reader::Request;
use super::input_gate::{InputGate, Permissions};
use super::peer::Peer;
use crate::clock::steady_ms;
use crate::host::HostContext;
use crate::host::control::lease::ControlClaim;
use crate::host::control::limits::SessionClock;
use crate::host::desktop::handle::DesktopUpdate;
use crate::host::desktop::remote_cursors::RemoteCursor;
use crate::host::desktop::views::Views;
use crate::host::registry::Registration;
use crate::media::PeerEvent;
use crate::protocol::channel::HostMessage;
use crate::protocol::lease::LeaseState;
use crate::protocol::people::Person;
use crate::protocol::rights::Rights;
use crate::protocol::role::Permission;
use crate::protocol::stats::Stats;
use crate::session::{Action, Event, PeerKey, Session, StatsRequest};
use crate::web::{Frame, SignalingSocket};

use super::actions::turn_away;
use super::peers::next_event;

/// Requests on data channels that wait for the viewer's task.
const REQUESTS: usize = 64;
/// Statistics that wait for it.
const MEASURED: usize = 8;
/// How often an open data channel is told how busy the machine is.
const BEAT: Duration = Duration::from_secs(1);

pub(super) struct Viewer {
    pub(super) context: HostContext,
    pub(super) socket: SignalingSocket,
    pub(super) session: Session,
    pub(super) registration: Option<Registration>,
    pub(super) claim: ControlClaim,
    /// Of the input over the signaling socket.
    pub(super) gate: InputGate,
    pub(super) lease: watch::Receiver<LeaseState>,
    pub(super) people: watch::Receiver<Arc<[Person]>>,
    pub(super) grab: watch::Receiver<bool>,
    pub(super) remote_cursor: RemoteCursor,
    pub(super) peers: BTreeMap<PeerKey, Peer>,
    pub(super) settings: ViewerSettings,
    pub(super) requests: (mpsc::Sender<Request>, mpsc::Receiver<Request>),
    pub(super) measured: (mpsc::Sender<Measured>, mpsc::Receiver<Measured>),
    pub(super) updates: broadcast::Receiver<DesktopUpdate>,
    pub(super) views: watch::Receiver<Option<Views>>,
    pub(super) told_views: Option<HostMessage>,
    pub(super) resumes: watch::Receiver<u64>,
    beats: tokio::time::Interval,
}

/// Numbers that were asked for.
pub(super) type Measured = (StatsRequest, Stats);

/// Why a viewer's task ends.
pub(super) struct Ended(pub(super) &'static str);

/// What comes next.
pub(super) enum Incoming {
    Leave { code: u16, reason: &'static str },
    Frame(Option<Frame>),
    Peer(PeerKey, Option<PeerEvent>),
    Request(Request),
    Measured(Measured),
    DesktopUpdate(DesktopUpdate),
    Views,
    ControlLease,
    People,
    Grab,
    RemoteCursors(HostMessage),
    Beat,
    Tick,
}

impl Viewer {
    pub(super) fn new(
        context: HostContext,
        socket: SignalingSocket,
        session: Session,
        registration: Option<Registration>,
    ) -> Self {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut lease = context.lease.updates();
        // Whoever comes while somebody has the control, or acts at the desktop itself, is told.
        if *lease.borrow() != LeaseState::default() {
            lease.mark_changed();
        }
        let claim = context.lease.claim(session.client_id());
        let permissions = Permissions::new(Rights {
            role: session.role(),
            policy: context.session.policy,
            has_control: lease.borrow().lets_act(claim.id()),
        });
        let clock = registration
            .as_ref()
            .map_or_else(|| SessionClock::begin(steady_ms()), Registration::clock);
        Self {
            gate: InputGate::new(
                permissions,
                clock,
                context.suspend.clone(),
                context.input.viewer(),
            ),
            claim,
            lease,
            people: context.registry.people(),
            remote_cursor: context
                .pointers
                .remote_cursor(session.client_id(), context.registry.people()),
            grab: context.input.pointer_grab().changes(),
            updates: context.desktop.updates(),
            views: context.desktop.views(),
            told_views: None,
            resumes: context.suspend.resumes(),
            context,
            socket,
            session,
            registration,
            peers: BTreeMap::new(),
            settings: ViewerSettings::default(),
            requests: mpsc::channel(REQUESTS),
            measured: mpsc::channel(MEASURED),
            beats,
        }
    }

    /// Does what comes first, and takes what the viewer has said already.
    pub(super) async fn begin(&mut self, first: Vec<Action>, early: Vec<Frame>) -> Result<(), Ended> {
        self.apply(first).await?;
        for frame in early {
            self.take(Incoming::Frame(Some(frame))).await?;
        }
        Ok(())
    }

    pub(super) async fn live(&mut self) -> Ended {
        // Made once: a socket may bring a thousand frames a second.
        let leave = self
            .registration
            .as_ref()
            .map(Registration::leave)
            .unwrap_or_default();
        let (shutdown, leave) = (
            self.context.shutdown.clone().cancelled_owned(),
            leave.cancelled_owned(),
        );
        let tick = sleep_until(Instant::now());
        tokio::pin!(shutdown, leave, tick);
        let mut armed: Option<u64> = None;
        loop {
            // A deadline that has moved away is looked at when the old one comes.
            if let Some(deadline) = self.session.next_deadline()
                && armed.is_none_or(|armed| deadline < armed)
            {
                tick.as_mut().reset(instant_of(deadline));
                armed = Some(deadline);
            }
            let next = tokio::select! {
                () = &mut shutdown => Incoming::Leave { code: 1001, reason: "The host is going down" },
                () = &mut leave => self.shown_out(),
                (key, event) = next_event(&mut self.peers) => Incoming::Peer(key, event),
                frame = self.socket.receive() => Incoming::Frame(frame),
                Some(request) = self.requests.1.recv() => Incoming::Request(request),
                Some(measured) = self.measured.1.recv() => Incoming::Measured(measured),
                updates = next_news(&mut self.updates) => Incoming::DesktopUpdate(updates),
                Ok(()) = self.views.changed() => Incoming::Views,
                Ok(()) = self.lease.changed() => Incoming::ControlLease,
                Ok(()) = self.people.changed() => Incoming::People,
                Ok(()) = self.grab.changed() => Incoming::Grab,
                Ok(()) = self.resumes.changed() => Incoming::Leave { code: 1001, reason: "The host was stopped" },
                message = self.remote_cursor.next() => Incoming::RemoteCursors(message),
                _ = self.beats.tick(), if !self.peers.is_empty() => Incoming::Beat,
                () = &mut tick, if armed.is_some() => {
                    armed = None;
                    Incoming::Tick
                }
            };
            if let Err(ended) = self.take(next).await {
                return ended;
            }
        }
    }

    /// 1008 tells a client that it need not come back as it is.
    pub(super) fn shown_out(&self) -> Incoming {
        match self.registration.as_ref().and_then(Registration::barred) {
            Some(reason) => Incoming::Leave { code: 1008, reason },
            None => Incoming::Leave {
                code: 1000,
                reason: "Shown out by the host",
            },
        }
    }

    pub(super) async fn take(&mut self, next: Incoming) -> Result<(), Ended> {
        let actions = match next {
            Incoming::Leave { code, reason } => {
                self.socket.close(code, reason).await;
                return Err(Ended(reason));
            }
            Incoming::Frame(None) => return Err(Ended("the socket is closed")),
            Incoming::Frame(Some(Frame::Silent)) => {
                let farewell = self.session.expire(steady_ms());
                turn_away(&mut self.socket, farewell).await;
                return Err(Ended("it gives no sign of life"));
            }
            Incoming::Frame(Some(frame)) => {
                let actions = match &frame {
                    Frame::Text(text) => self.handle(Event::Text(text)),
                    Frame::Binary => self.handle(Event::Binary),
                    Frame::Alive | Frame::Silent => self.handle(Event::Alive),
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
                if let Some(peer) = self.peers.get_mut(&key) {
                    let (settings, remote_cursor) = (&mut self.settings, &mut self.remote_cursor);
                    channel::act(
                        &self.context,
                        peer,
                        settings,
                        remote_cursor,
                        &self.session,
                        message,
                    )
                    .await;
                }
                Vec::new()
            }
            Incoming::Measured((request, stats)) => self.handle(Event::Stats { request, stats }),
            Incoming::DesktopUpdate(updates) => {
                self.spread(updates);
                Vec::new()
            }
            Incoming::Views => self.views_changed(),
            Incoming::ControlLease => self.lease_changed(),
            Incoming::People => {
                let people = Arc::clone(&self.people.borrow_and_update());
                self.handle(Event::People(people))
            }
            Incoming::Grab => {
                let relative = *self.grab.borrow_and_update();
                self.tell(&HostMessage::PointerMode { relative });
                Vec::new()
            }
            Incoming::RemoteCursors(message) => {
                self.tell(&message);
                Vec::new()
            }
            Incoming::Beat => {
                self.settings.end_late_measurement();
                self.peers
                    .values()
                    .for_each(|peer| channel::beat(&self.context, peer, &self.settings));
                self.give_up_silent()
            }
            Incoming::Tick => self.handle(Event::Tick),
        };
        self.apply(actions).await
    }

    /// Somebody has taken the control or left it: what was held without it is released.
    pub(super) fn lease_changed(&mut self) -> Vec<Action> {
        let state = self.lease.borrow_and_update().clone();
        let granted = state.lets_act(self.claim.id());
        if self.gate.set_control(granted) && !granted {
            self.peers.values().for_each(Peer::release_all);
        }
        let mut actions = self.handle(Event::Control { granted });
        actions.extend(self.handle(Event::Lease(state)));
        actions
    }

    /// What the session makes of this now.
    pub(super) fn handle(&mut self, event: Event<'_>) -> Vec<Action> {
        self.session.handle(event, steady_ms())
    }

    /// Sends a message on the data channels, if the client knows it.
    pub(super) fn tell(&self, message: &HostMessage) {
        if !self.session.knows(message) {
            return;
        }
        let told = self.peers.values().filter(|peer| peer.is_told());
        told.for_each(|peer| peer.send(message));
    }

    pub(super) fn spread(&mut self, updates: DesktopUpdate) {
        match updates {
            DesktopUpdate::Cursor(cursor) => self.tell(&HostMessage::Cursor(cursor)),
            DesktopUpdate::Clipboard(content) if self.gate.check(Some(Permission::ClipboardRead)).is_ok() => {
                self.tell(&channel::clipboard(&content));
            }
            DesktopUpdate::Clipboard(_) => {}
            DesktopUpdate::Lost(is_lost) => self.tell(&channel::status(is_lost)),
        }
    }

    /// Something else is shown, in another size, or could be.
    pub(super) fn views_changed(&mut self) -> Vec<Action> {
        let Some(views) = self.views.borrow_and_update().clone() else {
            return Vec::new();
        };
        let (size, message) = (views.size(), views.told_to(self.session.role()));
        // A window that moves changes neither.
        if self.told_views.as_ref() == Some(&message) {
            return Vec::new();
        }
        self.peers.values().for_each(|peer| peer.set_frame(size));
        self.tell(&channel::resolution(size));
        self.tell(&message);
        self.told_views = Some(message);
        self.handle(Event::FrameSize(size))
    }

    pub(super) fn update_registration(&self) {
        let Some(place) = &self.registration else { return };
        let session = &self.session;
        place.update(|info| {
            info.last_seen = session.last_seen_ms();
            info.message_count = session.message_count();
            info.error_count = session.error_count();
            info.protocol = session.dialect().name();
            if info.peer_id.is_none() {
                info.peer_id = session.peer_id().map(str::to_owned);
                info.user_agent = session.hello().and_then(|hello| hello.user_agent.clone());
            }
        });
    }
}

/// The next news; what was missed is made up for by what comes.
async fn next_news(updates: &mut broadcast::Receiver<DesktopUpdate>) -> DesktopUpdate {
    loop {
        match updates.recv().await {
            Ok(updates) => return updates,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn instant_of(deadline_ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(deadline_ms.saturating_sub(steady_ms()))
}
