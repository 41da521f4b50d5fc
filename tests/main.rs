//! The real parts together, one file per feature.

#![allow(unreachable_pub, missing_docs, clippy::unwrap_used)]

mod access;
mod api;
mod cli;
mod crashes;
mod desktop_requests;
mod desktop_x11;
mod every_message;
mod faults;
mod files;
mod layers;
mod limits;
mod local;
mod log_secrets;
mod outbound;
mod pointer;
mod proxies;
mod quotas;
mod readme;
mod relay;
mod selkies;
mod sharing;
mod signaling;
mod streaming;
mod support;
mod tls;
mod turn;
mod virtual_display;
mod websocket;
mod whep;
mod x11_input;
mod x11_layouts;
mod x11_source;
