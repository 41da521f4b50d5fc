//! WHEP players, by hand and with a webrtcbin that offers.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;

use super::support::host::TestHost;
use super::support::http::{Response, request};
use super::support::player::Player;
use super::support::signaling::Client;
use super::support::soon;

const SDP: (&str, &str) = ("content-type", "application/sdp");
const TRICKLE: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

const ORIGIN: &str = "https://player.example";

/// Starts a host that lets a page of another origin watch.
fn start(max_connections: usize) -> TestHost {
    TestHost::start_custom(|setup| {
        setup.config.origins = vec![ORIGIN.to_owned()];
        setup.config.max_connections = max_connections;
    })
}

/// Sends a request as that page does.
async fn ask(host: &TestHost, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = [headers, &[("origin", ORIGIN)]].concat();
    let answer = request(host.address, method, path, &headers, body).await;
    assert_cors(&answer);
    answer
}

/// Asserts that the page may read the response.
fn assert_cors(answer: &Response) {
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(ORIGIN),
        "{answer:?}"
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
    let lists = |header: &str, all: &[&str]| {
        let listed: Vec<_> = answer.header(header).unwrap().split(", ").collect();
        assert!(all.iter().all(|one| listed.contains(one)), "{header}: {listed:?}");
    };
    lists(
        "access-control-allow-methods",
        &["POST", "PATCH", "DELETE", "OPTIONS"],
    );
    lists(
        "access-control-allow-headers",
        &["Content-Type", "Authorization", "If-Match"],
    );
    lists("access-control-expose-headers", &["Location", "ETag", "Link"]);
    assert_eq!(
        answer.header("cross-origin-resource-policy"),
        Some("cross-origin")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

/// Connects `player`, and returns the location of its session and the response.
async fn come(host: &TestHost, path: &str, player: &mut Player) -> (String, Response) {
    let answer = ask(host, "POST", path, &[SDP], &player.offer).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let location = answer.header("location").unwrap().to_owned();
    (location, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_learns_the_way_by_the_port_that_it_has_used() {
    let host = start(100);
    let mut player = Player::new().await;
    let (_, answer) = come(&host, "/whep", &mut player).await;
    let link = answer.header("link").unwrap();
    let url = format!(
        "<turn:{}?transport=tcp>; rel=\"ice-server\"; username=",
        host.address
    );
    assert!(link.starts_with(&url), "{link}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_reports_the_types_that_it_accepts() {
    let host = start(100);
    let preflight = [("access-control-request-method", "POST")];
    for path in ["/whep", "/whep/cad", "/whep/cad/0123456789abcdef"] {
        let answer = ask(&host, "OPTIONS", path, &preflight, "").await;
        assert_eq!(answer.status, 200, "{path}");
        let answer = ask(&host, "HEAD", path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/sdp")),
            "{path}"
        );
        let answer = ask(&host, "GET", path, &[], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
        let answer = ask(&host, "PUT", path, &[SDP], "").await;
        assert_eq!(answer.status, 405, "{path}");
        assert!(answer.header("allow").unwrap().contains("OPTIONS"), "{answer:?}");
    }
    let answer = ask(&host, "OPTIONS", "/whep", &[], "").await;
    assert_eq!(answer.header("accept-post"), Some("application/sdp"));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_may_not_watch_and_programs_may() {
    let host = start(100);
    let mut player = Player::new().await;
    for origin in ["https://evil.example", "null"] {
        for method in ["OPTIONS", "POST", "GET"] {
            let headers = [SDP, ("origin", origin)];
            let answer = request(host.address, method, "/whep", &headers, &player.offer).await;
            assert_eq!(answer.status, 403, "{method} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    let answer = request(host.address, "POST", "/whep", &[SDP], &player.offer).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    player.take_answer(&answer.body);
    player.until_decoded(10).await;
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_offers_are_refused() {
    let host = start(100);
    let player = Player::new().await;
    let long = format!("{}a=x:{}\r\n", player.offer, "y".repeat(32 * 1024));
    let bare: String = player
        .offer
        .lines()
        .filter(|line| !line.starts_with("a=fingerprint"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    assert_ne!(bare, player.offer);
    for (path, headers, body, status) in [
        ("/whep", &[][..], &*player.offer, 415),
        (
            "/whep",
            &[("content-type", "application/json")],
            &*player.offer,
            415,
        ),
        ("/whep", &[TRICKLE], &*player.offer, 415),
        ("/whep", &[SDP], &*long, 413),
        ("/whep", &[SDP], "", 400),
        ("/whep", &[SDP], "garbage", 400),
        ("/whep", &[SDP], "v=0\r\n", 400),
        ("/whep", &[SDP], &*bare, 400),
        ("/whep/-x", &[SDP], &*player.offer, 400),
    ] {
        let answer = ask(&host, "POST", path, headers, body).await;
        let start: String = body.chars().take(20).collect();
        assert_eq!(answer.status, status, "{path} {headers:?} {start:?}: {answer:?}");
        assert_eq!(answer.header("location"), None);
        assert!(!answer.body.is_empty(), "the body gives the reason");
        if body == bare {
            assert!(answer.body.contains("fingerprint"), "{}", answer.body);
        }
    }
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_gets_all_candidates_and_decodes() {
    let host = start(100);
    for path in ["/whep", "/whep/cad"] {
        let mut player = Player::new().await;
        let (location, answer) = come(&host, path, &mut player).await;
        let app = path.strip_prefix("/whep/").unwrap_or("default");
        let id = location.strip_prefix(&format!("/whep/{app}/")).unwrap();
        assert!(
            id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit()),
            "{location}"
        );
        assert_eq!(answer.header("content-type"), Some("application/sdp"));
        assert!(answer.body.contains("a=candidate:"), "{}", answer.body);
        assert!(answer.body.contains("a=sendonly"), "{}", answer.body);
        assert!(!answer.body.contains("a=setup:actpass"), "{}", answer.body);
        player.take_answer(&answer.body);
        player.until_decoded(30).await;

        let answer = ask(&host, "DELETE", &location, &[], "").await;
        assert_eq!(answer.status, 200);
        for (method, headers) in [("DELETE", &[][..]), ("PATCH", &[TRICKLE])] {
            let answer = ask(&host, method, &location, headers, "a=end-of-candidates\r\n").await;
            assert_eq!(answer.status, 404, "{method} after the end");
        }
        player.leave().await;
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_may_arrive_later_in_fragments() {
    let host = start(100);
    let mut player = Player::new().await;
    // As players do that send each candidate when it is found.
    let (candidates, rest): (Vec<_>, Vec<_>) = player
        .offer
        .lines()
        .map(str::to_owned)
        .partition(|line| line.starts_with("a=candidate") || line == "a=end-of-candidates");
    let value = |name: &str| {
        let line = rest.iter().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} is in {rest:?}")).clone()
    };
    let (ufrag, pwd, mid) = (value("a=ice-ufrag:"), value("a=ice-pwd:"), value("a=mid:"));
    player.offer = rest.join("\r\n") + "\r\n";
    let (location, answer) = come(&host, "/whep", &mut player).await;
    player.take_answer(&answer.body);

    let candidate = candidates
        .iter()
        .find(|line| line.starts_with("a=candidate"))
        .unwrap();
    let first = format!("{ufrag}\r\n{pwd}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\n{mid}\r\n{candidate}\r\n");
    for fragment in [first.as_str(), "a=end-of-candidates\r\n"] {
        let answer = ask(&host, "PATCH", &location, &[TRICKLE], fragment).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{fragment}");
    }
    let long = "a=x\r\n".repeat(16 * 1024);
    for (headers, fragment, status) in [
        (&[SDP][..], first.as_str(), 415),
        (&[TRICKLE], "{}", 400),
        (&[TRICKLE], long.as_str(), 413),
    ] {
        let answer = ask(&host, "PATCH", &location, headers, fragment).await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    let elsewhere = "/whep/default/00000000000000000000000000000000";
    let answer = ask(&host, "PATCH", elsewhere, &[TRICKLE], &first).await;
    assert_eq!(answer.status, 404);
    player.until_decoded(10).await;
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_that_is_killed_is_noticed() {
    let host = start(1);
    let mut player = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "whep::play_until_killed", "--ignored", "--nocapture"])
        .env(KILLED_AT, host.address.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(player.stdout.take().unwrap()).lines();
    let mut locations = lines.map(Result::unwrap).filter_map(|line| {
        let (_, location) = line.split_once("it plays at ")?;
        Some(location.to_owned())
    });
    let location = tokio::task::block_in_place(|| locations.next()).expect("a player that plays");
    player.kill().unwrap();
    player.wait().unwrap();
    let mut again = tokio::time::interval(std::time::Duration::from_millis(200));
    soon("the player is gone", async {
        loop {
            again.tick().await;
            let answer = ask(&host, "PATCH", &location, &[TRICKLE], "a=end-of-candidates\r\n").await;
            match answer.status {
                204 => {}
                404 => return,
                other => panic!("{other}: {answer:?}"),
            }
        }
    })
    .await;
    let mut viewer = Client::connect(&host.ws_url()).await;
    assert_eq!(viewer.receive().await["type"], "welcome", "its slot is free");
    host.stop().await;
}

/// Address of the host for the player that is killed.
const KILLED_AT: &str = "DESKBEAM_TEST_WHEP";

/// Runs in a process of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs as the player of another test"]
async fn play_until_killed() {
    let Ok(address) = std::env::var(KILLED_AT) else {
        return;
    };
    gst::init().unwrap();
    let mut player = Player::new().await;
    let answer = request(address.parse().unwrap(), "POST", "/whep", &[SDP], &player.offer).await;
    player.take_answer(&answer.body);
    // Ten seconds of video. The host notices the loss by missing receiver reports, so one must have arrived: they are
    // due every 6.2 s at most (RFC 3550, section 6.3.1), and a report during the DTLS handshake is lost.
    player.until_decoded(300).await;
    println!("it plays at {}", answer.header("location").unwrap());
    player.until_decoded(u32::MAX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn players_and_viewers_share_the_connection_limit() {
    let host = start(1);
    let mut player = Player::new().await;
    let (location, _) = come(&host, "/whep", &mut player).await;
    let answer = ask(&host, "POST", "/whep", &[SDP], &player.offer).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some());
    let mut refused = Client::connect(&host.ws_url()).await;
    assert_eq!(refused.receive().await["error"]["code"], "SERVER_UNAVAILABLE");

    assert_eq!(ask(&host, "DELETE", &location, &[], "").await.status, 200);
    let mut viewer = Client::connect(&host.ws_url()).await;
    assert_eq!(viewer.receive().await["type"], "welcome");
    let answer = ask(&host, "POST", "/whep", &[SDP], &player.offer).await;
    assert_eq!(answer.status, 503, "a viewer has the slot");
    viewer.send(json!({"type":"ping"})).await;
    assert_eq!(viewer.receive().await["type"], "pong");
    player.leave().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_a_player_offers_lets_no_input_through() {
    let host = start(100);
    let mut player = Player::with_channel().await;
    let (_, answer) = come(&host, "/whep", &mut player).await;
    player.take_answer(&answer.body);
    player.until_decoded(30).await;
    player.try_input(&json!({"type":"mouse-move","data":{"x":1,"y":2}}).to_string());
    player.until_decoded(60).await;
    assert_eq!(host.recording.events(), [], "players only watch");
    player.leave().await;
    host.stop().await;
}
