//! What the web side asks of the host, and what it tells about it.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;

use super::app_name::AppName;
use super::socket::SignalingSocket;
use crate::access::{Access, Grant};
use crate::protocol::dialect::Dialect;
use crate::protocol::ice_server::IceServer;
use crate::protocol::role::{Permission, Policy};
use crate::protocol::whep::Fragment;

/// A future that owns what it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A viewer that has just connected.
#[derive(Debug)]
pub struct NewViewer {
    /// Its socket.
    pub socket: SignalingSocket,
    /// What it asks for.
    pub app: AppName,
    /// What it speaks, as far as its request tells.
    pub dialect: Dialect,
    /// Where it connects from.
    pub remote: SocketAddr,
    /// Where the client is, as far as proxies that are believed tell it.
    pub client: IpAddr,
    /// What it was given.
    pub grant: Grant,
}

/// The host behind the routes.
pub trait Host: Send + Sync + 'static {
    /// Serves a viewer until it leaves.
    fn serve(&self, viewer: NewViewer) -> BoxFuture<()>;

    /// The dialects that may be spoken, by their names.
    fn supported_protocols(&self) -> &[String];

    /// The names of this host, besides its addresses and `localhost`.
    fn names(&self) -> &[String];

    /// The origins of pages that may ask, besides those that this host serves; `*` is any.
    fn origins(&self) -> &[String];

    /// Who may come in.
    fn access(&self) -> &Arc<Access>;

    /// What clients should use for ICE.
    fn ice_servers(&self) -> Vec<IceServer>;

    /// What the host allows, whatever the role.
    fn policy(&self) -> Policy;

    /// Whether somebody at the address `client` who came in by `grant` may do this: by its role, by what the host
    /// allows, and by the word of the person at the desktop.
    fn allows(&self, grant: &Grant, client: IpAddr, capability: Permission) -> bool;

    /// What is in the clipboard of the desktop, if it is text or a picture.
    fn read_clipboard(&self) -> BoxFuture<Result<Option<Clip>, ClipError>>;

    /// Puts this into the clipboard of the desktop, for the client of this id, if it came in by `grant`.
    fn write_clipboard(
        &self,
        clip: Clip,
        grant: Grant,
        client: Option<String>,
    ) -> BoxFuture<Result<(), ClipError>>;

    /// For `/api/signaling/status`.
    fn status(&self) -> Status;

    /// For `/api/signaling/clients`.
    fn clients(&self) -> Vec<ClientInfo>;

    /// Shows the clients out that the host or they themselves call `id`. Ends when that is done, or after a second
    /// when there was none; the number of clients is returned.
    fn disconnect(&self, id: String) -> BoxFuture<usize>;

    /// Answers the offer of a player at the address `client`.
    fn open_player(
        &self,
        offer: String,
        client: IpAddr,
        grant: Grant,
    ) -> BoxFuture<Result<Player, PlayerError>>;

    /// Gives a player's candidates to its peer. False: there is no such player.
    fn add_player_candidates(&self, id: &str, fragment: Fragment) -> bool;

    /// Closes a player. False: there is no such player.
    fn close_player(&self, id: &str) -> bool;
}

/// What somebody copied. No `Debug`: it must not reach a log.
pub enum Clip {
    /// Text.
    Text(String),
    /// A PNG file.
    Png(Vec<u8>),
}

/// Why the clipboard cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClipError {
    /// It is more than 8 MiB.
    TooLarge,
    /// It was called a picture and is none.
    NoPicture,
    /// Somebody else has the control.
    NotInControl,
    /// There is no desktop, or it does not answer.
    Unavailable,
}

/// A player's peer, ready to connect.
#[derive(Debug, Clone)]
pub struct Player {
    /// The secret by which the player names its peer: 128 random bits.
    pub id: String,
    /// The answer, with all candidates.
    pub answer: String,
}

/// Why a player is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayerError {
    /// The offer cannot be answered.
    Refused(String),
    /// The host takes no more viewers.
    Full,
    /// The person at the desktop does not want it.
    Unwanted,
}

/// The body of `/api/signaling/status`.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Always true: a host that does not run does not answer.
    pub running: bool,
    /// Viewers with a socket.
    pub client_count: usize,
    /// Different apps among them.
    pub app_count: usize,
    /// The dialects that may be spoken.
    pub supported_protocols: Vec<String>,
    /// Seconds since the start.
    pub uptime: f64,
    /// Of deskbeam.
    pub version: &'static str,
}

/// One entry of `/api/signaling/clients`.
#[derive(Debug, Clone, Serialize)]
pub struct ClientInfo {
    /// The id that the host gave.
    pub id: String,
    /// What the client calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_id: Option<String>,
    /// The app that it asked for.
    pub app_name: String,
    /// The dialect that is spoken.
    pub protocol: &'static str,
    /// Where it connects from.
    pub remote_addr: String,
    /// Milliseconds since the epoch.
    pub connected_at: u64,
    /// Milliseconds since the epoch.
    pub last_seen: u64,
    /// `connected`, or `streaming` while media flow.
    pub state: &'static str,
    /// Frames that came.
    pub message_count: u64,
    /// Errors that it was told.
    pub error_count: u64,
    /// What its hello says of the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}
