//! An X program that takes the pointer as games do, and prints how far it was moved.
//!
//! The tests in browsers run it.

#[path = "../tests/support/mouse_look.rs"]
mod mouse_look;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (connection, _) = x11rb::connect(None)?;
    mouse_look::play(&connection, |dx, dy| println!("{dx} {dy}"))
}
