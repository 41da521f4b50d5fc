//! Routes: the ones without a secret, the origins of pages, and the headers of responses.

use std::net::SocketAddr;

use deskbeam::access::{Access, Mode};

use super::{BEARER, TOKEN, cookie, login, routes, secret, token_host, upgrade};
use crate::support::host::TestHost;
use crate::support::http::{get, request};

#[tokio::test(flavor = "multi_thread")]
async fn no_route_but_the_open_ones_is_answered_without_a_secret() {
    let host = token_host();
    let open = [
        "/health",
        "/openapi.json",
        "/api/login",
        "/api/logout",
        "/api/session",
    ];
    let routes = routes();
    assert!(routes.len() > 15, "{routes:?}");
    for path in routes.iter().filter(|path| !open.contains(&path.as_str())) {
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
        ] {
            let answer = request(host.address, method, path, &[], "").await;
            if method == "OPTIONS" && path.starts_with("/whep") {
                assert_eq!(answer.status, 200, "a preflight has no credentials: {path}");
                continue;
            }
            assert!([401, 405].contains(&answer.status), "{method} {path}: {answer:?}");
        }
    }
    for path in ["/", "/main.js", "/health", "/openapi.json"] {
        assert_eq!(get(host.address, path).await.status, 200, "{path}");
    }
    for path in [
        "/ws",
        "/ws/cad",
        "/gstwebrtc",
        "/webrtc/signalling/",
        "/api/signaling/ws",
    ] {
        let url = format!("ws://{}{path}", host.address);
        assert_eq!(upgrade(&url, &[]).await, 401, "{path}");
        assert_eq!(upgrade(&url, &[BEARER]).await, 101, "{path}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_are_kept_out_everywhere_whatever_they_present() {
    let host = token_host();
    let cookie = cookie(&login(host.address, TOKEN).await);
    for path in routes()
        .iter()
        .filter(|path| !["/health", "/openapi.json"].contains(&path.as_str()))
    {
        for origin in ["http://evil.example", "null", "http://127.0.0.1"] {
            for method in ["GET", "POST"] {
                let headers = [("origin", origin), ("cookie", cookie.as_str()), BEARER];
                let answer = request(host.address, method, path, &headers, "").await;
                assert!(
                    [403, 405].contains(&answer.status),
                    "{method} {path} from {origin}: {answer:?}"
                );
            }
        }
    }
    // An image in a page on another port of this machine: browsers send the cookie with the request, and no origin.
    let picture = [
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-mode", "no-cors"),
        ("cookie", cookie.as_str()),
    ];
    let answer = request(host.address, "GET", "/api/downloads", &picture, "").await;
    assert_eq!(answer.status, 403);
    let url = host.ws_url();
    assert_eq!(
        upgrade(&url, &[("origin", "http://evil.example"), ("cookie", &cookie)]).await,
        403
    );
    assert_eq!(upgrade(&url, &[("origin", "http://evil.example")]).await, 403);
    let rebound = request_as(host.address, "evil.example", &cookie).await;
    assert!(rebound.starts_with("HTTP/1.1 421"), "{rebound}");
    host.stop().await;
}

/// Sends a request with this host name, which resolves to the address, and returns the response.
async fn request_as(address: SocketAddr, name: &str, cookie: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /turn HTTP/1.1\r\nhost: {name}:{}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n",
        address.port()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_on_another_page_learns_that_it_needs_a_token() {
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
        setup.config.origins = vec!["https://player.example".to_owned()];
    });
    let origin = ("origin", "https://player.example");
    let asked = ("access-control-request-headers", "authorization");
    let preflight = request(host.address, "OPTIONS", "/whep", &[origin, asked], "").await;
    assert_eq!(preflight.status, 200);
    assert!(
        preflight
            .header("access-control-allow-headers")
            .unwrap()
            .contains("Authorization")
    );
    let answer = request(host.address, "POST", "/whep", &[origin], "").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin.1));
    assert_eq!(
        request(host.address, "POST", "/whep", &[origin, BEARER], "")
            .await
            .status,
        415
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_headers_that_keep_browsers_safe() {
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
        setup.parts.serving.embedders = vec!["https://desk.example".parse().unwrap()];
    });
    for (path, store) in [
        ("/", Some("no-cache")),
        ("/main.js", Some("no-cache")),
        ("/nothing", Some("no-store")),
        ("/health", Some("no-store")),
        ("/turn", Some("no-store")),
        ("/api/session", Some("no-store")),
        ("/ws", Some("no-store")),
    ] {
        let answer = get(host.address, path).await;
        let policy = answer.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'self' https://desk.example",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(
            answer.header("permissions-policy").unwrap().contains("camera=()"),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), store, "{path}");
        assert_eq!(
            answer.header("strict-transport-security"),
            None,
            "there is no TLS"
        );
    }
    host.stop().await;
}
