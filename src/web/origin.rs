//! The checks of the `Host` and `Origin` headers, against DNS rebinding and against pages of other sites.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN};

/// True if the `Host` header is an IP address, `localhost`, or one of `names`: names that no other site can have. This
/// refuses a page of another name that was made to resolve to this address (DNS rebinding).
pub(super) fn names_this_host(headers: &HeaderMap, names: &[String]) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
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

/// True if the request comes from a program, from a page of this host (its `Origin` has the host and port of the `Host`
/// header), or from a page of one of the `allowed` origins, where `*` is any.
///
/// Browsers send `Origin` with every WebSocket and with every request whose response a script can read. A request
/// without it comes from a program, unless the Fetch metadata say that a page of another site embeds the resource, as
/// an image for example.
pub(super) fn is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return !is_embedded_elsewhere(headers);
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let is_same =
        matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host));
    is_same
        || allowed
            .iter()
            .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
}

/// True if a page of another site embeds the resource. A link to this host, which navigates, is fine.
fn is_embedded_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_elsewhere = matches!(text(FETCH_SITE), Some("cross-site" | "same-site"));
    is_elsewhere && text(FETCH_MODE) != Some("navigate")
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
pub(super) const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

#[cfg(test)]
mod tests {
    use super::*;

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
        for (origin, allowed) in [
            (None, true),
            (Some("http://127.0.0.1:8080"), true),
            (Some("https://127.0.0.1:8080"), true),
            (Some("http://127.0.0.1:8081"), false),
            (Some("http://127.0.0.1"), false),
            (Some("http://evil.example"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "127.0.0.1:8080".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_allowed(&headers, &[]), allowed, "{origin:?}");
        }
    }

    #[test]
    fn pages_of_allowed_origins_get_in() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "127.0.0.1:8080".parse().unwrap());
        headers.insert(ORIGIN, "https://player.example".parse().unwrap());
        let allowed = |names: &[&str]| {
            is_allowed(
                &headers,
                &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(),
            )
        };
        assert!(allowed(&["https://other.example", "https://player.example"]) && allowed(&["*"]));
        assert!(!allowed(&["https://other.example"]) && !allowed(&["player.example"]));
    }

    #[test]
    fn what_another_site_puts_into_its_page_is_kept_out_and_whoever_follows_a_link_is_not() {
        for (site, mode, asks) in [
            (None, None, true),
            (Some("none"), Some("navigate"), true),
            (Some("same-origin"), Some("no-cors"), true),
            (Some("same-site"), Some("no-cors"), false),
            (Some("cross-site"), Some("no-cors"), false),
            (Some("cross-site"), Some("navigate"), true),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(FETCH_SITE, site), (FETCH_MODE, mode)] {
                value.map(|value| headers.insert(name, value.parse().unwrap()));
            }
            assert_eq!(is_allowed(&headers, &["*".to_owned()]), asks, "{site:?} {mode:?}");
        }
    }
}
