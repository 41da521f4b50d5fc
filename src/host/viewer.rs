//! One viewer: its socket, its session, its peers and what it holds.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tracing::Instrument;

use super::Shared;
use super::channel::{self, Wishes};
use super::desk::News;
use super::lease::Seat;
use super::peer::{Peer, Permit, Request};
use super::pointers::Spot;
use super::registry::Registration;
use super::stats::webrtc_stats;
use super::stay::Stay;
use super::views::Views;
use crate::clock::{now_ms, steady_ms};
use crate::input::ViewerInput;
use crate::media::PeerEvent;
use crate::protocol::candidate::IceCandidate;
use crate::protocol::channel::HostMessage;
use crate::protocol::dialect::Dialect;
use crate::protocol::error::ErrorCode;
use crate::protocol::lease::LeaseState;
use crate::protocol::people::Person;
use crate::protocol::role::Capability;
use crate::protocol::stats::{Stats, StatsGroup};
use crate::session::{Action, Event, PeerKey, Session, SessionConfig, StatsRequest};
use crate::web::{ClientInfo, Frame, NewViewer, SendError, ViewerSocket};

/// Requests on data channels that wait for the viewer's task.
const REQUESTS: usize = 64;
/// Statistics that wait for it.
const MEASURED: usize = 8;
/// How long a peer may take to make room for the next.
const REPLACE: Duration = Duration::from_secs(2);
/// How often an open data channel is told how busy the machine is.
const BEAT: Duration = Duration::from_secs(1);
/// How many frames may come before somebody is let in: pongs, and the first words.
const EARLY: usize = 64;
/// How long a viewer that does not read may take for the last words.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves one viewer until it leaves or the host ends. What it holds is released then.
pub(super) async fn serve(shared: Shared, new_viewer: NewViewer) {
    let NewViewer {
        mut socket,
        app,
        dialect,
        remote,
        client,
        grant,
    } = new_viewer;
    let now = steady_ms();
    let client_id = format!("client_{now:013}_{:04}", shared.next_number() % 1_000_000);
    let span = tracing::info_span!("viewer", id = %client_id);
    async move {
        let info = ClientInfo {
            id: client_id.clone(),
            peer_id: None,
            app_name: app.as_str().to_owned(),
            protocol: dialect.name(),
            remote_addr: remote.to_string(),
            connected_at: now,
            last_seen: now,
            state: "connected",
            message_count: 0,
            error_count: 0,
            user_agent: None,
        };
        let mut early = Vec::new();
        let guest = match &shared.consent {
            Some(consent) => {
                match while_it_waits(&mut socket, &mut early, consent.ask(client, grant.role)).await {
                    Some(guest) if shared.access.is_valid(&grant, now_ms()) => Some(guest),
                    _ => {
                        return socket
                            .close(1008, "The person at the desktop has not agreed")
                            .await;
                    }
                }
            }
            None => None,
        };
        let config = SessionConfig {
            role: grant.role,
            ice_servers: shared.ice_servers(&client_id),
            ..shared.session.clone()
        };
        let Some(registration) = shared.registry.register(info, grant, shared.players.count()) else {
            tracing::warn!(%remote, "the host is full: a viewer is turned away");
            let refusal = Session::refuse(
                dialect,
                client_id,
                ErrorCode::ServerUnavailable,
                "Server at maximum capacity",
                now,
            );
            return turn_away(&mut socket, refusal).await;
        };
        let role = config.role.name();
        tracing::info!(%remote, app = app.as_str(), protocol = dialect.name(), role, "a viewer connects");
        let (session, first) = Session::start(client_id, app.as_str(), dialect, config, now);
        let reason = converse(shared, socket, session, first, early, Some(registration)).await;
        drop(guest);
        tracing::info!(reason, "the viewer has left");
    }
    .instrument(span)
    .await;
}

/// Speaks `session` on `socket`, on which `early` has come already, until one of them ends, and says which.
pub(super) async fn converse(
    shared: Shared,
    socket: ViewerSocket,
    session: Session,
    first: Vec<Action>,
    early: Vec<Frame>,
    registration: Option<Registration>,
) -> &'static str {
    let mut viewer = Viewer::new(shared, socket, session, registration);
    if let Some(size) = viewer.shared.desk.size() {
        viewer.handle(Event::FrameSize(size));
    }
    let ended = match viewer.begin(first, early).await {
        Ok(()) => viewer.live().await,
        Err(ended) => ended,
    };
    for (_, peer) in std::mem::take(&mut viewer.peers) {
        peer.close(&viewer.shared);
    }
    viewer.wishes.follow_window(&viewer.shared, false);
    ended.0
}

/// What comes of `asking`; `None` if the viewer leaves before that. What it says meanwhile is kept in `early`.
async fn while_it_waits<T>(
    socket: &mut ViewerSocket,
    early: &mut Vec<Frame>,
    asking: impl Future<Output = Option<T>>,
) -> Option<T> {
    let leaving = async {
        while early.len() < EARLY {
            match socket.receive().await {
                None | Some(Frame::Silent) => return,
                Some(frame) => early.push(frame),
            }
        }
    };
    tokio::select! {
        answer = asking => answer,
        () = leaving => None,
    }
}

async fn turn_away(socket: &mut ViewerSocket, actions: Vec<Action>) {
    for action in actions {
        match action {
            Action::Send(text) => drop(socket.send(text).await),
            Action::Close { code, reason } => socket.close(code, &reason).await,
            _ => {}
        }
    }
}

struct Viewer {
    shared: Shared,
    socket: ViewerSocket,
    session: Session,
    registration: Option<Registration>,
    seat: Seat,
    permit: Permit,
    stay: Stay,
    lease: watch::Receiver<LeaseState>,
    people: watch::Receiver<Arc<[Person]>>,
    grab: watch::Receiver<bool>,
    spot: Spot,
    peers: BTreeMap<PeerKey, Peer>,
    /// What it does over the signaling socket.
    input: ViewerInput,
    wishes: Wishes,
    requests: (mpsc::Sender<Request>, mpsc::Receiver<Request>),
    measured: (mpsc::Sender<Measured>, mpsc::Receiver<Measured>),
    news: broadcast::Receiver<News>,
    views: watch::Receiver<Option<Views>>,
    told_views: Option<HostMessage>,
    standstills: watch::Receiver<u64>,
    beats: tokio::time::Interval,
}

/// Numbers that were asked for.
type Measured = (StatsRequest, Stats);

/// Why a viewer's task ends.
struct Ended(&'static str);

/// What comes next.
enum Next {
    Leave { code: u16, reason: &'static str },
    Frame(Option<Frame>),
    Peer(PeerKey, Option<PeerEvent>),
    Request(Request),
    Measured(Measured),
    News(News),
    Views,
    Lease,
    People,
    Grab,
    Pointers(HostMessage),
    Beat,
    Tick,
}

impl Viewer {
    fn new(
        shared: Shared,
        socket: ViewerSocket,
        session: Session,
        registration: Option<Registration>,
    ) -> Self {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut lease = shared.lease.news();
        // Whoever comes while somebody has the control, or acts at the desktop itself, is told.
        if *lease.borrow() != LeaseState::default() {
            lease.mark_changed();
        }
        let seat = shared.lease.seat(session.client_id());
        let acts = lease.borrow().lets_act(seat.id());
        Self {
            permit: Permit::new(session.role(), shared.session.policy, acts),
            stay: registration
                .as_ref()
                .map_or_else(|| Stay::begin(steady_ms()), Registration::stay),
            seat,
            lease,
            people: shared.registry.people(),
            spot: shared
                .pointers
                .spot(session.client_id(), shared.registry.people()),
            grab: shared.input.pointer_grab().changes(),
            input: shared.input.viewer(),
            news: shared.desk.news(),
            views: shared.desk.views(),
            told_views: None,
            standstills: shared.wakefulness.standstills(),
            shared,
            socket,
            session,
            registration,
            peers: BTreeMap::new(),
            wishes: Wishes::default(),
            requests: mpsc::channel(REQUESTS),
            measured: mpsc::channel(MEASURED),
            beats,
        }
    }

    /// Does what comes first, and takes what the viewer has said already.
    async fn begin(&mut self, first: Vec<Action>, early: Vec<Frame>) -> Result<(), Ended> {
        self.perform(first).await?;
        for frame in early {
            self.take(Next::Frame(Some(frame))).await?;
        }
        Ok(())
    }

    async fn live(&mut self) -> Ended {
        // Made once: a socket may bring a thousand frames a second.
        let leave = self
            .registration
            .as_ref()
            .map(Registration::leave)
            .unwrap_or_default();
        let (shutdown, leave) = (
            self.shared.shutdown.clone().cancelled_owned(),
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
                () = &mut shutdown => Next::Leave { code: 1001, reason: "The host is going down" },
                () = &mut leave => self.shown_out(),
                (key, event) = next_event(&mut self.peers) => Next::Peer(key, event),
                frame = self.socket.receive() => Next::Frame(frame),
                Some(request) = self.requests.1.recv() => Next::Request(request),
                Some(measured) = self.measured.1.recv() => Next::Measured(measured),
                news = next_news(&mut self.news) => Next::News(news),
                Ok(()) = self.views.changed() => Next::Views,
                Ok(()) = self.lease.changed() => Next::Lease,
                Ok(()) = self.people.changed() => Next::People,
                Ok(()) = self.grab.changed() => Next::Grab,
                Ok(()) = self.standstills.changed() => Next::Leave { code: 1001, reason: "The host was stopped" },
                message = self.spot.next() => Next::Pointers(message),
                _ = self.beats.tick(), if !self.peers.is_empty() => Next::Beat,
                () = &mut tick, if armed.is_some() => {
                    armed = None;
                    Next::Tick
                }
            };
            if let Err(ended) = self.take(next).await {
                return ended;
            }
        }
    }

    /// 1008 tells a client that it need not come back as it is.
    fn shown_out(&self) -> Next {
        match self.registration.as_ref().and_then(Registration::barred) {
            Some(reason) => Next::Leave { code: 1008, reason },
            None => Next::Leave {
                code: 1000,
                reason: "Shown out by the host",
            },
        }
    }

    async fn take(&mut self, next: Next) -> Result<(), Ended> {
        let actions = match next {
            Next::Leave { code, reason } => {
                self.socket.close(code, reason).await;
                return Err(Ended(reason));
            }
            Next::Frame(None) => return Err(Ended("the socket is closed")),
            Next::Frame(Some(Frame::Silent)) => {
                let farewell = self.session.expire(steady_ms());
                turn_away(&mut self.socket, farewell).await;
                return Err(Ended("it gives no sign of life"));
            }
            Next::Frame(Some(frame)) => {
                let actions = match &frame {
                    Frame::Text(text) => self.handle(Event::Text(text)),
                    Frame::Binary => self.handle(Event::Binary),
                    Frame::Alive | Frame::Silent => self.handle(Event::Alive),
                };
                self.update_registration();
                actions
            }
            Next::Peer(key, event) => self.peer_event(key, event),
            Next::Request(Request::Refused) => {
                tracing::info!("the viewer may only look, and wanted to act");
                self.handle(Event::Refused)
            }
            Next::Request(Request::Flood(key)) => {
                self.give_up(key, "The client sends too many messages on its data channel")
            }
            Next::Request(Request::Wanted(key, message)) => {
                if let Some(peer) = self.peers.get_mut(&key) {
                    let dialect = self.session.dialect();
                    let (wishes, spot) = (&mut self.wishes, &mut self.spot);
                    channel::act(&self.shared, peer, wishes, spot, dialect, message).await;
                }
                Vec::new()
            }
            Next::Measured((request, stats)) => self.handle(Event::Stats { request, stats }),
            Next::News(news) => {
                self.spread(news);
                Vec::new()
            }
            Next::Views => self.views_changed(),
            Next::Lease => self.lease_changed(),
            Next::People => {
                let people = Arc::clone(&self.people.borrow_and_update());
                self.handle(Event::People(people))
            }
            Next::Grab => {
                let relative = *self.grab.borrow_and_update();
                self.tell_native(&HostMessage::PointerMode { relative });
                Vec::new()
            }
            Next::Pointers(message) => {
                self.tell_native(&message);
                Vec::new()
            }
            Next::Beat => {
                self.wishes.end_late_measurement();
                self.peers
                    .values()
                    .for_each(|peer| channel::beat(&self.shared, peer, &self.wishes));
                self.give_up_silent()
            }
            Next::Tick => self.handle(Event::Tick),
        };
        self.perform(actions).await
    }

    fn peer_event(&mut self, key: PeerKey, event: Option<PeerEvent>) -> Vec<Action> {
        let event = match event {
            Some(PeerEvent::Offer(sdp)) => Event::Offered { key, sdp },
            Some(PeerEvent::Answer(sdp)) => Event::Answered { key, sdp },
            Some(PeerEvent::Candidate {
                candidate,
                sdp_m_line_index,
            }) => Event::LocalCandidate {
                key,
                candidate: IceCandidate {
                    candidate,
                    sdp_m_line_index,
                    sdp_mid: None,
                },
            },
            Some(PeerEvent::AnswerApplied) => Event::AnswerApplied { key },
            Some(PeerEvent::AnswerRefused(reason)) => Event::AnswerRefused { key, reason },
            Some(PeerEvent::Connected) => {
                tracing::info!("the stream is connected");
                self.registration
                    .as_ref()
                    .inspect(|place| place.update(|info| info.state = "streaming"));
                Event::PeerConnected { key }
            }
            Some(PeerEvent::ChannelOpen) => {
                if let Some(peer) = self.peers.get_mut(&key) {
                    peer.set_open();
                    channel::greet(
                        &self.shared,
                        peer,
                        (self.session.dialect(), self.session.role()),
                        self.wishes.follows_window,
                    );
                    self.spot.begin();
                    self.told_views = None;
                }
                return Vec::new();
            }
            Some(PeerEvent::Failed(reason)) => {
                self.close_peer(key);
                Event::PeerFailed { key, reason }
            }
            None => {
                self.close_peer(key);
                Event::PeerFailed {
                    key,
                    reason: "The stream has ended".to_owned(),
                }
            }
        };
        self.handle(event)
    }

    /// Somebody has taken the control or left it: what was held without it is released.
    fn lease_changed(&mut self) -> Vec<Action> {
        let state = self.lease.borrow_and_update().clone();
        let granted = state.lets_act(self.seat.id());
        if !self.permit.set_acts(granted) && !granted {
            self.peers.values().for_each(Peer::let_go);
        }
        let mut actions = self.handle(Event::Control { granted });
        actions.extend(self.handle(Event::Lease(state)));
        actions
    }

    /// What the session makes of this now.
    fn handle(&mut self, event: Event<'_>) -> Vec<Action> {
        self.session.handle(event, steady_ms())
    }

    /// Says this on the data channels.
    fn tell(&self, message: &HostMessage) {
        let told = self.peers.values().filter(|peer| peer.is_told());
        told.for_each(|peer| peer.tell(message));
    }

    /// Says this where a native client reads it.
    fn tell_native(&self, message: &HostMessage) {
        if self.session.dialect() == Dialect::Native {
            self.tell(message);
        }
    }

    fn spread(&mut self, news: News) {
        match news {
            News::Cursor(cursor) => self.tell(&HostMessage::Cursor(cursor)),
            News::Clipboard(content) if self.permit.allows(Capability::ClipboardRead) => {
                if let Some(message) = channel::clipboard(&content, self.session.dialect()) {
                    self.tell(&message);
                }
            }
            News::Clipboard(_) => {}
            News::Lost(is_lost) => self.tell(&channel::status(is_lost)),
        }
    }

    /// Something else is shown, in another size, or could be.
    fn views_changed(&mut self) -> Vec<Action> {
        let Some(views) = self.views.borrow_and_update().clone() else {
            return Vec::new();
        };
        let (size, message) = (views.size(), views.told_to(self.session.role()));
        // A window that moves changes neither.
        if self.told_views.as_ref() == Some(&message) {
            return Vec::new();
        }
        let is_selkies = self.session.dialect() == Dialect::Selkies;
        for peer in self.peers.values() {
            peer.set_frame(size);
            if peer.is_told() && !is_selkies {
                peer.tell(&channel::resolution(size));
                peer.tell(&message);
            }
        }
        self.told_views = Some(message);
        self.handle(Event::FrameSize(size))
    }

    async fn perform(&mut self, actions: Vec<Action>) -> Result<(), Ended> {
        for action in actions {
            match action {
                Action::Send(text) => self.send(text).await?,
                Action::OpenPeer { key, request } => {
                    if let Some(closing) = self.close_peer(key) {
                        // One who asks again and again gets one pipeline at a time.
                        let _ = timeout(REPLACE, closing).await;
                    }
                    let peer = Peer::open(
                        &self.shared,
                        key,
                        request,
                        self.permit.clone(),
                        self.stay.clone(),
                        self.requests.0.clone(),
                    )
                    .await;
                    self.told_views = None;
                    self.peers.insert(key, peer);
                }
                Action::ClosePeer { key } => drop(self.close_peer(key)),
                Action::ApplyAnswer { key, sdp } => {
                    // A peer that takes no more commands says so itself, by its last event.
                    self.peers.get(&key).map(|peer| peer.media().apply_answer(sdp));
                }
                Action::AddCandidate { key, candidate } => {
                    let IceCandidate {
                        candidate,
                        sdp_m_line_index,
                        ..
                    } = candidate;
                    self.peers
                        .get(&key)
                        .map(|peer| peer.media().add_candidate(candidate, sdp_m_line_index));
                }
                Action::CollectStats { request } => self.collect(request),
                Action::Lease(request) => {
                    if !self.seat.ask(&self.shared, self.session.role(), &request) {
                        // It hears how it is, though nothing has changed.
                        self.lease.mark_changed();
                    }
                }
                Action::Name(name) => {
                    self.registration.as_ref().inspect(|place| place.set_name(name));
                }
                Action::Input(event) => {
                    let now_ms = steady_ms();
                    self.stay.note(&event, now_ms);
                    if Capability::needed_for(&event).is_none_or(|needed| self.permit.allows(needed))
                        && self.shared.wakefulness.lets_through(&event, now_ms)
                    {
                        self.input.send(event);
                    }
                }
                Action::Note(note) => tracing::info!(note, "the signaling server says"),
                Action::Close { code, reason } => {
                    self.socket.close(code, &reason).await;
                    return Err(Ended("the conversation is over"));
                }
            }
        }
        Ok(())
    }

    async fn send(&mut self, text: String) -> Result<(), Ended> {
        match self.socket.send(text).await {
            Ok(()) => Ok(()),
            Err(SendError::Gone) => Err(Ended("the socket is closed")),
            Err(SendError::Slow) => {
                let farewell = self.handle(Event::SendQueueFull);
                let _ = timeout(FAREWELL, turn_away(&mut self.socket, farewell)).await;
                Err(Ended("it does not read"))
            }
        }
    }

    /// Measures in a task of its own: webrtcbin may take its time.
    fn collect(&self, request: StatsRequest) {
        let measuring = self.peers.values().next().map(|peer| peer.media().stats());
        let (desk, sender) = (self.shared.desk.clone(), self.measured.0.clone());
        self.shared.tasks.spawn(async move {
            let peer = match measuring {
                Some(measuring) => Some(measuring.await),
                None => None,
            };
            let mut stats = Stats::default();
            for group in &request.groups {
                match group {
                    StatsGroup::Webrtc => {
                        stats.webrtc = Some(peer.as_ref().map(webrtc_stats).unwrap_or_default())
                    }
                    StatsGroup::System => {
                        let fps = peer.as_ref().and_then(|peer| peer.encoded_fps);
                        stats.system = Some(crate::protocol::stats::SystemStats { fps, ..desk.load() });
                    }
                }
            }
            let _ = sender.send((request, stats)).await;
        });
    }

    fn close_peer(&mut self, key: PeerKey) -> Option<JoinHandle<()>> {
        let peer = self.peers.remove(&key)?;
        self.wishes.end_measurement();
        self.spot.forget();
        self.registration
            .as_ref()
            .inspect(|place| place.update(|info| info.state = "connected"));
        Some(peer.close(&self.shared))
    }

    /// Closes peers whose viewers have answered on the data channel and no longer do.
    fn give_up_silent(&mut self) -> Vec<Action> {
        let silent = self.peers.iter().find(|(_, peer)| peer.is_silent());
        match silent.map(|(key, _)| *key) {
            Some(key) => self.give_up(key, "Nothing comes on the data channel any more"),
            None => Vec::new(),
        }
    }

    fn give_up(&mut self, key: PeerKey, reason: &str) -> Vec<Action> {
        if self.close_peer(key).is_none() {
            return Vec::new();
        }
        tracing::warn!(reason, "the peer is closed");
        let reason = reason.to_owned();
        self.handle(Event::PeerFailed { key, reason })
    }

    fn update_registration(&self) {
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

/// What any of the peers says next.
async fn next_event(peers: &mut BTreeMap<PeerKey, Peer>) -> (PeerKey, Option<PeerEvent>) {
    poll_fn(|cx| {
        for (key, peer) in peers.iter_mut() {
            if let Poll::Ready(event) = peer.poll_event(cx) {
                return Poll::Ready((*key, event));
            }
        }
        Poll::Pending
    })
    .await
}

/// The next news; what was missed is made up for by what comes.
async fn next_news(news: &mut broadcast::Receiver<News>) -> News {
    loop {
        match news.recv().await {
            Ok(news) => return news,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn instant_of(deadline_ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(deadline_ms.saturating_sub(steady_ms()))
}
