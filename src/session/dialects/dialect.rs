//! The interface of every dialect.

use std::fmt::Debug;
use std::sync::Arc;

use crate::protocol::channel::HostMessage;
use crate::protocol::client::Hello;
use crate::protocol::dialect::Dialect as DialectName;
use crate::protocol::envelope::Rejection;
use crate::protocol::lease::LeaseState;
use crate::protocol::people::Person;
use crate::protocol::stats::Stats;
use crate::session::context::Context;
use crate::session::event::{Action, PeerEvent, PeerKey, StatsRequest};

/// One conversation in one dialect. The defaults are those of a dialect that has no message for it.
pub(in crate::session) trait Dialect: Debug + Send + Sync {
    /// The dialect's name on the wire.
    fn name(&self) -> DialectName;

    /// Takes a text frame of the other side.
    fn text(&mut self, cx: &mut Context, frame: &str, now_ms: u64) -> Vec<Action>;

    /// Takes news of a peer.
    fn peer(&mut self, cx: &mut Context, key: PeerKey, event: PeerEvent, now_ms: u64) -> Vec<Action>;

    /// Reports what was wrong with a frame: to the other side, or to the log if the other side cannot be told.
    fn reject(&self, cx: &mut Context, rejection: Rejection, now_ms: u64) -> Action;

    /// True if the client knows this message on its data channel.
    fn knows(&self, message: &HostMessage) -> bool;

    /// The dialect that the client turns out to speak by this frame, if it is another one.
    fn switch(&self, _cx: &Context, _frame: &str) -> Option<Box<dyn Dialect>> {
        None
    }

    /// True if the host has called a server. The frames of such a server are not limited in number.
    fn is_outbound(&self) -> bool {
        false
    }

    /// Keeps a frame that came too fast and that a newer one may replace.
    ///
    /// # Errors
    /// The id of a frame that cannot be kept, if it has one.
    fn keep(&mut self, _cx: &Context, _frame: &str) -> Result<(), Option<String>> {
        Err(None)
    }

    /// The time of the next [`Dialect::tick`], in milliseconds since the epoch.
    fn deadline_ms(&self, _cx: &Context) -> Option<u64> {
        None
    }

    /// Does what is due at `now_ms`.
    fn tick(&mut self, _cx: &mut Context, _now_ms: u64) -> Vec<Action> {
        Vec::new()
    }

    /// Takes the outcome of [`Action::CollectStats`].
    fn stats(
        &self,
        _cx: &mut Context,
        _request: StatsRequest,
        _stats: Stats,
        _now_ms: u64,
    ) -> Option<Action> {
        None
    }

    /// Sends who has control.
    fn lease(&self, _cx: &mut Context, _state: LeaseState, _now_ms: u64) -> Option<Action> {
        None
    }

    /// Sends who is connected.
    fn people(&self, _cx: &mut Context, _people: Arc<[Person]>, _now_ms: u64) -> Option<Action> {
        None
    }

    /// Takes note that the client gained control or lost it.
    fn control(&mut self, _granted: bool) -> Vec<Action> {
        Vec::new()
    }

    /// Tells the client that it lacks the permission for something it wanted to do on a data channel.
    fn refused(&mut self, _cx: &mut Context, _now_ms: u64) -> Option<Action> {
        None
    }

    /// The name that the other side gave to itself or, at a server that the host has called, to the host.
    fn peer_id(&self) -> Option<&str> {
        None
    }

    /// The client's description of itself.
    fn hello(&self) -> Option<&Hello> {
        None
    }
}
