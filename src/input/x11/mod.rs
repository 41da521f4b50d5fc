//! Pointer and keyboard of an X server, by XTEST.

pub(super) mod backend;
mod dom_key;
mod keyboard;
mod keymap;
mod layout_match;
mod left_pressed;
mod lent_record;
mod modifier_map;
mod modifiers;
mod pointer;
mod resolve;
mod server;
mod spare_keycodes;
