//! Routes: the ones without a secret, the origins of pages, and the headers of responses.

use std::net::SocketAddr;

use deskbeam::access::{Access, Mode};

use super::{BEARER, TOKEN, cookie, login, routes, secret, token_host, upgrade};
use crate::support::host::TestHost;
use crate::support::http::{get, request};

/// Any name, and the token as the password.
const BASIC: &str = "Basic YW55Ym9keTowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==";
const PROTOCOLS: &str = "gstreamer-1.0, bearer.0123456789abcdef0123456789abcdef";

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
async fn what_a_browser_adds_by_itself_does_not_count_for_a_page_of_an_allowed_origin() {
    // Another port of this machine: browsers send the cookie with its requests, and passwords that they have kept.
    let neighbour = ("origin", "http://127.0.0.1:1");
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
        setup.config.origins = vec![neighbour.1.to_owned()];
    });
    let own = format!("http://{}", host.address);
    let cookie = cookie(&login(host.address, TOKEN).await);
    let cookie = ("cookie", cookie.as_str());
    let basic = ("authorization", BASIC);
    let link = [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")];
    let open = ["/health", "/openapi.json"];
    for path in routes().iter().filter(|path| !open.contains(&path.as_str())) {
        let signs = ["/api/login", "/api/logout", "/api/session"].contains(&path.as_str());
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let expected = if signs { [403, 405] } else { [401, 405] };
            for by_page in [[neighbour, cookie], [neighbour, basic]] {
                let answer = request(host.address, method, path, &by_page, "").await;
                assert!(expected.contains(&answer.status), "{method} {path}: {answer:?}");
                assert_eq!(
                    answer.header("www-authenticate"),
                    None,
                    "the browser is to ask nobody"
                );
            }
            for ambient in [cookie, basic] {
                let answer = request(host.address, method, path, &[link[0], link[1], ambient], "").await;
                assert!(
                    expected.contains(&answer.status),
                    "{method} {path} by a link: {answer:?}"
                );
            }
        }
    }
    let url = host.ws_url();
    for (headers, status) in [
        (&[neighbour, cookie][..], 401),
        (&[neighbour, basic], 401),
        (&[neighbour, BEARER], 101),
        (&[neighbour, ("sec-websocket-protocol", PROTOCOLS), cookie], 101),
        (&[("origin", &own), cookie], 101),
        (&[("origin", &own), basic], 101),
        (&[cookie], 101),
        (&[basic], 101),
    ] {
        assert_eq!(upgrade(&url, headers).await, status, "{headers:?}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_a_proxy_names_does_not_count_for_a_page_of_an_allowed_origin() {
    let neighbour = ("origin", "https://desk.example:8443");
    let user = ("x-forwarded-user", "ann");
    let host = TestHost::start_custom(|setup| {
        let mode = Mode::Proxy {
            header: user.0.to_owned(),
        };
        setup.parts.access = Access::new(mode, None, vec!["127.0.0.1".parse().unwrap()]);
        setup.config.origins = vec![neighbour.1.to_owned()];
    });
    let own = format!("http://{}", host.address);
    let url = host.ws_url();
    assert_eq!(upgrade(&url, &[user, ("origin", &own)]).await, 101);
    assert_eq!(upgrade(&url, &[user, neighbour]).await, 401);
    let answer = request(host.address, "PUT", "/api/clipboard", &[user, neighbour], "").await;
    assert_eq!(answer.status, 401);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_page_names_what_a_proxy_may_have_changed() {
    let host = token_host();
    for path in ["/api/login", "/ws", "/whep"] {
        let origin = [("origin", "https://desk.example:8443")];
        let answer = request(host.address, "POST", path, &origin, "").await;
        assert_eq!(answer.status, 403);
        let named = [
            "https://desk.example:8443",
            &host.address.to_string(),
            "proxy_set_header Host $http_host;",
        ];
        for part in named {
            assert!(answer.body.contains(part), "{path}: {}", answer.body);
        }
    }
    // Browsers send no origin with the first request of a page, so the page says it.
    for (origin, status) in [
        ("https%3A%2F%2Fdesk.example%3A8443".to_owned(), 403),
        (format!("http%3A%2F%2F{}", host.address), 401),
    ] {
        let path = format!("/api/session?origin={origin}");
        assert_eq!(get(host.address, &path).await.status, status, "{path}");
    }
    host.stop().await;
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
