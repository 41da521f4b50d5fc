//! The checks of the `Host` and `Origin` headers, against DNS rebinding and against pages of other sites.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN};

/// True if the `Host` header is an IP address, `localhost`, or one of `names`: names that no other site can have. This
/// refuses a page of another name that was made to resolve to this address (DNS rebinding).
pub(super) fn names_this_host(headers: &HeaderMap, names: &[String]) -> bool {
    let Some(host) = text(headers, HOST) else {
        return false;
    };
    let name = without_port(host);
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    address.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The sender of a request, as far as a browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// A page of this host, or a program. The credentials that browsers and proxies add by themselves count.
    Own,
    /// A page of an allowed origin, or a link on any other page. It needs a token: the credentials that browsers and
    /// proxies add to its requests are those of the viewer, who has not asked for anything.
    Elsewhere,
    /// A page that may not use this host.
    Refused,
}

/// The origins of the pages that may use this host.
#[derive(Debug, Clone)]
pub(super) struct Origins {
    /// Those besides this host's own; `*` is any.
    pub(super) allowed: Vec<String>,
    /// True if this host itself speaks TLS: then a page without TLS is not its own.
    pub(super) is_tls: bool,
}

impl Origins {
    /// Finds out who sends a request.
    ///
    /// Browsers send `Origin` with every WebSocket, and with every request that changes something or whose response a
    /// script can read. A request without it comes from a program, or reads something that no page of another origin
    /// sees, unless the Fetch metadata say that such a page embeds the resource, as an image for example, or links to
    /// it. Browsers send these to hosts with TLS and to loopback addresses.
    pub(super) fn sender(&self, headers: &HeaderMap) -> Sender {
        let mut origins = headers.get_all(ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            return match headers.contains_key(ORIGIN) {
                true => Sender::Refused,
                false => without_origin(headers),
            };
        };
        let Ok(origin) = origin.to_str() else {
            return Sender::Refused;
        };
        let is_allowed = |allowed: &String| allowed == "*" || allowed.eq_ignore_ascii_case(origin);
        if text(headers, HOST).is_some_and(|host| self.is_own(origin, host)) {
            Sender::Own
        } else if self.allowed.iter().any(is_allowed) {
            Sender::Elsewhere
        } else {
            Sender::Refused
        }
    }

    /// True if `origin` has the name and the port of the `Host` header. The port of the scheme may be left out.
    fn is_own(&self, origin: &str, host: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let port = match scheme {
            "https" => ":443",
            "http" if !self.is_tls => ":80",
            _ => return false,
        };
        let plain = |authority: &str| {
            let authority = authority.to_ascii_lowercase();
            authority.strip_suffix(port).unwrap_or(&authority).to_owned()
        };
        plain(authority) == plain(host)
    }
}

fn without_origin(headers: &HeaderMap) -> Sender {
    match text(headers, FETCH_SITE) {
        Some("cross-site" | "same-site") if text(headers, FETCH_MODE) == Some("navigate") => {
            Sender::Elsewhere
        }
        Some("cross-site" | "same-site") => Sender::Refused,
        _ => Sender::Own,
    }
}

/// The text of a header.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
pub(super) const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(headers: &[(HeaderName, &str)], allowed: &[&str], is_tls: bool) -> Sender {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        let origins = Origins {
            allowed: allowed.iter().map(|&origin| origin.to_owned()).collect(),
            is_tls,
        };
        origins.sender(&headers.collect())
    }

    #[test]
    fn only_names_that_are_ours_are_answered() {
        let names = ["desk.example".to_owned()];
        for (host, answered) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("192.0.2.1:8080", true),
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("desk.example:8080", true),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:8080", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            assert_eq!(names_this_host(&headers, &names), answered, "{host}");
        }
        assert!(!names_this_host(&HeaderMap::new(), &names));
    }

    #[test]
    fn a_page_from_elsewhere_is_kept_out() {
        for (host, origin, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080", Sender::Own),
            ("127.0.0.1:8080", "https://127.0.0.1:8080", Sender::Own),
            ("desk.example", "https://desk.example", Sender::Own),
            ("DESK.example:443", "https://desk.example", Sender::Own),
            ("desk.example:80", "http://desk.example", Sender::Own),
            ("desk.example:80", "https://desk.example", Sender::Refused),
            ("desk.example", "https://desk.example:8443", Sender::Refused),
            ("127.0.0.1:8080", "http://127.0.0.1:8081", Sender::Refused),
            ("127.0.0.1:8080", "http://127.0.0.1", Sender::Refused),
            (
                "127.0.0.1:8080",
                "chrome-extension://127.0.0.1:8080",
                Sender::Refused,
            ),
            ("127.0.0.1:8080", "http://evil.example", Sender::Refused),
            ("127.0.0.1:8080", "null", Sender::Refused),
            ("127.0.0.1:8080", "", Sender::Refused),
        ] {
            let headers = [(HOST, host), (ORIGIN, origin)];
            assert_eq!(sender(&headers, &[], false), expected, "{host} {origin}");
        }
        let host = (HOST, "127.0.0.1:8080");
        assert_eq!(
            sender(std::slice::from_ref(&host), &[], false),
            Sender::Own,
            "a program"
        );
        let own = (ORIGIN, "https://127.0.0.1:8080");
        assert_eq!(sender(&[host.clone(), own], &[], true), Sender::Own);
        let stripped = (ORIGIN, "http://127.0.0.1:8080");
        assert_eq!(sender(&[host, stripped], &[], true), Sender::Refused);
    }

    #[test]
    fn pages_of_allowed_origins_get_in_and_need_a_token() {
        let headers = [(HOST, "127.0.0.1:8080"), (ORIGIN, "https://player.example")];
        for (allowed, expected) in [
            (
                &["https://other.example", "https://player.example"][..],
                Sender::Elsewhere,
            ),
            (&["*"], Sender::Elsewhere),
            (&["https://other.example"], Sender::Refused),
            (&["player.example"], Sender::Refused),
        ] {
            assert_eq!(sender(&headers, allowed, false), expected, "{allowed:?}");
        }
        let own = [(HOST, "127.0.0.1:8080"), (ORIGIN, "http://127.0.0.1:8080")];
        assert_eq!(sender(&own, &["*"], false), Sender::Own);
    }

    #[test]
    fn what_another_site_puts_into_its_page_is_kept_out_and_who_follows_a_link_needs_a_token() {
        for (site, mode, expected) in [
            ("none", "navigate", Sender::Own),
            ("same-origin", "no-cors", Sender::Own),
            ("same-site", "no-cors", Sender::Refused),
            ("cross-site", "no-cors", Sender::Refused),
            ("same-site", "navigate", Sender::Elsewhere),
            ("cross-site", "navigate", Sender::Elsewhere),
        ] {
            let headers = [(FETCH_SITE, site), (FETCH_MODE, mode)];
            assert_eq!(sender(&headers, &["*"], false), expected, "{site} {mode}");
        }
    }

    #[test]
    fn two_origins_are_those_of_no_page() {
        let origins = ["http://127.0.0.1:8080", "http://evil.example"].map(|origin| (ORIGIN, origin));
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "127.0.0.1:8080".parse().unwrap());
        for (name, value) in origins {
            headers.append(name, value.parse().unwrap());
        }
        let any = Origins {
            allowed: vec!["*".to_owned()],
            is_tls: false,
        };
        assert_eq!(any.sender(&headers), Sender::Refused);
    }
}
