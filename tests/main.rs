//! The real parts together, one file per feature.

mod support;
mod virtual_display;
mod x11_input;
