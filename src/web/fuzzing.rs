//! The parsers of a request, for [`crate::fuzzing`].

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::cookie::SessionCookie;
use super::headers::Embedder;
use super::outbound::ServerUrl;
use super::{credentials, guard, origin, upgrade};
use crate::protocol::dialect::{Dialect, Handshake};

/// Parses a request: the path on the first line, and a header on each further line.
pub(crate) fn request(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let path = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let headers: HeaderMap = lines.filter_map(header).collect();
    let names = ["desk.example".to_owned()];
    let _ = origin::names_this_host(&headers, &names);
    let origins = origin::Origins {
        allowed: names.to_vec(),
        is_tls: false,
    };
    let _ = origins.sender(&headers);
    let _ = guard::wants_challenge(&path, &headers);
    let _ = SessionCookie::new(None, 8080, true).find(&headers);
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    text(header::AUTHORIZATION).map(credentials::authorization_secret);
    text(header::SEC_WEBSOCKET_PROTOCOL).map(credentials::subprotocol_secret);
    let handshake = Handshake {
        path: &path,
        subprotocols: text(header::SEC_WEBSOCKET_PROTOCOL),
        query: text(header::UPGRADE),
        header: text(HeaderName::from_static("x-signaling-protocol")),
        user_agent: text(header::USER_AGENT),
    };
    let supported = ["gstreamer-1.0", "selkies", "gstwebrtc"].map(str::to_owned);
    let _ = Dialect::detect(&handshake, &supported);
    for dialect in [Dialect::Native, Dialect::Selkies, Dialect::GstWebrtc] {
        if let Some(app) = upgrade::app_of(&path, dialect) {
            assert!((1..=64).contains(&app.as_str().len()), "{path}");
        }
    }
    let _ = path.parse::<ServerUrl>();
    let _ = path.parse::<Embedder>();
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    Some((
        HeaderName::from_bytes(name).ok()?,
        HeaderValue::from_bytes(value.get(1..)?).ok()?,
    ))
}
