//! The control, which one client may take for itself.

use serde_json::{Value, json};

use super::fields;

/// The longest name of a client, in bytes.
const MAX_ID: usize = 64;

/// A client's request about the control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LeaseRequest {
    /// To have it: at once if no client has it, else its holder is told.
    Take,
    /// To give it back.
    Release,
    /// To give it to another client.
    HandOver {
        /// The id that the host gave to the other client.
        client_id: String,
    },
}

/// The state of the control.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LeaseState {
    /// The client that alone may act. `None`: every client may whose role allows it.
    pub holder: Option<String>,
    /// The last client that wants it instead.
    pub requested_by: Option<String>,
    /// The local user acts, and goes before all clients.
    pub is_local: bool,
}

impl LeaseRequest {
    /// The request that a message of this type and data is; `None` if it is none, or one without its client.
    pub(super) fn read(kind: &str, data: &Value) -> Option<Self> {
        match kind {
            "control-request" => Some(Self::Take),
            "control-release" => Some(Self::Release),
            "control-grant" => Some(Self::HandOver {
                client_id: fields::text(data, "client_id", MAX_ID)?.to_owned(),
            }),
            _ => None,
        }
    }
}

impl LeaseState {
    /// True if the client of this id may act, as far as its role allows.
    pub(crate) fn lets_act(&self, client_id: &str) -> bool {
        !self.is_local && self.is_free_for(client_id)
    }

    /// True if no other client has the control.
    pub(crate) fn is_free_for(&self, client_id: &str) -> bool {
        self.holder.as_ref().is_none_or(|holder| holder == client_id)
    }

    pub(super) fn to_json(&self, client_id: &str) -> Value {
        json!({
            "holder": self.holder,
            "requested_by": self.requested_by,
            "local": self.is_local,
            "granted": self.lets_act(client_id),
        })
    }
}
