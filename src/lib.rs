//! deskbeam: a Linux desktop in the browser.

pub mod desktop;
pub mod input;
pub mod protocol;
