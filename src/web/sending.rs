//! The large responses that are under way: files, and the content of the clipboard.
//!
//! Each takes a connection and memory until the client has read it.

use std::io;

use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::quota::{Holder, Place, Places};

/// The most of them at a time.
const MAX: usize = 64;
/// The most of them by one link or from one address.
const MAX_PER_GUEST: usize = 16;
/// The bytes that are handed over at once.
const PIECE: usize = 256 * 1024;

/// The places of large responses. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Sending(Places);

impl Sending {
    pub(super) fn new() -> Self {
        Self(Places::new(MAX, MAX_PER_GUEST))
    }

    /// Takes a place for `holder`. `None` if there is none for it.
    pub(super) fn take(&self, holder: &Holder) -> Option<Place> {
        self.0.take(holder)
    }
}

/// A body that has its place until the last of `bytes` are handed over. They are in pieces: a client that does not read
/// keeps the place.
pub(super) fn body(bytes: Vec<u8>, place: Place) -> Body {
    let pieces = stream::unfold((Bytes::from(bytes), place), |(mut bytes, place)| async move {
        let piece = bytes.split_to(bytes.len().min(PIECE));
        (!piece.is_empty()).then_some((Ok::<_, io::Error>(piece), (bytes, place)))
    });
    Body::from_stream(pieces)
}
