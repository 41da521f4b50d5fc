//! HTTP and WebSocket. The only module that knows axum and sockets.
//!
//! It serves the client and the API, answers WHEP players, and turns each WebSocket, accepted or opened, into a
//! `SignalingSocket`. The `Host` speaks on it.

mod api;
mod app_name;
mod assets;
mod authenticator;
mod bodies;
mod bundler;
mod clipboard;
mod connection_limit;
mod cookie;
mod credentials;
mod files;
pub(crate) mod fuzzing;
mod guard;
mod headers;
mod host;
mod http1;
mod http2;
mod in_flight;
mod linger;
mod login;
mod origin;
mod outbound;
mod plain_acceptor;
mod relay;
mod routes;
mod sending;
mod server;
mod socket;
mod state;
mod tls;
mod upgrade;
mod whep;

pub use files::Folders;
pub use headers::Embedder;
pub(crate) use host::{BoxFuture, ClientInfo, Clip, ClipError, Host, NewViewer, Player, PlayerError, Status};
pub use outbound::ServerUrl;
pub(crate) use outbound::connect;
pub use server::Serving;
pub(crate) use server::serve;
pub(crate) use socket::{Frame, SendError, SignalingSocket};
pub use tls::{Tls, TlsError};
