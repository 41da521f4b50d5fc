//! Authentication, by token, cookie, password and proxy.

use deskbeam::access::{Access, HostId, Mode, PasswordFile, set_password};
use serde_json::json;

use super::{BEARER, JSON, TOKEN, cookie, login, secret, state, token_host, upgrade};
use crate::support::host::TestHost;
use crate::support::http::{Response, get, request};
use crate::support::signaling::Client;

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
async fn a_browser_that_is_signed_in_learns_the_id_of_the_host() {
    let (_place, state) = state();
    let id = HostId::load_or_create(&state).unwrap();
    let named = id.to_string();
    let host = TestHost::start_custom(move |setup| {
        let access = Access::new(Mode::Token(secret(TOKEN)), None, Vec::new());
        setup.parts.access = access.with_host_id(Some(id));
    });
    let answer = login(host.address, TOKEN).await;
    assert_eq!(answer.json()["host_id"], named);
    let session = request(host.address, "GET", "/api/session", &[BEARER], "").await;
    assert_eq!(session.json()["host_id"], named);
    let stranger = get(host.address, "/api/session").await;
    assert_eq!(stranger.json(), json!({"mode": "token"}));
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
        setup.parts.access = Access::new(Mode::Password(file), None, Vec::new());
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
            setup.parts.access = Access::new(Mode::Proxy { header }, None, vec![proxy.parse().unwrap()]);
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
