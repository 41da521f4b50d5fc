//! The headers of every response.

use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName, HeaderValue};

/// The Content-Security-Policy without its `frame-ancestors`: only scripts of this host, and requests to this host.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     require-trusted-types-for 'script'; frame-ancestors ";

/// The Permissions-Policy: the features of the browser that the client uses, and those that it must not.
const PERMISSIONS: &str = "fullscreen=(self), clipboard-read=(self), clipboard-write=(self), gamepad=(self), \
     camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=()";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Forbids browsers plain HTTP for half a year.
const STRICT_TRANSPORT: &str = "max-age=15768000";

/// An origin whose pages may embed the client in a frame, such as `https://desk.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedder(String);

impl std::str::FromStr for Embedder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let authority = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        match authority {
            Some(authority) if !authority.is_empty() && authority.chars().all(is_plain) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("expected an origin, as in https://desk.example".to_owned()),
        }
    }
}

/// Builds the headers for a client that `embedders` may frame. `is_trusted` is true for HTTPS with a certificate that
/// a browser trusts: it also adds Strict-Transport-Security.
pub(super) fn all(embedders: &[Embedder], is_trusted: bool) -> HeaderMap {
    let mut headers: HeaderMap = ALWAYS
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect();
    let framing = match embedders {
        [] => "'none'".to_owned(),
        embedders => {
            let origins: Vec<_> = embedders.iter().map(|embedder| embedder.0.as_str()).collect();
            format!("'self' {}", origins.join(" "))
        }
    };
    if let Ok(policy) = HeaderValue::from_str(&(POLICY.to_owned() + &framing)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if is_trusted {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(STRICT_TRANSPORT),
        );
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_may_be_embedders() {
        for text in ["https://a.example", "http://127.0.0.1:8080", "https://[::1]:1"] {
            assert!(text.parse::<Embedder>().is_ok(), "{text}");
        }
        for text in [
            "*",
            "",
            "https://",
            "a.example",
            "https://a; script-src *",
            "https://a b",
            "https://a/b",
        ] {
            assert!(text.parse::<Embedder>().is_err(), "{text}");
        }
    }

    #[test]
    fn nobody_frames_the_page_but_those_that_are_named() {
        let policy = |embedders: &[Embedder]| {
            let headers = all(embedders, false);
            headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert!(policy(&[]).ends_with("frame-ancestors 'none'"));
        let embedder = "https://a.example".parse().unwrap();
        assert!(policy(&[embedder]).ends_with("frame-ancestors 'self' https://a.example"));
        assert!(all(&[], true).contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!all(&[], false).contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
