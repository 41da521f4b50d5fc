//! Who may come in, and as what. Knows no HTTP: the web side hands in what a request presents.
//!
//! [`Access`] decides. What it decides by is kept in the user's [state folder](StateDir), readable by nobody else:
//! the token, the hash of the password, the hashes of the links that were shared.

mod attempts;
mod decision;
mod password;
mod secret;
mod sessions;
mod shares;
mod state_dir;
mod token;
mod turn;
mod watched;

pub use attempts::network;
pub use decision::{Access, Admission, Credentials, Grant, Mode};
pub use password::{MIN_PASSWORD, PasswordFile, set_password};
pub use secret::{Secret, SecretError};
pub use shares::{Share, ShareId, Shares};
pub use state_dir::{StateDir, StateError};
pub use token::load_or_create as load_or_create_token;
pub use turn::TurnSecret;
pub use watched::Stamp;
