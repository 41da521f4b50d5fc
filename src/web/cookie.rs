//! The cookie that holds a browser's session.
//!
//! Cookies do not belong to a port: another server on this machine can set cookies of the same name, and browsers send
//! those with a longer path before that of this host. So each cookie of the name is tried.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, ORIGIN};

use crate::access::{HostId, Secret};

/// The time that a browser keeps the cookie, in seconds: the longest time of a session.
const MAX_AGE_S: u64 = 30 * 24 * 60 * 60;
/// The prefix of cookies that browsers accept only over TLS and from the host itself (RFC 6265bis, section 4.1.3.2).
const SECURE_PREFIX: &str = "__Host-";
/// The most cookies of the name that are tried.
const MAX_TRIED: usize = 128;
/// The length of a session id, in hexadecimal digits.
const ID_LENGTH: usize = 64;
/// The paths besides `/` to which a cookie can belong that browsers send with a login.
const LOGIN_PATHS: [&str; 3] = ["/api", "/api/", "/api/login"];

/// The session cookie of this host. Its name contains the id of the host and its port: browsers send a cookie to every
/// port of a machine, and reach several hosts by one address through a proxy or, one after the other, through tunnels.
#[derive(Debug)]
pub(super) struct SessionCookie {
    name: String,
    is_tls: bool,
}

impl SessionCookie {
    /// Creates the cookie of a server on `port` of the host with this id. `is_tls` is true if the server itself speaks
    /// TLS.
    pub(super) fn new(host_id: Option<&HostId>, port: u16, is_tls: bool) -> Self {
        // Two hosts of one user have the same id, and different ports.
        let name = match host_id {
            Some(id) => format!("deskbeam-{id}-{port}"),
            None => format!("deskbeam-{port}"),
        };
        Self { name, is_tls }
    }

    /// Finds what can be session ids in the headers of a request. Over TLS, only a name with the prefix counts, which no
    /// server on another port can set for a browser. For a page without TLS, such a name does not count: the page is not
    /// the one that has signed in, but a server on port 80 of the same name may have sent it, or anyone on the way.
    pub(super) fn find(&self, headers: &HeaderMap) -> Vec<Secret> {
        let (is_secure, is_plain) = (self.is_secure(headers), is_of(headers, "http://"));
        let is_ours = |name: &str| match name.strip_prefix(SECURE_PREFIX) {
            Some(name) => !is_plain && name == self.name,
            None => !is_secure && name == self.name,
        };
        let is_id = |id: &str| id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let ids = pairs(headers).filter(|(name, id)| is_ours(name) && is_id(id));
        ids.take(MAX_TRIED)
            .map(|(_, id)| Secret::from(id.to_owned()))
            .collect()
    }

    /// Builds the `Set-Cookie` headers of the response to the login `request`, the first of which stores the session
    /// `id`. The others delete what other servers have set under the same name for longer paths.
    pub(super) fn set(&self, id: &Secret, request: &HeaderMap) -> Vec<String> {
        let mut headers = vec![self.header(id.expose(), "/", MAX_AGE_S, request)];
        let is_junk = |(name, value): (&str, &str)| {
            name.strip_prefix(SECURE_PREFIX).unwrap_or(name) == self.name && value != id.expose()
        };
        if pairs(request).any(is_junk) {
            let junk = LOGIN_PATHS.map(|path| format!("{}=; Path={path}; Max-Age=0", self.name));
            headers.extend(junk);
        }
        headers
    }

    /// Builds the `Set-Cookie` header that deletes the cookie.
    pub(super) fn clear(&self, request: &HeaderMap) -> String {
        self.header("", "/", 0, request)
    }

    /// Adds `Secure` also where a proxy speaks TLS.
    fn header(&self, id: &str, path: &str, max_age_s: u64, request: &HeaderMap) -> String {
        let (prefix, secure) = if self.is_secure(request) {
            (SECURE_PREFIX, "; Secure")
        } else {
            ("", "")
        };
        let name = &self.name;
        format!("{prefix}{name}={id}; Path={path}; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
    }

    /// True if the browser speaks TLS: to the host, or to a proxy, as the origin of the page shows.
    fn is_secure(&self, request: &HeaderMap) -> bool {
        self.is_tls || is_of(request, "https://")
    }
}

/// True if the page that sends a request has an origin that begins with this scheme.
fn is_of(request: &HeaderMap, scheme: &str) -> bool {
    let origin = request.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| origin.starts_with(scheme))
}

/// The names and values of the cookies of a request that are text. One that is not hides no other.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(COOKIE).iter();
    let cookies = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    cookies.filter_map(|cookie| std::str::from_utf8(cookie).ok()?.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::access::StateDir;

    fn found(cookie: &SessionCookie, sent: &str, origin: Option<&str>) -> Vec<String> {
        let mut headers = HeaderMap::new();
        // Latin-1, as some servers send it.
        let sent: Vec<u8> = sent.chars().map(|c| c as u8).collect();
        headers.insert(COOKIE, HeaderValue::from_bytes(&sent).unwrap());
        origin.map(|origin| headers.insert(ORIGIN, origin.parse().unwrap()));
        let found = cookie.find(&headers);
        found.iter().map(|id| id.expose().to_owned()).collect()
    }

    #[test]
    fn each_cookie_of_the_name_that_can_hold_an_id_is_found() {
        let cookie = SessionCookie::new(None, 8080, false);
        let (one, two) = ("a".repeat(64), "b".repeat(64));
        for (sent, expected) in [
            (format!("deskbeam-8080={one}"), &[&one][..]),
            (format!("a=b; __Host-deskbeam-8080={one}; c"), &[&one]),
            (
                format!("deskbeam-8080=junk; deskbeam-8080={one};deskbeam-8080={two}"),
                &[&one, &two],
            ),
            (format!("deskbeam-8081={one}; xdeskbeam-8080={one}"), &[]),
            (format!("deskbeam-8080={}", "x".repeat(64)), &[]),
            (format!("deskbeam-8080=\u{e9}; deskbeam-8080={one}"), &[&one]),
            ("deskbeam-8080".to_owned(), &[]),
            (String::new(), &[]),
        ] {
            let ids = found(&cookie, &sent, None);
            assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{sent}");
        }
        let many = vec![format!("deskbeam-8080={one}"); 1000].join("; ");
        assert_eq!(found(&cookie, &many, None).len(), MAX_TRIED);
    }

    #[test]
    fn over_tls_only_the_name_counts_that_no_other_server_can_set() {
        let id = "a".repeat(64);
        let (plain, secure) = (format!("deskbeam-1={id}"), format!("__Host-deskbeam-1={id}"));
        for (is_tls, origin, sent, count) in [
            (true, None, &plain, 0),
            (true, None, &secure, 1),
            (false, Some("https://desk.example"), &plain, 0),
            (false, Some("https://desk.example"), &secure, 1),
            (false, Some("http://desk.example"), &plain, 1),
            // Some browsers send it to a proxy with TLS also for a page of the same name without TLS.
            (false, Some("http://desk.example"), &secure, 0),
            // Behind a proxy, a request without an origin does not show whether there is TLS.
            (false, None, &secure, 1),
        ] {
            let cookie = SessionCookie::new(None, 1, is_tls);
            assert_eq!(
                found(&cookie, sent, origin).len(),
                count,
                "{is_tls} {origin:?} {sent}"
            );
        }
    }

    #[test]
    fn it_is_for_this_host_alone_and_for_no_script() {
        let id = Secret::from("abc".to_owned());
        let mut request = HeaderMap::new();
        let plain = SessionCookie::new(None, 1, false).set(&id, &request);
        assert_eq!(
            plain,
            ["deskbeam-1=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"]
        );
        let secure = "__Host-deskbeam-1=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(SessionCookie::new(None, 1, true).set(&id, &request), [secure]);
        request.insert(ORIGIN, "https://desk.example".parse().unwrap());
        assert_eq!(SessionCookie::new(None, 1, false).set(&id, &request), [secure]);
    }

    #[test]
    fn hosts_that_browsers_reach_by_one_address_have_cookies_of_their_own() {
        let places = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let ids = places.each_ref().map(|place| {
            let state = StateDir::at(place.path().to_owned()).unwrap();
            HostId::load_or_create(&state).unwrap()
        });
        let name = |id: &HostId, port| SessionCookie::new(Some(id), port, false).name;
        assert_ne!(name(&ids[0], 8080), name(&ids[1], 8080), "tunnels to one port");
        assert_ne!(name(&ids[0], 8080), name(&ids[0], 8081), "two hosts of one user");
        assert_eq!(name(&ids[0], 8080), name(&ids[0], 8080));
    }

    #[test]
    fn a_login_deletes_what_other_servers_have_set_under_its_name() {
        let mut request = HeaderMap::new();
        let (cookie, id) = (SessionCookie::new(None, 1, false), Secret::from("abc".to_owned()));
        request.insert(COOKIE, "deskbeam-1=abc; other=1".parse().unwrap());
        assert_eq!(cookie.set(&id, &request).len(), 1, "there is none");
        request.insert(COOKIE, "deskbeam-1=junk; deskbeam-1=abc".parse().unwrap());
        let set = cookie.set(&id, &request);
        assert!(set[0].starts_with("deskbeam-1=abc; Path=/;"), "{set:?}");
        assert_eq!(
            set[1..],
            LOGIN_PATHS.map(|path| format!("deskbeam-1=; Path={path}; Max-Age=0"))
        );
    }
}
