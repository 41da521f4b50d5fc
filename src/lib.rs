//! deskbeam: a Linux desktop in the browser.

pub mod media;
pub mod protocol;
pub mod session;
