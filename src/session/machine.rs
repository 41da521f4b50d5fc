//! The session: what holds for every dialect, and the choice among them.

use serde_json::Value;

use super::SessionConfig;
use super::context::Context;
use super::dialects::gstwebrtc_producer::Producer;
use super::dialects::gstwebrtc_server::{self, GstWebrtc};
use super::dialects::native::Native;
use super::dialects::selkies_client::Caller;
use super::dialects::selkies_server::{self, Selkies};
use super::event::{Action, Event, PeerEvent, PeerKey};
use super::rate_limit::Bucket;
use crate::protocol;
use crate::protocol::client::Hello;
use crate::protocol::dialect::Dialect;
use crate::protocol::envelope::Rejection;
use crate::protocol::error::ErrorCode;
use crate::protocol::role::{Permission, Role};

/// How often a client is told that it sends too much, at most, in milliseconds.
const COMPLAINT_MS: u64 = 1_000;

/// One side of the conversation on one socket.
#[derive(Debug)]
pub struct Session {
    cx: Context,
    mode: Mode,
    bucket: Bucket,
    complained_at_ms: Option<u64>,
    last_seen_ms: u64,
    is_closed: bool,
}

#[derive(Debug)]
enum Mode {
    /// A client called.
    Native(Box<Native>),
    /// A client called.
    Selkies(Selkies),
    /// A client called.
    GstWebrtc(GstWebrtc),
    /// The host has called a server, as a producer.
    Producer(Producer),
    /// The host has called a server, as one peer among two.
    Caller(Caller),
}

impl Session {
    /// Starts the conversation with the client `client_id` that connected to `app_name`, at `now_ms` since the
    /// epoch. What to do first is returned with it.
    pub fn start(
        client_id: String,
        app_name: &str,
        dialect: Dialect,
        config: SessionConfig,
        now_ms: u64,
    ) -> (Self, Vec<Action>) {
        let mut cx = Context::new(client_id, app_name, config);
        let (mode, first) = match dialect {
            Dialect::Native => {
                let welcome = Native::welcome(&mut cx, now_ms);
                (Mode::Native(Box::default()), vec![welcome])
            }
            // Its clients take a welcome for nonsense.
            Dialect::Selkies => (Mode::Selkies(Selkies::default()), Vec::new()),
            Dialect::GstWebrtc => {
                let welcome = GstWebrtc::welcome(&cx);
                (Mode::GstWebrtc(GstWebrtc::default()), vec![welcome])
            }
        };
        (Self::new(cx, mode, now_ms), first)
    }

    /// Registers the host as a producer at a gstwebrtc signaling server. `meta` is what is told of the host.
    pub fn produce(meta: Value, config: SessionConfig, now_ms: u64) -> (Self, Vec<Action>) {
        let cx = Context::new(String::new(), "", config);
        (
            Self::new(cx, Mode::Producer(Producer::new(meta)), now_ms),
            Vec::new(),
        )
    }

    /// Registers the host as `uid` at a server of the gst-examples or of Selkies, to call `callee` or, without one,
    /// to be called. A uid must not have spaces.
    pub fn call(
        uid: &str,
        callee: Option<String>,
        config: SessionConfig,
        now_ms: u64,
    ) -> (Self, Vec<Action>) {
        let cx = Context::new(uid.to_owned(), "", config);
        let (caller, hello) = Caller::new(uid, callee);
        (Self::new(cx, Mode::Caller(caller), now_ms), vec![hello])
    }

    /// What to do with a client that is not served at all: it is told why in its dialect, and nothing else.
    pub fn refuse(
        dialect: Dialect,
        client_id: String,
        code: ErrorCode,
        reason: &str,
        now_ms: u64,
    ) -> Vec<Action> {
        let (mut session, _) = Self::start(client_id, "", dialect, SessionConfig::default(), now_ms);
        session.end(code, reason, now_ms)
    }

    /// Takes in what happened at `now_ms` since the epoch and says what to do, in order.
    pub fn handle(&mut self, event: Event<'_>, now_ms: u64) -> Vec<Action> {
        if self.is_closed {
            return Vec::new();
        }
        let actions = match event {
            Event::Text(frame) => self.frame(Some(frame), now_ms),
            Event::Binary => self.frame(None, now_ms),
            Event::Alive => {
                self.last_seen_ms = now_ms;
                Vec::new()
            }
            Event::Tick => self.tick(now_ms),
            Event::Peer(key, event) => self.peer(key, event, now_ms),
            Event::Stats { request, stats } => match self.mode {
                Mode::Native(_) => vec![Native::stats(&mut self.cx, request, stats, now_ms)],
                _ => Vec::new(),
            },
            Event::Control { granted } => self.control(granted),
            Event::Lease(state) => match self.mode {
                Mode::Native(_) => vec![Native::lease(&mut self.cx, state, now_ms)],
                _ => Vec::new(),
            },
            Event::People(people) => match &self.mode {
                Mode::Native(native) => native.people(&mut self.cx, people, now_ms).into_iter().collect(),
                _ => Vec::new(),
            },
            Event::Refused => match &mut self.mode {
                Mode::Native(native) => native.refused(&mut self.cx, now_ms),
                // The others have no word for it, or have been told on the data channel.
                _ => Vec::new(),
            },
            Event::FrameSize(size) => {
                self.cx.frame = Some(size);
                Vec::new()
            }
            Event::SendQueueFull => self.end(ErrorCode::ChannelFull, "The client reads too slowly", now_ms),
        };
        self.is_closed |= actions
            .iter()
            .any(|action| matches!(action, Action::Close { .. }));
        actions
    }

    /// The end of a client that gives no sign of life, whatever the clock says: it is told, and shown out.
    pub fn expire(&mut self, now_ms: u64) -> Vec<Action> {
        self.end(ErrorCode::ConnectionTimeout, "No sign of life", now_ms)
    }

    /// When to hand in [`Event::Tick`], in milliseconds since the epoch. To be asked again after each event.
    pub fn next_deadline(&self) -> Option<u64> {
        if self.is_closed {
            return None;
        }
        let timeout_ms = self.cx.config.connection_timeout_ms;
        let expiry = (timeout_ms > 0).then(|| self.last_seen_ms.saturating_add(timeout_ms));
        let of_mode = match &self.mode {
            Mode::Native(native) => {
                let motion = native.has_late_motion().then(|| self.bucket.ready_at_ms());
                native.clicks.deadline_ms().into_iter().chain(motion).min()
            }
            Mode::Caller(caller) => caller.deadline_ms(),
            _ => None,
        };
        expiry.into_iter().chain(of_mode).min()
    }

    /// What is spoken now.
    pub fn dialect(&self) -> Dialect {
        match self.mode {
            Mode::Native(_) => Dialect::Native,
            Mode::Selkies(_) | Mode::Caller(_) => Dialect::Selkies,
            Mode::GstWebrtc(_) | Mode::Producer(_) => Dialect::GstWebrtc,
        }
    }

    /// The id that the host gave to the client, or its own at a server elsewhere.
    pub fn client_id(&self) -> &str {
        &self.cx.client_id
    }

    /// What the client may do.
    pub fn role(&self) -> Role {
        self.cx.config.role
    }

    /// What the client calls itself; in a session at somebody else's server, what the server calls the host. Not
    /// unique.
    pub fn peer_id(&self) -> Option<&str> {
        match &self.mode {
            Mode::Native(native) => native.peer_id(),
            Mode::Selkies(selkies) => selkies.uid(),
            Mode::Producer(producer) => producer.peer_id(),
            Mode::GstWebrtc(_) | Mode::Caller(_) => None,
        }
    }

    /// What a native client has told of itself.
    pub fn hello(&self) -> Option<&Hello> {
        match &self.mode {
            Mode::Native(native) => Some(native.hello()),
            _ => None,
        }
    }

    /// How many frames have come.
    pub fn message_count(&self) -> u64 {
        self.cx.messages_received
    }

    /// How many errors the client was told of.
    pub fn error_count(&self) -> u64 {
        self.cx.errors
    }

    /// When the last sign of life came, in milliseconds since the epoch.
    pub fn last_seen_ms(&self) -> u64 {
        self.last_seen_ms
    }

    fn new(cx: Context, mode: Mode, now_ms: u64) -> Self {
        Self {
            bucket: Bucket::new(cx.config.rate_burst, cx.config.rate_per_second, now_ms),
            cx,
            mode,
            complained_at_ms: None,
            last_seen_ms: now_ms,
            is_closed: false,
        }
    }

    /// A frame; `None` is a binary one.
    fn frame(&mut self, frame: Option<&str>, now_ms: u64) -> Vec<Action> {
        self.last_seen_ms = now_ms;
        self.cx.messages_received += 1;
        if self.is_inbound() && !self.bucket.take(now_ms) {
            return self.too_fast(frame, now_ms);
        }
        let Some(frame) = frame else {
            return self.reject(
                Rejection::new(ErrorCode::InvalidMessage, "Only text messages are supported"),
                now_ms,
            );
        };
        let limit = self.cx.config.max_message_size;
        if frame.len() > limit {
            let message = format!("The message is longer than {limit} bytes");
            return self.reject(Rejection::new(ErrorCode::MessageTooLarge, message), now_ms);
        }
        self.choose_dialect(frame);
        match &mut self.mode {
            Mode::Native(native) => {
                let late = native.late_motion();
                late.into_iter()
                    .chain(native.text(&mut self.cx, frame, now_ms))
                    .collect()
            }
            Mode::Selkies(selkies) => selkies.text(&mut self.cx, frame),
            Mode::GstWebrtc(gst) => gst.text(&mut self.cx, frame),
            Mode::Producer(producer) => producer.text(frame),
            Mode::Caller(caller) => caller.text(frame, now_ms),
        }
    }

    /// A client that was taken for a native one may turn out to be another, by its first frame.
    fn choose_dialect(&mut self, frame: &str) {
        let Mode::Native(native) = &self.mode else { return };
        let is_first = self.cx.messages_received == 1;
        if (is_first || native.expects_selkies() && frame.starts_with("HELLO"))
            && self.cx.config.supports(Dialect::Selkies)
            && protocol::selkies::looks_like(frame)
        {
            self.mode = Mode::Selkies(if frame.starts_with('{') {
                Selkies::registered()
            } else {
                Selkies::default()
            });
        } else if is_first
            && self.cx.config.supports(Dialect::GstWebrtc)
            && protocol::gstwebrtc::looks_like(frame)
        {
            self.mode = Mode::GstWebrtc(GstWebrtc::default());
        }
    }

    fn too_fast(&mut self, frame: Option<&str>, now_ms: u64) -> Vec<Action> {
        let mut id = None;
        if let (Mode::Native(native), Some(frame)) = (&mut self.mode, frame) {
            match native.keep_motion(&self.cx, frame) {
                Ok(()) => return Vec::new(),
                Err(found) => id = found,
            }
        }
        if self
            .complained_at_ms
            .is_some_and(|at_ms| now_ms < at_ms.saturating_add(COMPLAINT_MS))
        {
            return Vec::new();
        }
        self.complained_at_ms = Some(now_ms);
        let limit = self.cx.config.rate_per_second;
        let message = format!("More than {limit} messages a second: this one was not taken");
        let rejection = Rejection {
            id,
            ..Rejection::new(ErrorCode::RateLimited, message)
        };
        self.reject(rejection, now_ms)
    }

    fn tick(&mut self, now_ms: u64) -> Vec<Action> {
        let timeout_ms = self.cx.config.connection_timeout_ms;
        if timeout_ms > 0 && now_ms >= self.last_seen_ms.saturating_add(timeout_ms) {
            return self.end(
                ErrorCode::ConnectionTimeout,
                "Nothing was heard for too long",
                now_ms,
            );
        }
        match &mut self.mode {
            Mode::Native(native) => {
                let mut actions: Vec<_> = native.clicks.due(now_ms).into_iter().map(Action::Input).collect();
                if native.has_late_motion() && self.bucket.take(now_ms) {
                    actions.extend(native.late_motion());
                }
                actions
            }
            Mode::Caller(caller) => caller.tick(now_ms),
            _ => Vec::new(),
        }
    }

    fn peer(&mut self, key: PeerKey, event: PeerEvent, now_ms: u64) -> Vec<Action> {
        match &mut self.mode {
            Mode::Native(native) => native.peer(&mut self.cx, event, now_ms),
            Mode::Selkies(selkies) => selkies.peer(&mut self.cx, event),
            Mode::GstWebrtc(gst) => gst.peer(&mut self.cx, key, event),
            Mode::Producer(producer) => producer.peer(key, event),
            Mode::Caller(caller) => caller.peer(event),
        }
    }

    fn control(&mut self, granted: bool) -> Vec<Action> {
        let granted = granted && self.cx.config.role.allows(Permission::Pointer);
        if std::mem::replace(&mut self.cx.may_control, granted) == granted {
            return Vec::new();
        }
        match &mut self.mode {
            Mode::Native(native) => native.control(granted),
            _ => Vec::new(),
        }
    }

    /// Tells the other side what was wrong, if it is one that can be told.
    fn reject(&mut self, rejection: Rejection, now_ms: u64) -> Vec<Action> {
        let cx = &mut self.cx;
        vec![match &self.mode {
            Mode::Native(_) => cx.reject(rejection, now_ms),
            Mode::Selkies(_) => selkies_server::error(cx, rejection.message),
            Mode::GstWebrtc(_) => gstwebrtc_server::error(cx, rejection.message),
            Mode::Producer(_) | Mode::Caller(_) => Action::Note(rejection.message),
        }]
    }

    fn end(&mut self, code: ErrorCode, reason: &str, now_ms: u64) -> Vec<Action> {
        let mut actions = self.reject(Rejection::new(code, reason), now_ms);
        actions.push(Action::Close {
            code: code.close_code(),
            reason: reason.to_owned(),
        });
        actions
    }

    fn is_inbound(&self) -> bool {
        !matches!(self.mode, Mode::Producer(_) | Mode::Caller(_))
    }
}
