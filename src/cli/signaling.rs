//! From the options about signaling to the configuration of the host.

use crate::host::{RemoteSignaling, RemoteSignalingKind};
use crate::protocol::ice_server::IceServer;
use crate::protocol::role::Role;
use crate::session::SessionConfig;

use super::options::SignalingArguments;

/// The configuration of sessions.
pub(super) fn session(arguments: &SignalingArguments) -> SessionConfig {
    let server = |url: &String| IceServer {
        urls: vec![url.clone()],
        username: None,
        credential: None,
    };
    SessionConfig {
        heartbeat_interval_ms: arguments.heartbeat_interval * 1000,
        connection_timeout_ms: arguments.connection_timeout * 1000,
        max_message_size: arguments.max_message_size as usize,
        ice_servers: arguments.ice_servers.iter().map(server).collect(),
        default_protocol: arguments.supported_protocols[0].clone(),
        supported_protocols: arguments.supported_protocols.clone(),
        rate_burst: arguments.rate_burst,
        rate_per_second: arguments.rate_per_second,
        role: Role::named(&arguments.signaling_role).unwrap_or(Role::View),
        ..SessionConfig::default()
    }
}

/// The remote signaling server, if there is one.
pub(super) fn remote_signaling(arguments: SignalingArguments) -> Option<RemoteSignaling> {
    let name = arguments.signaling_name.unwrap_or_else(machine_name);
    let kind = match arguments.signaling_protocol.as_str() {
        "selkies" => RemoteSignalingKind::Peer {
            uid: name,
            callee: arguments.signaling_callee,
        },
        _ => RemoteSignalingKind::Producer { name },
    };
    Some(RemoteSignaling {
        url: arguments.signaling_server?,
        kind,
    })
}

/// The host name of the machine.
pub(super) fn machine_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() {
        "deskbeam".to_owned()
    } else {
        name
    }
}
