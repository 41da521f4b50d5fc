//! The upgrade of a request to the WebSocket of a viewer.

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{OriginalUri, Query, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::app_name::AppName;
use super::guard::{self, Authenticated};
use super::host::{NewViewer, SharedHost};
use super::socket::{self, SignalingSocket};
use crate::protocol::base64;
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
    method: Method,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if method != Method::GET {
        return guard::not_allowed("GET");
    }
    if !has_key(&headers) {
        let message = "Sec-WebSocket-Key has to be there once: 16 bytes in Base64.\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
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

/// True if the request has the key of a WebSocket handshake (RFC 6455, section 4.2.1).
fn has_key(headers: &HeaderMap) -> bool {
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return false;
    };
    // With padding, 16 bytes are 24 characters.
    let is_key = |key: &str| key.len() == 24 && base64::decode(key).is_some_and(|bytes| bytes.len() == 16);
    key.to_str().is_ok_and(is_key)
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
