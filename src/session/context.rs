//! The state of a socket that every dialect needs.

use super::config::SessionConfig;
use super::event::Action;
use super::rate_limit::Bucket;
use crate::protocol::envelope::Rejection;
use crate::protocol::input::FrameSize;
use crate::protocol::rights::Rights;
use crate::protocol::server::{ServerMessage, Stamp};

/// The socket and its client.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) client_id: String,
    pub(super) app_name: String,
    pub(super) config: SessionConfig,
    /// The limit on the client's frames.
    pub(super) bucket: Bucket,
    pub(super) frame: Option<FrameSize>,
    /// Of the client, as far as the host has said.
    pub(super) rights: Rights,
    pub(super) messages_received: u64,
    pub(super) errors: u64,
    messages_sent: u64,
}

impl Context {
    pub(super) fn new(client_id: String, app_name: &str, config: SessionConfig, now_ms: u64) -> Self {
        Self {
            client_id,
            app_name: app_name.to_owned(),
            bucket: Bucket::new(config.rate_burst, config.rate_per_second, now_ms),
            rights: Rights {
                role: config.role,
                policy: config.policy,
                has_control: true,
            },
            config,
            frame: None,
            messages_received: 0,
            errors: 0,
            messages_sent: 0,
        }
    }

    /// A message of the native protocol: the response to the request `request_id`, or one of the host's own accord.
    pub(super) fn send(
        &mut self,
        message: &ServerMessage,
        request_id: Option<String>,
        now_ms: u64,
    ) -> Action {
        self.messages_sent += 1;
        let is_response = request_id.is_some();
        let id =
            request_id.unwrap_or_else(|| format!("msg_{now_ms:013}_{:03}", self.messages_sent % 1_000_000));
        Action::Send(message.encode(Stamp {
            id: &id,
            is_response,
            timestamp_ms: now_ms,
            client_id: &self.client_id,
        }))
    }

    /// An error of the native protocol.
    pub(super) fn reject(&mut self, rejection: Rejection, now_ms: u64) -> Action {
        self.errors += 1;
        let id = rejection.id.clone();
        self.send(&ServerMessage::Error(rejection), id, now_ms)
    }
}
