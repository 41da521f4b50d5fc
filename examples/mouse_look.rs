//! An X program that grabs the pointer like a game, and prints each relative motion.
//!
//! The browser tests run it.

#[path = "../tests/support/mouse_look.rs"]
mod mouse_look;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (connection, _) = x11rb::connect(None)?;
    mouse_look::play(&connection, |dx, dy| println!("{dx} {dy}"))
}
