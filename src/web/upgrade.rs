//! The upgrade of a request to the WebSocket of a viewer.

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{OriginalUri, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::app_name::AppName;
use super::guard::Authenticated;
use super::host::{NewViewer, SharedHost};
use super::socket::{self, SignalingSocket};
use crate::protocol::dialect::{Detected, Dialect, Handshake};

/// The query of the request.
#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    protocol: Option<String>,
}

/// Detects the dialect and the app that the client wants, and hands its socket to the host.
pub(super) async fn upgrade(
    State(host): State<SharedHost>,
    OriginalUri(uri): OriginalUri,
    Query(parameters): Query<Parameters>,
    Extension(caller): Authenticated,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let handshake = Handshake {
        path: uri.path(),
        subprotocols: text(header::SEC_WEBSOCKET_PROTOCOL),
        query: parameters.protocol.as_deref(),
        header: text(HeaderName::from_static("x-signaling-protocol")),
        user_agent: text(header::USER_AGENT),
    };
    let Some(Detected { dialect, subprotocol }) = Dialect::detect(&handshake, host.supported_protocols())
    else {
        return (StatusCode::NOT_FOUND, "No supported protocol uses this path.\n").into_response();
    };
    let Some(app) = app_of(uri.path(), dialect) else {
        let rule = "The name of an app has 1 to 64 letters, digits, '.', '_' and '-', and starts with a letter or a \
                    digit.\n";
        return (StatusCode::BAD_REQUEST, rule).into_response();
    };
    let upgrade = match subprotocol {
        Some(name) => socket::limit(upgrade).protocols([name]),
        None => socket::limit(upgrade),
    };
    upgrade.on_upgrade(move |socket| {
        host.serve(NewViewer {
            socket: SignalingSocket::inbound(socket),
            app,
            dialect,
            remote: caller.remote,
            client: caller.client,
            grant: caller.grant,
        })
    })
}

/// The app that the path names, or the default app. `None` if the name is not valid.
pub(super) fn app_of(path: &str, dialect: Dialect) -> Option<AppName> {
    let name = match dialect {
        Dialect::Selkies if path.trim_end_matches('/').ends_with("/signalling") => path
            .trim_end_matches('/')
            .trim_end_matches("/signalling")
            .rsplit('/')
            .next(),
        _ => path
            .strip_prefix("/ws/")
            .or_else(|| path.strip_prefix("/api/signaling/")),
    };
    match name {
        None | Some("" | "ws") => Some(AppName::default()),
        Some(name) => AppName::parse(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_is_where_each_protocol_has_it() {
        for (path, dialect, app) in [
            ("/ws", Dialect::Native, Some("default")),
            ("/ws/", Dialect::Native, Some("default")),
            ("/ws/cad", Dialect::Native, Some("cad")),
            ("/ws/a%2fb", Dialect::Native, None),
            ("/api/signaling/ws", Dialect::Native, Some("default")),
            ("/api/signaling/cad", Dialect::Native, Some("cad")),
            ("/webrtc/signalling/", Dialect::Selkies, Some("webrtc")),
            ("/selkies/selkies/signalling", Dialect::Selkies, Some("selkies")),
            ("/ws", Dialect::Selkies, Some("default")),
            ("/gstwebrtc", Dialect::GstWebrtc, Some("default")),
        ] {
            assert_eq!(app_of(path, dialect).as_ref().map(AppName::as_str), app, "{path}");
        }
    }
}
