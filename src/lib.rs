//! deskbeam: a Linux desktop in the browser.

pub mod input;
pub mod protocol;
pub mod session;
pub mod media;
pub mod web;
