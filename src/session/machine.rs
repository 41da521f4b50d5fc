//! The session: the rules of every dialect, and the choice among the dialects.

use serde_json::Value;

use super::config::SessionConfig;
use super::context::Context;
use super::dialects::{Dialect, GstWebrtcProducer, GstWebrtcServer, Native, SelkiesClient, SelkiesServer};
use super::event::{Action, Event};
use crate::protocol::channel::HostMessage;
use crate::protocol::client::Hello;
use crate::protocol::dialect::Dialect as DialectName;
use crate::protocol::envelope::Rejection;
use crate::protocol::error::ErrorCode;
use crate::protocol::role::{Permission, Role};

/// The shortest time between two complaints that a client sends too much, in milliseconds.
const COMPLAINT_MS: u64 = 1_000;

/// One side of the conversation on one socket.
#[derive(Debug)]
pub(crate) struct Session {
    cx: Context,
    dialect: Box<dyn Dialect>,
    complained_at_ms: Option<u64>,
    last_seen_ms: u64,
    is_closed: bool,
}

impl Session {
    /// Starts the conversation with the client `client_id` that connected to `app_name`, at `now_ms` since the
    /// epoch. Returns the first actions with it.
    pub(crate) fn start(
        client_id: String,
        app_name: &str,
        dialect: DialectName,
        config: SessionConfig,
        now_ms: u64,
    ) -> (Self, Vec<Action>) {
        let mut cx = Context::new(client_id, app_name, config, now_ms);
        let (dialect, first): (Box<dyn Dialect>, _) = match dialect {
            DialectName::Native => (Box::<Native>::default(), vec![Native::welcome(&mut cx, now_ms)]),
            // Its clients do not understand a welcome.
            DialectName::Selkies => (Box::<SelkiesServer>::default(), Vec::new()),
            DialectName::GstWebrtc => (
                Box::<GstWebrtcServer>::default(),
                vec![GstWebrtcServer::welcome(&cx)],
            ),
        };
        (Self::new(cx, dialect, now_ms), first)
    }

    /// Registers the host as a producer at a gstwebrtc signaling server, with `meta` for the consumers to read.
    pub(crate) fn produce(meta: Value, config: SessionConfig, now_ms: u64) -> (Self, Vec<Action>) {
        let cx = Context::new(String::new(), "", config, now_ms);
        let producer = GstWebrtcProducer::new(meta);
        (Self::new(cx, Box::new(producer), now_ms), Vec::new())
    }

    /// Registers the host as `uid` at a server of the gst-examples or of Selkies, to call `callee` or, without one,
    /// to be called. A uid must not have spaces.
    pub(crate) fn call(
        uid: &str,
        callee: Option<String>,
        config: SessionConfig,
        now_ms: u64,
    ) -> (Self, Vec<Action>) {
        let cx = Context::new(uid.to_owned(), "", config, now_ms);
        let (client, hello) = SelkiesClient::new(uid, callee);
        (Self::new(cx, Box::new(client), now_ms), vec![hello])
    }

    /// The actions for a client that is not served: the reason, in its dialect, and the close.
    pub(crate) fn refuse(
        dialect: DialectName,
        client_id: String,
        code: ErrorCode,
        reason: &str,
        now_ms: u64,
    ) -> Vec<Action> {
        let (mut session, _) = Self::start(client_id, "", dialect, SessionConfig::default(), now_ms);
        session.end(code, reason, now_ms)
    }

    /// Takes what happened at `now_ms` since the epoch and returns what to do, in order.
    pub(crate) fn handle(&mut self, event: Event<'_>, now_ms: u64) -> Vec<Action> {
        if self.is_closed {
            return Vec::new();
        }
        let (cx, dialect) = (&mut self.cx, &mut self.dialect);
        let actions = match event {
            Event::Text(frame) => self.frame(Some(frame), now_ms),
            Event::Binary => self.frame(None, now_ms),
            Event::Alive => {
                self.last_seen_ms = now_ms;
                Vec::new()
            }
            Event::Tick => self.tick(now_ms),
            Event::Peer(key, event) => dialect.peer(cx, key, event, now_ms),
            Event::Stats { request, stats } => Vec::from_iter(dialect.stats(cx, request, stats, now_ms)),
            Event::Control { granted } => self.control(granted),
            Event::Lease(state) => Vec::from_iter(dialect.lease(cx, state, now_ms)),
            Event::People(people) => Vec::from_iter(dialect.people(cx, people, now_ms)),
            Event::Refused => Vec::from_iter(dialect.refused(cx, now_ms)),
            Event::FrameSize(size) => {
                cx.frame = Some(size);
                Vec::new()
            }
            Event::SendQueueFull => self.end(ErrorCode::ChannelFull, "The client reads too slowly", now_ms),
        };
        self.is_closed |= actions
            .iter()
            .any(|action| matches!(action, Action::Close { .. }));
        actions
    }

    /// The time at which to hand in [`Event::Tick`], in milliseconds since the epoch. It may change with each event.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        if self.is_closed {
            return None;
        }
        let timeout_ms = self.cx.config.connection_timeout_ms;
        let expiry = (timeout_ms > 0).then(|| self.last_seen_ms.saturating_add(timeout_ms));
        expiry.into_iter().chain(self.dialect.deadline_ms(&self.cx)).min()
    }

    /// The name of the dialect that is spoken now.
    pub(crate) fn dialect(&self) -> DialectName {
        self.dialect.name()
    }

    /// True if the client knows this message on its data channel.
    pub(crate) fn knows(&self, message: &HostMessage) -> bool {
        self.dialect.knows(message)
    }

    /// The id that the host gave to the client, or its own at a server elsewhere.
    pub(crate) fn client_id(&self) -> &str {
        &self.cx.client_id
    }

    /// The client's role.
    pub(crate) fn role(&self) -> Role {
        self.cx.config.role
    }

    /// The name that the client gave to itself; in a session at a server elsewhere, the name that the server gave to
    /// the host. Not unique.
    pub(crate) fn peer_id(&self) -> Option<&str> {
        self.dialect.peer_id()
    }

    /// The description that a native client gave of itself.
    pub(crate) fn hello(&self) -> Option<&Hello> {
        self.dialect.hello()
    }

    /// The number of frames that have come.
    pub(crate) fn message_count(&self) -> u64 {
        self.cx.messages_received
    }

    /// The number of errors that the client was told of.
    pub(crate) fn error_count(&self) -> u64 {
        self.cx.errors
    }

    /// The time of the last sign of life, in milliseconds since the epoch.
    pub(crate) fn last_seen_ms(&self) -> u64 {
        self.last_seen_ms
    }

    fn new(cx: Context, dialect: Box<dyn Dialect>, now_ms: u64) -> Self {
        Self {
            cx,
            dialect,
            complained_at_ms: None,
            last_seen_ms: now_ms,
            is_closed: false,
        }
    }

    /// Takes a frame; `None` is a binary one.
    fn frame(&mut self, frame: Option<&str>, now_ms: u64) -> Vec<Action> {
        self.last_seen_ms = now_ms;
        self.cx.messages_received += 1;
        if !self.dialect.is_outbound() && !self.cx.bucket.take(now_ms) {
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
        if let Some(other) = self.dialect.switch(&self.cx, frame) {
            self.dialect = other;
        }
        self.dialect.text(&mut self.cx, frame, now_ms)
    }

    fn too_fast(&mut self, frame: Option<&str>, now_ms: u64) -> Vec<Action> {
        let kept = frame.map(|frame| self.dialect.keep(&self.cx, frame));
        let id = match kept {
            Some(Ok(())) => return Vec::new(),
            Some(Err(id)) => id,
            None => None,
        };
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
            return self.end(ErrorCode::ConnectionTimeout, "No sign of life", now_ms);
        }
        self.dialect.tick(&mut self.cx, now_ms)
    }

    fn control(&mut self, granted: bool) -> Vec<Action> {
        let rights = &mut self.cx.rights;
        let before = rights.allows(Permission::Pointer);
        rights.has_control = granted;
        let now = rights.allows(Permission::Pointer);
        if before == now {
            return Vec::new();
        }
        self.dialect.control(now)
    }

    fn reject(&mut self, rejection: Rejection, now_ms: u64) -> Vec<Action> {
        vec![self.dialect.reject(&mut self.cx, rejection, now_ms)]
    }

    fn end(&mut self, code: ErrorCode, reason: &str, now_ms: u64) -> Vec<Action> {
        let mut actions = self.reject(Rejection::new(code, reason), now_ms);
        actions.push(Action::Close {
            code: code.close_code(),
            reason: reason.to_owned(),
        });
        actions
    }
}
