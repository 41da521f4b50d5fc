//! The cookie that holds a browser's session.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, ORIGIN};

use crate::access::Secret;

/// The time that a browser keeps the cookie, in seconds: the longest time of a session.
const MAX_AGE_S: u64 = 30 * 24 * 60 * 60;
/// The prefix of cookies that browsers accept only over TLS and from the host itself (RFC 6265bis, section 4.1.3.2).
const SECURE_PREFIX: &str = "__Host-";

/// The session cookie of this host. Its name contains the port: browsers send a cookie to every port of a machine.
#[derive(Debug)]
pub(super) struct SessionCookie {
    name: String,
    is_tls: bool,
}

impl SessionCookie {
    /// Creates the cookie of a server on `port`. `is_tls` is true if the server itself speaks TLS.
    pub(super) fn new(port: u16, is_tls: bool) -> Self {
        Self {
            name: format!("deskbeam-{port}"),
            is_tls,
        }
    }

    /// Finds the session id in the headers of a request.
    pub(super) fn find(&self, headers: &HeaderMap) -> Option<Secret> {
        let cookies = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let pairs = cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='));
        let mut ours =
            pairs.filter(|(name, _)| name.strip_prefix(SECURE_PREFIX).unwrap_or(name) == self.name);
        ours.next().map(|(_, id)| Secret::from(id.to_owned()))
    }

    /// Builds the `Set-Cookie` header that stores the session `id`, for the response to `request`.
    pub(super) fn set(&self, id: &Secret, request: &HeaderMap) -> String {
        self.header(id.expose(), MAX_AGE_S, request)
    }

    /// Builds the `Set-Cookie` header that deletes the cookie.
    pub(super) fn clear(&self, request: &HeaderMap) -> String {
        self.header("", 0, request)
    }

    /// Adds `Secure` also where a proxy speaks TLS: then the origin of the page is https.
    fn header(&self, id: &str, max_age_s: u64, request: &HeaderMap) -> String {
        let origin = request.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let is_secure = self.is_tls || origin.is_some_and(|origin| origin.starts_with("https://"));
        let (prefix, secure) = if is_secure {
            (SECURE_PREFIX, "; Secure")
        } else {
            ("", "")
        };
        let name = &self.name;
        format!("{prefix}{name}={id}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_by_its_port() {
        let cookie = SessionCookie::new(8080, false);
        for (sent, found) in [
            ("deskbeam-8080=abc", Some("abc")),
            ("a=b; __Host-deskbeam-8080=abc; c", Some("abc")),
            ("deskbeam-8081=abc; xdeskbeam-8080=abc", None),
            ("deskbeam-8080", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, sent.parse().unwrap());
            assert_eq!(
                cookie.find(&headers).as_ref().map(Secret::expose),
                found,
                "{sent}"
            );
        }
    }

    #[test]
    fn it_is_for_this_host_alone_and_for_no_script() {
        let id = Secret::from("abc".to_owned());
        let mut request = HeaderMap::new();
        let plain = SessionCookie::new(1, false).set(&id, &request);
        assert_eq!(
            plain,
            "deskbeam-1=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"
        );
        let secure = "__Host-deskbeam-1=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(SessionCookie::new(1, true).set(&id, &request), secure);
        request.insert(ORIGIN, "https://desk.example".parse().unwrap());
        assert_eq!(SessionCookie::new(1, false).set(&id, &request), secure);
    }
}
