//! The farewell to a client that is not served, or not any more.

use crate::session::Action;
use crate::web::SignalingSocket;

/// Sends the last messages to a client that is not served any more, and closes its socket.
pub(super) async fn turn_away(socket: &mut SignalingSocket, actions: Vec<Action>) {
    for action in actions {
        match action {
            Action::Send(text) => drop(socket.send(text).await),
            Action::Close { code, reason } => socket.close(code, &reason).await,
            _ => {}
        }
    }
}
