//! Screens and windows of an X server, and the element that captures them.

mod element;
mod layout;
mod memory;
mod pixels;
mod screen;
mod setup;

pub(super) use element::register;
