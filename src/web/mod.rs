//! HTTP and WebSocket. The only module that knows axum and sockets.
//!
//! It serves the client's files and the routes of the API, answers players, and turns each WebSocket, accepted or
//! opened, into a [`SignalingSocket`]. What is said on it is decided behind the [`Host`].

mod api;
mod app_name;
mod assets;
mod bundler;
mod certificate;
mod clipboard;
mod connection_limit;
mod cookie;
mod files;
pub(crate) mod fuzzing;
mod guard;
mod headers;
mod host;
mod linger;
mod login;
mod origin;
mod outbound;
mod range;
mod routes;
mod server;
mod socket;
mod state;
mod tls;
mod upgrade;
mod whep;

pub use app_name::AppName;
pub use files::Folders;
pub use headers::Embedder;
pub use host::{BoxFuture, ClientInfo, Clip, ClipError, Host, NewViewer, Player, PlayerError, Status};
pub use outbound::{ServerUrl, connect};
pub use server::{Serving, serve};
pub use socket::{Frame, SendError, SignalingSocket};
pub use tls::{Tls, TlsError};
