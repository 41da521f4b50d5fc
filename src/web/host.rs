//! The interface to the host: what the handlers need from it, as a trait.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;

use super::app_name::AppName;
use super::socket::SignalingSocket;
use crate::access::{Access, Grant};
use crate::protocol::dialect::Dialect;
use crate::protocol::ice_server::{IceServer, RelayAccess};
use crate::protocol::role::{Permission, Policy};
use crate::protocol::whep::Fragment;

/// A boxed future without borrowed data.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A viewer that has just connected.
#[derive(Debug)]
pub(crate) struct NewViewer {
    /// The WebSocket of the viewer.
    pub(crate) socket: SignalingSocket,
    /// The app that it wants.
    pub(crate) app: AppName,
    /// The dialect that its request shows.
    pub(crate) dialect: Dialect,
    /// The address of the TCP connection: that of the viewer or of a proxy.
    pub(crate) remote: SocketAddr,
    /// The address of the viewer, as far as trusted proxies report it.
    pub(crate) client: IpAddr,
    /// The grant that it obtained.
    pub(crate) grant: Grant,
}

/// The host as the handlers hold it.
pub(super) type SharedHost = Arc<dyn Host>;

/// The host behind the routes.
pub(crate) trait Host: Send + Sync + 'static {
    /// Serves a viewer until it disconnects.
    fn serve(&self, viewer: NewViewer) -> BoxFuture<()>;

    /// The names of the supported dialects.
    fn supported_protocols(&self) -> &[String];

    /// The host names of this host, besides its addresses and `localhost`.
    fn names(&self) -> &[String];

    /// The origins whose pages may use this host, besides its own; `*` is any.
    fn origins(&self) -> &[String];

    /// The rules of access.
    fn access(&self) -> &Arc<Access>;

    /// The ICE servers for clients.
    fn ice_servers(&self) -> Vec<IceServer>;

    /// The features that the host turns off for every role.
    fn policy(&self) -> Policy;

    /// True if a client at this address with this grant has the permission: by its role, by the policy of the host, and
    /// by the consent of the local user.
    fn allows(&self, grant: &Grant, client: IpAddr, permission: Permission) -> bool;

    /// Reads the clipboard of the desktop. `None` if it holds neither a text nor an image.
    fn read_clipboard(&self) -> BoxFuture<Result<Option<Clip>, ClipError>>;

    /// Sets the clipboard of the desktop, for the client with this id, if it has the same grant. The caller has checked
    /// the permission; the host checks the control.
    fn write_clipboard(
        &self,
        clip: Clip,
        grant: Grant,
        client: Option<String>,
    ) -> BoxFuture<Result<(), ClipError>>;

    /// The body of `/api/signaling/status`.
    fn status(&self) -> Status;

    /// The body of `/api/signaling/clients`.
    fn clients(&self) -> Vec<ClientInfo>;

    /// Disconnects the clients whose id, or whose own peer id, is `id`, and returns their number. Waits for one to
    /// appear, a second at most.
    fn disconnect(&self, id: String) -> BoxFuture<usize>;

    /// Answers the SDP offer of a WHEP player at this address.
    fn open_player(
        &self,
        offer: String,
        client: IpAddr,
        grant: Grant,
    ) -> BoxFuture<Result<Player, PlayerError>>;

    /// Passes ICE candidates to the peer of a WHEP player. False if there is no such player.
    fn add_player_candidates(&self, id: &str, fragment: Fragment) -> bool;

    /// Closes a WHEP player. False if there is no such player.
    fn close_player(&self, id: &str) -> bool;
}

/// A content of the clipboard. It has no `Debug`: it must not reach a log.
pub(crate) enum Clip {
    /// A text.
    Text(String),
    /// An image: its media type, and the file.
    Image(&'static str, Vec<u8>),
}

/// The reason why the clipboard cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClipError {
    /// The content is larger than 8 MiB.
    TooLarge,
    /// The content should be a PNG file and is not.
    NoPicture,
    /// Another viewer or the local user has control.
    NotInControl,
    /// There is no desktop, or it does not respond.
    Unavailable,
}

/// The peer of a WHEP player, ready to connect.
#[derive(Debug, Clone)]
pub(crate) struct Player {
    /// The secret id of the peer: 128 random bits.
    pub(crate) id: String,
    /// The SDP answer, with all ICE candidates.
    pub(crate) answer: String,
    /// The credentials for the host's own relay.
    pub(crate) relay: Option<RelayAccess>,
}

/// The reason why a WHEP player is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlayerError {
    /// The offer cannot be answered, for this reason.
    Refused(String),
    /// The host has no room for more viewers.
    Full,
    /// The local user did not agree.
    Unwanted,
}

/// The body of `/api/signaling/status`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Status {
    /// Always true.
    pub(crate) running: bool,
    /// The number of viewers with a WebSocket.
    pub(crate) client_count: usize,
    /// The number of apps that they use.
    pub(crate) app_count: usize,
    /// The names of the supported dialects.
    pub(crate) supported_protocols: Vec<String>,
    /// The seconds since the start of the host.
    pub(crate) uptime: f64,
    /// The version of deskbeam.
    pub(crate) version: &'static str,
}

/// One entry of `/api/signaling/clients`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClientInfo {
    /// The id that the host assigned.
    pub(crate) id: String,
    /// The id that the client chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer_id: Option<String>,
    /// The app that it uses.
    pub(crate) app_name: String,
    /// The dialect that it speaks.
    pub(crate) protocol: &'static str,
    /// The address of the TCP connection: that of the viewer or of a proxy.
    pub(crate) remote_addr: String,
    /// The time of the connection, in milliseconds since the epoch.
    pub(crate) connected_at: u64,
    /// The time of the last message, in milliseconds since the epoch.
    pub(crate) last_seen: u64,
    /// `connected`, or `streaming` while it receives media.
    pub(crate) state: &'static str,
    /// The number of WebSocket frames that it sent.
    pub(crate) message_count: u64,
    /// The number of errors that the host sent to it.
    pub(crate) error_count: u64,
    /// The browser, from its hello.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
}
