//! Authentication: who may connect, and with which role. Independent of HTTP: `web` passes in the credentials.
//!
//! [`Access`] decides. The token, the hash of the password and the hashes of shared links are files in the
//! [state folder](StateDir) of the user, which no other user can read.

mod admission;
mod attempts;
mod decision;
mod error;
mod grant;
mod host_id;
mod password;
mod secret;
mod sessions;
mod shares;
mod state_dir;
mod token;
mod turn;
mod watched;

pub(crate) use admission::{Admission, Credentials};
pub(crate) use attempts::network;
pub use decision::{Access, Mode};
pub use error::StateError;
pub(crate) use grant::Grant;
pub use host_id::HostId;
pub use password::{PasswordFile, set_password};
pub use secret::Secret;
pub use shares::{Share, ShareId, Shares};
pub use state_dir::StateDir;
pub(crate) use token::load_or_create as load_or_create_token;
pub use turn::TurnSecret;
pub(crate) use watched::Stamp;
