//! The tests that drive the real host, one file per feature.

#![allow(unreachable_pub, missing_docs)]

mod cli;
mod layers;
mod signaling;
mod streaming;
mod support;
