//! Pointer and keyboard of an X server, by XTEST.

pub(super) mod backend;
pub(super) mod dom_code;
mod dom_key;
mod keymap;
mod keysym_names;
pub(super) mod keysym_of_char;
mod layout_match;
mod modifiers;
mod resolve;
mod spare_keycodes;
