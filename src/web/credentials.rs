//! The credentials in the headers of a request.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use super::cookie::SessionCookie;
use crate::access::{Credentials, Secret};
use crate::protocol::base64;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The [`Credentials`] of a request, which can move to another thread.
#[derive(Debug)]
pub(super) struct OwnedCredentials {
    pub(super) peer: IpAddr,
    pub(super) forwarded_for: Option<String>,
    pub(super) user: Option<String>,
    pub(super) sessions: Vec<Secret>,
    pub(super) secret: Option<PresentedSecret>,
}

/// A token or a password, by the way in which it was presented.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PresentedSecret {
    /// By Bearer, as a subprotocol, or in the body of a login: the client has it itself.
    Own(Secret),
    /// By Basic: the browser may have kept it, and sends it with the requests of any page.
    Basic(Secret),
}

impl OwnedCredentials {
    /// Reads the headers of a request from `remote`. `proxy_header` is the header in which a proxy names the user.
    pub(super) fn read(
        remote: SocketAddr,
        headers: &HeaderMap,
        cookie: &SessionCookie,
        proxy_header: Option<&str>,
    ) -> Self {
        // A second value may be the client's own, which the proxy let through.
        let only = |name: &str| {
            let mut values = headers.get_all(name).iter();
            let value = values.next().filter(|_| values.next().is_none())?;
            Some(value.to_str().ok()?.to_owned())
        };
        Self {
            peer: remote.ip(),
            // Several headers are one list, and the nearest proxy wrote the last of them.
            forwarded_for: headers
                .get_all(FORWARDED_FOR)
                .iter()
                .next_back()
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            user: proxy_header.and_then(only),
            sessions: cookie.find(headers),
            secret: headers
                .get(header::AUTHORIZATION)
                .and_then(|value| authorization_secret(value.to_str().ok()?))
                .or_else(|| {
                    let subprotocols = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?;
                    subprotocol_secret(subprotocols.to_str().ok()?).map(PresentedSecret::Own)
                }),
        }
    }

    /// Leaves out what browsers and proxies add to a request by themselves.
    pub(super) fn without_ambient(self) -> Self {
        let is_own = |secret: &PresentedSecret| matches!(secret, PresentedSecret::Own(_));
        Self {
            user: None,
            sessions: Vec::new(),
            secret: self.secret.filter(is_own),
            ..self
        }
    }

    /// Borrows them for a decision.
    pub(super) fn borrowed(&self) -> Credentials<'_> {
        Credentials {
            peer: self.peer,
            forwarded_for: self.forwarded_for.as_deref(),
            user: self.user.as_deref(),
            sessions: &self.sessions,
            secret: self.secret.as_ref().map(PresentedSecret::secret),
        }
    }
}

impl PresentedSecret {
    fn secret(&self) -> &Secret {
        match self {
            Self::Own(secret) | Self::Basic(secret) => secret,
        }
    }
}

/// Gives the token of `Bearer` (RFC 6750), or the password of `Basic` (RFC 7617), whatever user name stands with it.
pub(super) fn authorization_secret(authorization: &str) -> Option<PresentedSecret> {
    let (scheme, rest) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(PresentedSecret::Own(Secret::from(rest.trim().to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(base64::decode(rest.trim())?).ok()?;
    let (_, password) = pair.split_once(':')?;
    Some(PresentedSecret::Basic(Secret::from(password.to_owned())))
}

/// Gives the token that is sent as a WebSocket subprotocol, `bearer.TOKEN`: the only header of a WebSocket handshake
/// that a script can set.
pub(super) fn subprotocol_secret(subprotocols: &str) -> Option<Secret> {
    let mut tokens = subprotocols
        .split(',')
        .filter_map(|name| name.trim().strip_prefix("bearer."));
    tokens.next().map(|token| Secret::from(token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_by_bearer_and_by_basic() {
        let own = |text: &str| PresentedSecret::Own(Secret::from(text.to_owned()));
        let basic = |text: &str| PresentedSecret::Basic(Secret::from(text.to_owned()));
        for (authorization, secret) in [
            ("Bearer abc", Some(own("abc"))),
            ("bearer abc ", Some(own("abc"))),
            ("Basic YW55Ym9keTphOmI=", Some(basic("a:b"))),
            ("basic OmE=", Some(basic("a"))),
            ("Basic YWJj", None),
            ("Basic ???", None),
            ("Digest abc", None),
            ("Bearer", None),
            ("", None),
        ] {
            assert_eq!(authorization_secret(authorization), secret, "{authorization}");
        }
    }
}
