//! The JSON routes, and their OpenAPI description.

use std::time::{Duration, Instant};

use deskbeam::protocol::ice_server::IceServer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::host::{TestHost, options};
use super::support::http::{Response, get, request};
use super::support::signaling::Client;
use super::support::soon;

const DISCONNECT: &str = "/api/signaling/clients";

async fn disconnect(host: &TestHost, id: &str, headers: &[(&str, &str)]) -> Response {
    let path = format!("{DISCONNECT}/{id}/disconnect");
    request(host.address, "POST", &path, headers, "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_runs_is_healthy() {
    let host = TestHost::start(&options());
    let answer = get(host.address, "/health").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "OK\n"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_http_2_without_tls_is_told_to_use_http_1_1() {
    let host = TestHost::start(&options());
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon("the connection ends", stream.read_to_end(&mut answer))
        .await
        .unwrap();
    // An empty SETTINGS frame, then GOAWAY with the code HTTP_1_1_REQUIRED and the reason.
    assert!(answer.starts_with(b"\0\0\0\x04\0\0\0\0\0"), "{answer:?}");
    assert_eq!((answer[12], &answer[18..26]), (7, &[0, 0, 0, 0, 0, 0, 0, 13][..]));
    assert!(String::from_utf8_lossy(&answer).ends_with("by prior knowledge.\n"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_counts_clients_and_apps() {
    let host = TestHost::start(&options());
    let status = get(host.address, "/api/signaling/status").await;
    assert_eq!(
        (status.status, status.header("cache-control")),
        (200, Some("no-store"))
    );
    let before = status.json();
    assert_eq!(
        (&before["running"], &before["client_count"], &before["app_count"]),
        (&json!(true), &json!(0), &json!(0))
    );
    assert_eq!(
        before["supported_protocols"],
        json!(["gstreamer-1.0", "selkies", "gstwebrtc"])
    );
    assert_eq!(before["version"], env!("CARGO_PKG_VERSION"));
    let mut clients = Vec::new();
    for app in ["cad", "cad", "office"] {
        let mut client = Client::connect(&format!("ws://{}/ws/{app}", host.address)).await;
        client.receive().await;
        clients.push(client);
    }
    let after = get(host.address, "/api/signaling/status").await.json();
    assert_eq!(
        (&after["client_count"], &after["app_count"]),
        (&json!(3), &json!(2))
    );
    assert!(
        after["uptime"].as_f64() > before["uptime"].as_f64() && before["uptime"].as_f64() >= Some(0.0),
        "{before} {after}"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_is_listed_with_what_it_says_of_itself() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&format!("ws://{}/ws/cad", host.address)).await;
    let id = client.receive().await["data"]["client_id"].clone();
    let listed = get(host.address, "/api/signaling/clients").await.json();
    let [first] = &listed.as_array().unwrap()[..] else {
        panic!("{listed}")
    };
    assert_eq!(
        (
            &first["id"],
            &first["app_name"],
            &first["protocol"],
            &first["state"]
        ),
        (&id, &json!("cad"), &json!("gstreamer-1.0"), &json!("connected"))
    );
    assert_eq!(
        (&first["message_count"], &first["error_count"]),
        (&json!(0), &json!(0))
    );
    assert!(first.get("peer_id").is_none(), "{first}");
    assert!(
        first["remote_addr"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{first}"
    );

    client
        .send(json!({"type":"hello","peer_id":42,"data":{"client_info":{"user_agent":"a\u{202e} test"}}}))
        .await;
    client.send(json!({"type":"no-such-type"})).await;
    client.send(json!({"type":"ping"})).await;
    client.receive_type("pong").await;
    let listed = get(host.address, "/api/signaling/clients").await.json();
    let second = &listed[0];
    assert_eq!(
        (&second["peer_id"], &second["user_agent"]),
        (&json!("42"), &json!("a test"))
    );
    assert_eq!(
        (&second["message_count"], &second["error_count"]),
        (&json!(3), &json!(1))
    );
    let (connected, seen) = (second["connected_at"].as_u64(), second["last_seen"].as_u64());
    assert_eq!(connected, first["connected_at"].as_u64());
    assert!(
        seen >= connected && connected > Some(1_600_000_000_000),
        "milliseconds: {second}"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_shown_out_by_its_id_and_others_stay() {
    let host = TestHost::start(&options());
    let mut stays = Client::connect(&host.ws_url()).await;
    stays.receive().await;
    let mut leaves = Client::connect(&host.ws_url()).await;
    let welcome = leaves.receive().await;
    let answer = disconnect(&host, welcome["data"]["client_id"].as_str().unwrap(), &[]).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"disconnected": 1})));
    assert_eq!(
        leaves.closed().await.map(|frame| u16::from(frame.code)),
        Some(1000)
    );
    stays.send(json!({"type":"ping"})).await;
    assert_eq!(stays.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_shown_out_by_their_own_peer_id_be_it_a_number_or_a_text() {
    let host = TestHost::start(&options());
    for (peer_id, same) in [(json!(1001), json!("1001")), (json!("a-name"), json!("a-name"))] {
        let mut clients = Vec::new();
        for form in [&peer_id, &same] {
            let mut client = Client::connect(&host.ws_url()).await;
            client.receive().await;
            client.send(json!({"type":"ping","peer_id":form})).await;
            client.receive_type("pong").await;
            clients.push(client);
        }
        let answer = disconnect(&host, same.as_str().unwrap(), &[]).await;
        assert_eq!(
            answer.json(),
            json!({"disconnected": 2}),
            "ids need not be unique"
        );
        for client in &mut clients {
            assert_eq!(
                client.closed().await.map(|frame| u16::from(frame.code)),
                Some(1000)
            );
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_its_peer_id_a_moment_later_is_shown_out_too() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    let answer = disconnect(&host, "late", &[]);
    let introduce = async {
        // The request may arrive before or after this: both have to work.
        get(host.address, "/health").await;
        client
            .send(json!({"type":"hello","peer_id":"late","data":{}}))
            .await;
        client.closed().await
    };
    let (answer, closed) = tokio::join!(answer, introduce);
    assert_eq!(answer.json(), json!({"disconnected": 1}));
    assert_eq!(closed.map(|frame| u16::from(frame.code)), Some(1000));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_that_name_is_looked_for_no_longer_than_a_moment() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    client.receive().await;
    let asked = Instant::now();
    let answer = disconnect(&host, "nobody", &[]).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (404, &json!("CLIENT_NOT_FOUND"))
    );
    let looked = asked.elapsed();
    assert!(
        looked >= Duration::from_secs(1) && looked < Duration::from_secs(10),
        "{looked:?}"
    );
    client.send(json!({"type":"ping"})).await;
    assert_eq!(client.receive().await["type"], "pong");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_may_not_show_anybody_out() {
    let host = TestHost::start(&options());
    let mut client = Client::connect(&host.ws_url()).await;
    let id = client.receive().await["data"]["client_id"].clone();
    let id = id.as_str().unwrap();
    for origin in ["http://evil.example", "null", "http://127.0.0.1"] {
        let answer = disconnect(&host, id, &[("origin", origin)]).await;
        assert_eq!(answer.status, 403, "{origin}");
    }
    client.send(json!({"type":"ping"})).await;
    assert_eq!(client.receive().await["type"], "pong");
    let own = format!("http://{}", host.address);
    assert_eq!(disconnect(&host, id, &[("origin", &own)]).await.status, 200);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ice_servers_are_told_with_stun_first() {
    let turn = |url: &str| IceServer {
        urls: vec![url.to_owned()],
        username: Some("me".to_owned()),
        credential: Some("secret".to_owned()),
    };
    let host = TestHost::start_custom(|setup| {
        setup.config.session.ice_servers = vec![turn("turn:relay.example:3478")];
    });
    for path in ["/turn", "/anything/turn"] {
        let answer = get(host.address, path).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, Some("no-store"))
        );
        let answer = answer.json();
        for field in ["lifetimeDuration", "blockStatus", "iceTransportPolicy"] {
            assert!(answer[field].is_string(), "{field}: {answer}");
        }
        let servers = answer["iceServers"].as_array().unwrap();
        let is_stun = |server: &Value| {
            let urls = server["urls"].as_array().unwrap();
            urls.iter()
                .all(|url| url == "" || url.as_str().unwrap().starts_with("stun"))
        };
        assert!(servers.len() == 2 && is_stun(&servers[0]), "{answer}");
        assert_eq!(
            servers[1],
            json!({"urls":["turn:relay.example:3478"],"username":"me","credential":"secret"})
        );
    }
    host.stop().await;
}

/// True if no handler gave this answer: the path is that of a file, or has no such method.
fn is_unknown(answer: &Response) -> bool {
    answer.status == 405 || answer.status == 404 && answer.body.contains("There is nothing here")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_is_described_is_there() {
    let host = TestHost::start(&options());
    let answer = get(host.address, "/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let description = answer.json();
    assert_eq!(description["openapi"], "3.1.0");
    for nothing in ["/no-such-thing", "/api/signaling/clients/x/y"] {
        assert!(is_unknown(&get(host.address, nothing).await), "{nothing}");
    }
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() > 10, "{paths:?}");
    for (path, methods) in paths {
        let plain: String = path.replace(['{', '}'], "");
        for method in methods.as_object().unwrap().keys() {
            let answer = request(host.address, &method.to_uppercase(), &plain, &[], "").await;
            assert!(!is_unknown(&answer), "{method} {path}: {answer:?}");
            let responses = methods[method]["responses"].as_object().unwrap();
            assert!(
                answer.status == 400 || responses.contains_key(&answer.status.to_string()),
                "{method} {path}: {} is not described: {responses:?}",
                answer.status
            );
        }
        let answer = request(host.address, "TRACE", &plain, &[], "").await;
        assert_eq!(answer.status, 405, "TRACE {path}: {answer:?}");
        let allowed = answer.header("allow").unwrap().to_lowercase();
        for method in methods.as_object().unwrap().keys() {
            assert!(allowed.contains(method), "{method} {path}: {allowed}");
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_is_there_is_described() {
    let routes: Vec<&str> = include_str!("../src/web/routes.rs")
        .split(".route(\"")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap().0)
        .collect();
    assert!(routes.len() > 10, "{routes:?}");
    let host = TestHost::start(&options());
    let description = get(host.address, "/openapi.json").await.json();
    let described = description["paths"].as_object().unwrap();
    for route in &routes {
        assert!(described.contains_key(*route), "{route} is not described");
    }
    for path in described.keys() {
        assert!(routes.contains(&path.as_str()), "{path} is no route");
    }
    host.stop().await;
}
