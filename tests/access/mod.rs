//! Who comes in, and who does not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use deskbeam::access::{Access, Mode, PasswordFile, Secret, Shares, StateDir, set_password};
use deskbeam::host::SessionLimits;
use deskbeam::input::Recorded;
use deskbeam::protocol::input::Point;
use deskbeam::protocol::role::Role;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{connect_async, tungstenite};

use super::support::host::TestHost;
use super::support::http::{Response, get, request};
use super::support::signaling::Client;
use super::support::viewer::{Viewer, ViewerOptions};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const BEARER: (&str, &str) = ("authorization", "Bearer 0123456789abcdef0123456789abcdef");
const JSON: (&str, &str) = ("content-type", "application/json");

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn token_host() -> TestHost {
    TestHost::start_custom(|setup| {
        setup.access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
    })
}

fn state() -> (tempfile::TempDir, StateDir) {
    let place = tempfile::tempdir().unwrap();
    let state = StateDir::at(place.path().to_owned()).unwrap();
    (place, state)
}

async fn login(address: SocketAddr, secret: &str) -> Response {
    let body = json!({ "secret": secret }).to_string();
    request(address, "POST", "/api/login", &[JSON], &body).await
}

/// The cookie of an answer, as a browser sends it back.
fn cookie(answer: &Response) -> String {
    let set = answer.header("set-cookie").expect("a cookie is set");
    set.split(';').next().unwrap().to_owned()
}

/// The status of the answer to an attempt to open a socket with these headers; 101 if it opens.
async fn upgrade(url: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok(_) => 101,
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

/// All routes that stand in the code, with a plain name for each parameter.
fn routes() -> Vec<String> {
    let routes = include_str!("../src/web/routes.rs").split(".route(\"").skip(1);
    let paths = routes.map(|rest| rest.split_once('"').unwrap().0.replace(['{', '}'], ""));
    paths.collect()
}

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
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = request(host.address, method, path, &[], "").await;
            assert!([401, 405].contains(&answer.status), "{method} {path}: {answer:?}");
        }
        assert_ne!(
            request(host.address, "OPTIONS", path, &[], "").await.status,
            101,
            "{path}"
        );
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
async fn programs_come_in_by_bearer_and_by_basic_and_are_told_how() {
    let host = token_host();
    let status = "/api/signaling/status";
    // Any name, and the token as the password.
    let basic = "Basic YW55Ym9keTowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==";
    for (authorization, code) in [
        (BEARER.1, 200),
        (basic, 200),
        ("Bearer 0123456789abcdef0123456789abcdee", 401),
        ("Basic YW55Ym9keTo=", 401),
        ("Bearer", 401),
    ] {
        let headers = [("authorization", authorization)];
        let answer = request(host.address, "GET", status, &headers, "").await;
        assert_eq!(answer.status, code, "{authorization}");
    }
    let url = host.ws_url();
    let named = |token: &str| format!("gstreamer-1.0, bearer.{token}");
    for (protocols, code) in [(named(TOKEN), 101), (named("wrong"), 401), (named(""), 401)] {
        assert_eq!(
            upgrade(&url, &[("sec-websocket-protocol", &protocols)]).await,
            code,
            "{protocols}"
        );
    }
    let challenge = |answer: Response| answer.header("www-authenticate").map(str::to_owned);
    assert!(
        challenge(get(host.address, status).await)
            .unwrap()
            .starts_with("Basic")
    );
    for (path, mode, challenged) in [
        (status, "cors", false),
        ("/turn", "cors", true),
        (status, "navigate", true),
    ] {
        let answer = request(host.address, "GET", path, &[("sec-fetch-mode", mode)], "").await;
        assert_eq!(challenge(answer).is_some(), challenged, "{path} {mode}");
    }
    assert_eq!(challenge(get(host.address, "/api/session").await), None);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_exchanges_the_token_for_a_cookie_and_gives_it_back() {
    let host = token_host();
    let session = |cookie: &str| {
        let (address, cookie) = (host.address, cookie.to_owned());
        async move { request(address, "GET", "/api/session", &[("cookie", &cookie)], "").await }
    };
    let answer = session("").await;
    assert_eq!((answer.status, answer.json()), (401, json!({"mode": "token"})));
    let answer = login(host.address, TOKEN).await;
    assert_eq!((answer.status, &answer.json()["role"]), (200, &json!("admin")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let set = answer.header("set-cookie").unwrap();
    assert!(
        set.contains("; HttpOnly; SameSite=Strict") && !set.contains(TOKEN),
        "{set}"
    );
    let cookie = cookie(&answer);
    assert_eq!(session(&cookie).await.status, 200);
    assert_eq!(upgrade(&host.ws_url(), &[("cookie", &cookie)]).await, 101);
    let own = format!("http://{}", host.address);
    let answer = request(
        host.address,
        "POST",
        "/api/logout",
        &[("cookie", &cookie), ("origin", &own)],
        "",
    )
    .await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(session(&cookie).await.status, 401);
    assert_eq!(upgrade(&host.ws_url(), &[("cookie", &cookie)]).await, 401);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_json_short_and_from_a_page_of_this_host() {
    let host = token_host();
    let body = json!({ "secret": TOKEN }).to_string();
    for (headers, body, code) in [
        (&[("content-type", "text/plain")][..], body.as_str(), 415),
        (
            &[("content-type", "application/x-www-form-urlencoded")],
            &body,
            415,
        ),
        (&[JSON], "{", 400),
        (&[JSON], "{}", 422),
        (&[JSON], &format!("{{\"secret\":\"{}\"}}", "x".repeat(5000)), 413),
        (&[JSON, ("origin", "http://evil.example")], &body, 403),
        (&[JSON, ("origin", "null")], &body, 403),
    ] {
        let answer = request(host.address, "POST", "/api/login", headers, body).await;
        assert_eq!(answer.status, code, "{headers:?}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(
        request(host.address, "GET", "/api/login", &[], "").await.status,
        405
    );
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
    // A picture of a page on another port of this machine: browsers send the cookie with it, and no origin.
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

/// What is answered to a page at another name that leads to this address.
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
async fn wrong_tries_have_to_wait_and_who_is_in_stays_in() {
    let host = token_host();
    let cookie = cookie(&login(host.address, TOKEN).await);
    let mut inside = Client::connect_with(&host.ws_url(), &[BEARER]).await;
    inside.receive().await;
    for _ in 0..5 {
        assert_eq!(login(host.address, "wrong").await.status, 401);
    }
    let answer = login(host.address, "wrong").await;
    assert_eq!(answer.status, 429);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(
        seconds >= 1 && answer.body.contains(&format!("{seconds} s")),
        "{answer:?}"
    );
    assert_eq!(
        upgrade(&host.ws_url(), &[("authorization", "Bearer wrong")]).await,
        429
    );
    let session = request(host.address, "GET", "/api/session", &[("cookie", &cookie)], "").await;
    assert_eq!(session.status, 200);
    assert_eq!(upgrade(&host.ws_url(), &[("cookie", &cookie)]).await, 101);
    inside.send(json!({"type":"ping"})).await;
    assert_eq!(inside.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_lets_in_and_many_tries_at_once_get_no_further_than_a_few() {
    let (_place, state) = state();
    set_password(&state, &secret("correct horse")).unwrap();
    let file = PasswordFile::open(state).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.access = Access::new(Mode::Password(file), None, Vec::new());
    });
    let answer = get(host.address, "/api/session").await;
    assert_eq!((answer.status, answer.json()), (401, json!({"mode": "password"})));
    let answer = login(host.address, "correct horse").await;
    assert_eq!((answer.status, &answer.json()["role"]), (200, &json!("admin")));
    let basic = [("authorization", "Basic bWU6Y29ycmVjdCBob3JzZQ==")];
    assert_eq!(
        request(host.address, "GET", "/turn", &basic, "").await.status,
        200
    );

    let tries = (0..24).map(|number| login(host.address, ["wrong one", "wrong two"][number % 2]));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(looked_at <= 6, "{looked_at} tries were looked at");
    assert!(answers.iter().all(|answer| [401, 429].contains(&answer.status)));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_the_proxy_names_comes_in_and_one_that_names_itself_does_not() {
    for (proxy, code) in [("127.0.0.1", 200), ("192.0.2.1", 401)] {
        let host = TestHost::start_custom(|setup| {
            let header = "x-forwarded-user".to_owned();
            setup.access = Access::new(Mode::Proxy { header }, None, vec![proxy.parse().unwrap()]);
        });
        let user = [("x-forwarded-user", "ann")];
        assert_eq!(
            request(host.address, "GET", "/turn", &user, "").await.status,
            code,
            "{proxy}"
        );
        let two = [("x-forwarded-user", "root"), ("x-forwarded-user", "ann")];
        assert_eq!(
            request(host.address, "GET", "/turn", &two, "").await.status,
            401,
            "which of them?"
        );
        assert_eq!(get(host.address, "/turn").await.status, 401);
        let clients = request(host.address, "GET", "/api/signaling/clients", &user, "").await;
        assert_eq!(
            clients.status,
            if code == 200 { 403 } else { 401 },
            "it does not manage"
        );
        host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_on_another_page_learns_that_it_needs_a_token() {
    let host = TestHost::start_custom(|setup| {
        setup.access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
        setup.origins = vec!["https://player.example".to_owned()];
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
        setup.access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
        setup.serving.embedders = vec!["https://desk.example".parse().unwrap()];
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

#[tokio::test(flavor = "multi_thread")]
async fn whoever_came_by_a_link_is_shown_out_when_it_is_revoked_and_others_stay() {
    let (_place, state) = state();
    let shares = Shares::new(state.clone());
    let now_ms = deskbeam::clock::now_ms();
    let (share, link) = shares.add(Role::View, now_ms + 3_600_000, now_ms).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.access = Access::new(Mode::Token(secret(TOKEN)), Some(Shares::new(state)), Vec::new());
    });
    let answer = login(host.address, link.expose()).await;
    assert_eq!((answer.status, &answer.json()["role"]), (200, &json!("view")));
    let cookie = cookie(&answer);
    let mut guest = Client::connect_with(&host.ws_url(), &[("cookie", &cookie)]).await;
    guest.receive().await;
    let mut owner = Client::connect_with(&host.ws_url(), &[BEARER]).await;
    owner.receive().await;
    let managing = request(
        host.address,
        "GET",
        "/api/signaling/clients",
        &[("cookie", &cookie)],
        "",
    )
    .await;
    assert_eq!(managing.status, 403);
    assert!(shares.revoke(&share.id.to_string(), now_ms).unwrap());
    assert_eq!(
        guest.closed().await.map(|frame| u16::from(frame.code)),
        Some(1008)
    );
    assert_eq!(upgrade(&host.ws_url(), &[("cookie", &cookie)]).await, 401);
    assert_eq!(login(host.address, link.expose()).await.status, 401);
    owner.send(json!({"type":"ping"})).await;
    assert_eq!(owner.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_may_only_look_sees_everything_and_moves_nothing() {
    let (_place, state) = state();
    let shares = Shares::new(state.clone());
    let now_ms = deskbeam::clock::now_ms();
    let (_, view) = shares.add(Role::View, now_ms + 3_600_000, now_ms).unwrap();
    let (_, control) = shares.add(Role::Control, now_ms + 3_600_000, now_ms).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.access = Access::new(Mode::Token(secret(TOKEN)), Some(Shares::new(state)), Vec::new());
    });
    let join = async |link: &Secret| {
        let bearer = format!("Bearer {}", link.expose());
        let client = Client::connect_with(&host.ws_url(), &[("authorization", &bearer)]).await;
        let (mut viewer, _) = Viewer::join_as(client, ViewerOptions::default()).await;
        viewer
            .until("there is a picture and a channel", |viewer| {
                viewer.decoded > 0 && viewer.can_send()
            })
            .await;
        viewer
    };
    let mut guest = join(&view).await;
    guest.send_input("mouse-move", json!({"x": 11, "y": 12}));
    guest.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    guest.until("it is told", |viewer| viewer.error.is_some()).await;
    assert_eq!(guest.error.as_ref().unwrap()["error"]["code"], "FORBIDDEN");
    guest
        .client
        .send(json!({"type":"mouse-move","data":{"x": 13, "y": 14}}))
        .await;
    // Answered behind the motion: by then that was looked at.
    guest.client.send(json!({"type":"ping"})).await;
    guest.client.receive_type("pong").await;

    let helper = join(&control).await;
    helper.send_input("mouse-move", json!({"x": 21, "y": 22}));
    let is_motion = |event: &Recorded| matches!(event, Recorded::MoveTo(_));
    let events = host.recorded(move |events| events.iter().any(is_motion)).await;
    let motions: Vec<_> = events.iter().filter(|event| is_motion(event)).collect();
    assert_eq!(motions, [&Recorded::MoveTo(Point { x: 21.0, y: 22.0 })]);
    assert!(
        !events.iter().any(|event| matches!(event, Recorded::Key(..))),
        "{events:?}"
    );
    assert_eq!(helper.error, None);
    helper.leave().await;
    guest.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_cut_off_at_once_and_only_the_owner_can_come_back() {
    let (_place, state) = state();
    let shares = Shares::new(state.clone());
    let now_ms = deskbeam::clock::now_ms();
    let (_, link) = shares.add(Role::Control, now_ms + 3_600_000, now_ms).unwrap();
    let cut_off = Arc::new(tokio::sync::Notify::new());
    let notify = Arc::clone(&cut_off);
    let host = TestHost::start_custom(|setup| {
        setup.access = Access::new(Mode::Token(secret(TOKEN)), Some(Shares::new(state)), Vec::new());
        setup.cut_off = cut_off;
    });
    let cookie = cookie(&login(host.address, TOKEN).await);
    let guest = format!("Bearer {}", link.expose());
    let mut clients = Vec::new();
    for header in [("cookie", cookie.as_str()), ("authorization", guest.as_str())] {
        let mut client = Client::connect_with(&host.ws_url(), &[header]).await;
        client.receive().await;
        clients.push(client);
    }
    notify.notify_one();
    for client in &mut clients {
        let code = client.closed().await.map(|frame| u16::from(frame.code));
        assert_eq!(code, Some(1008), "it need not come back as it is");
    }
    for header in [("cookie", cookie.as_str()), ("authorization", guest.as_str())] {
        assert_eq!(upgrade(&host.ws_url(), &[header]).await, 401);
    }
    assert_eq!(upgrade(&host.ws_url(), &[BEARER]).await, 101);
    host.stop().await;
}

/// A host that takes the token, and a link to look on.
fn host_with_stay(change: impl FnOnce(&mut SessionLimits)) -> (TestHost, String, tempfile::TempDir) {
    let (place, state) = state();
    let now_ms = deskbeam::clock::now_ms();
    let shares = Shares::new(state);
    let (_, link) = shares.add(Role::View, now_ms + 3_600_000, now_ms).unwrap();
    let host = TestHost::start_custom(|setup| {
        setup.access = Access::new(Mode::Token(secret(TOKEN)), Some(shares), Vec::new());
        change(&mut setup.limits);
    });
    (host, format!("Bearer {}", link.expose()), place)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_nothing_is_shown_out_and_who_acts_or_may_only_look_stays() {
    let (host, link, _place) = host_with_stay(|stay| stay.idle = Some(Duration::from_secs(5)));
    let url = host.ws_url();
    let mut looks = Client::connect_with(&url, &[("authorization", &link)]).await;
    let mut clicks = Client::connect_with(&url, &[BEARER]).await;
    for client in [&mut looks, &mut clicks] {
        client.receive().await;
    }
    let client = Client::connect_with(&url, &[BEARER]).await;
    let (mut types, _) = Viewer::join_as(client, ViewerOptions::default()).await;
    types.until("the channel is open", Viewer::can_send).await;
    let mut idles = Client::connect_with(&url, &[BEARER]).await;
    idles.receive().await;
    let acting = async {
        loop {
            let motion = json!({"x": 1, "y": 2});
            clicks.send(json!({"type": "mouse-move", "data": motion})).await;
            types.send_input("mouse-move", motion);
            let hears = types.until("it hears what comes", |_| false);
            let _ = tokio::time::timeout(Duration::from_millis(100), hears).await;
        }
    };
    let frame = tokio::select! {
        frame = idles.closed() => frame.unwrap(),
        _ = looks.closed() => panic!("who may only look has to leave"),
        () = acting => unreachable!(),
    };
    assert_eq!(u16::from(frame.code), 1008);
    assert_eq!(frame.reason.as_str(), "Nothing was done for too long");
    for client in [&mut looks, &mut clicks, &mut types.client] {
        client.send(json!({"type":"ping"})).await;
        client.receive_type("pong").await;
    }
    types.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_leaves_after_the_longest_time_and_may_come_again() {
    let (host, link, _place) = host_with_stay(|stay| stay.longest = Some(Duration::from_secs(2)));
    for header in [("authorization", link.as_str()), BEARER, BEARER] {
        let mut client = Client::connect_with(&host.ws_url(), &[header]).await;
        client.receive_type("welcome").await;
        let frame = client.closed().await.unwrap();
        assert_eq!(u16::from(frame.code), 1008);
        assert_eq!(frame.reason.as_str(), "The time is over");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_takes_the_control_and_hands_it_over_and_the_others_wait() {
    let host = TestHost::start_custom(|_| {});
    let mut ids = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(&host.ws_url()).await;
        ids.push(client.receive().await["data"]["client_id"].clone());
        clients.push(client);
    }
    let [ann, bob] = &mut clients[..] else { panic!() };
    let told = async |client: &mut Client| client.receive_type("control-state").await["data"].clone();
    let motion = |x: u32| json!({"type":"mouse-move","data":{"x":x,"y":1}});

    ann.send(json!({"type":"control-request"})).await;
    let state = told(ann).await;
    assert_eq!((&state["holder"], &state["granted"]), (&ids[0], &json!(true)));
    let state = told(bob).await;
    assert_eq!((&state["holder"], &state["granted"]), (&ids[0], &json!(false)));
    bob.send(motion(11)).await;
    assert_eq!(bob.receive_type("error").await["error"]["code"], "FORBIDDEN");
    bob.send(json!({"type":"control-grant","data":{"client_id":ids[1]}}))
        .await;
    assert_eq!(told(bob).await["granted"], false, "it is not his to give");

    bob.send(json!({"type":"control-request"})).await;
    // Everybody is an administrator without a lock, and takes it back from whomever.
    let state = told(ann).await;
    assert_eq!((&state["holder"], &state["granted"]), (&ids[1], &json!(false)));
    assert_eq!(told(bob).await["granted"], true);
    bob.send(json!({"type":"control-grant","data":{"client_id":ids[0]}}))
        .await;
    assert_eq!(told(ann).await["granted"], true);
    assert_eq!(told(bob).await["granted"], false);
    ann.send(motion(21)).await;
    let is_motion = |event: &Recorded| matches!(event, Recorded::MoveTo(_));
    let events = host.recorded(move |events| events.iter().any(is_motion)).await;
    let motions: Vec<_> = events.iter().filter(|event| is_motion(event)).collect();
    assert_eq!(motions, [&Recorded::MoveTo(Point { x: 21.0, y: 1.0 })]);

    drop(clients.remove(0));
    let state = told(&mut clients[0]).await;
    assert_eq!(
        (&state["holder"], &state["granted"]),
        (&json!(null), &json!(true))
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_say_their_name_hear_who_is_there() {
    let host = TestHost::start_custom(|_| {});
    let mut silent = Client::connect(&host.ws_url()).await;
    silent.receive().await;
    let mut ann = Client::connect(&host.ws_url()).await;
    ann.receive().await;
    let told = async |client: &mut Client| client.receive_type("people").await["data"]["people"].clone();
    let names = |people: &Value| -> Vec<Value> {
        let people = people.as_array().unwrap();
        people.iter().map(|person| person["name"].clone()).collect()
    };
    ann.send(json!({"type":"name","data":{"name":"Ann"}})).await;
    let people = told(&mut ann).await;
    assert_eq!(names(&people), [json!(null), json!("Ann")]);
    assert_eq!(people[1]["role"], "admin");
    let mut bob = Client::connect(&host.ws_url()).await;
    bob.receive().await;
    assert_eq!(told(&mut ann).await.as_array().unwrap().len(), 3);
    bob.send(json!({"type":"name","data":{"name":"Bob"}})).await;
    assert_eq!(
        names(&told(&mut bob).await),
        [json!(null), json!("Ann"), json!("Bob")]
    );
    drop(bob);
    while told(&mut ann).await.as_array().unwrap().len() != 2 {}
    // Whoever is not asked is not told: the next that comes is the answer.
    silent.send(json!({"type":"ping"})).await;
    assert_eq!(silent.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_control_lets_go_of_what_it_holds() {
    let host = TestHost::start_custom(|_| {});
    let (mut holder, _) = Viewer::join(&host.ws_url(), ViewerOptions::default()).await;
    holder
        .until("the channel is open", |viewer| viewer.can_send())
        .await;
    holder.send_input("key-press", json!({"key": "a", "code": "KeyA", "action": "down"}));
    host.recorded(|events| events.iter().any(|event| matches!(event, Recorded::Key(_, true))))
        .await;
    let mut taker = Client::connect(&host.ws_url()).await;
    taker.receive().await;
    taker.send(json!({"type":"control-request"})).await;
    host.recorded(|events| {
        events
            .iter()
            .any(|event| matches!(event, Recorded::Key(_, false)))
    })
    .await;
    holder.leave().await;
    host.stop().await;
}
