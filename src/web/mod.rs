//! HTTP and WebSocket. The only module that knows axum and sockets.
//!
//! It serves the client's files and turns each accepted WebSocket into a [`ViewerSocket`], which it hands to the
//! host. What is said on it is not known here.

mod app_name;
mod assets;
mod origin;
mod routes;
mod server;
mod socket;

pub use app_name::AppName;
pub use server::{Accept, NewViewer, serve};
pub use socket::{CloseCode, Frame, ViewerSocket};
