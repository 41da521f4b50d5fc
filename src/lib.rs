//! deskbeam: a Linux desktop in the browser.

pub mod input;
pub mod protocol;
