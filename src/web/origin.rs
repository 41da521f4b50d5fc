//! Whose requests are answered: those that name this host, and WebSockets of pages that it served and of programs.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN};

/// Whether the request is for this host by a name that nobody else can have: an address, `localhost`, or one of
/// `names`. A page at another name that resolves to this address (DNS rebinding) is thereby kept out.
pub(super) fn is_for_us(headers: &HeaderMap, names: &[String]) -> bool {
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

/// Whether a page, if it is one that asks, may: it was served by this host (its `Origin` names the host and port that
/// it asks), or from one of `allowed`, in which `*` is any. Browsers send `Origin` with each WebSocket and whatever a
/// script may read; a request without one comes from a program, unless it says that a page of another site wants it,
/// as a picture for example.
pub(super) fn may_ask(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return !is_part_of_another_page(headers);
    };
    let Some(origin) = origin.to_str().ok() else {
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

/// Whether somebody else's page has this in it. To go to an address of ours anybody may be asked.
fn is_part_of_another_page(headers: &HeaderMap) -> bool {
    let says = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_elsewhere = matches!(says(FETCH_SITE), Some("cross-site" | "same-site"));
    is_elsewhere && says(FETCH_MODE) != Some("navigate")
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
            assert_eq!(is_for_us(&headers, &names), answered, "{host}");
        }
        assert!(!is_for_us(&HeaderMap::new(), &names));
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
            assert_eq!(may_ask(&headers, &[]), allowed, "{origin:?}");
        }
    }

    #[test]
    fn pages_of_allowed_origins_get_in() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "127.0.0.1:8080".parse().unwrap());
        headers.insert(ORIGIN, "https://player.example".parse().unwrap());
        let allowed = |names: &[&str]| {
            may_ask(
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
            assert_eq!(may_ask(&headers, &["*".to_owned()]), asks, "{site:?} {mode:?}");
        }
    }
}
