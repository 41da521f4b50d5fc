//! What clients share: one guest cannot use it up, and an administrator always finds room.

use std::sync::Arc;
use std::time::Duration;

use deskbeam::access::{Access, Mode, Secret, Shares, StateDir};
use deskbeam::files::{Downloads, Uploads};
use deskbeam::protocol::role::Role;
use deskbeam::web::Folders;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::interval;

use super::support::clipboard_desktop::ClipboardDesktop;
use super::support::host::TestHost;
use super::support::http::{Response, request};
use super::support::player::Player;
use super::support::signaling::Client;
use super::support::soon;

const OWNER: &str = "Bearer 0123456789abcdef0123456789abcdef";
const SDP: (&str, &str) = ("content-type", "application/sdp");
/// The size of the file that is downloaded: more than the buffers of a connection.
const FILE: u64 = 64 * 1024 * 1024;

/// The size of the content of the clipboard: more than the buffers of a connection, too.
const COPIED: usize = 16 * 1024 * 1024;

/// A host with a token for the owner, two links, and folders for files.
struct Shared {
    host: TestHost,
    /// The values of `Authorization` of both links.
    guests: [String; 2],
    _folders: [tempfile::TempDir; 3],
}

fn start(max_connections: usize, role: Role) -> Shared {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [state, uploads, downloads] = folders.each_ref().map(tempfile::TempDir::path);
    let file = std::fs::File::create(downloads.join("large")).unwrap();
    file.set_len(FILE).unwrap();
    let shares = Shares::new(StateDir::at(state.to_owned()).unwrap());
    let guests = [(); 2].map(|()| {
        let (_, secret) = shares.add(role, u64::MAX, 0).unwrap();
        format!("Bearer {}", secret.expose())
    });
    let token = Secret::from(OWNER.trim_start_matches("Bearer ").to_owned());
    let folders_of_host = Folders {
        uploads: Some(Arc::new(Uploads::open(uploads, FILE).unwrap())),
        downloads: Some(Arc::new(Downloads::open(downloads).unwrap())),
    };
    let host = TestHost::start_custom(|setup| {
        setup.parts.access = Access::new(Mode::Token(token), Some(shares), Vec::new());
        setup.parts.serving.folders = folders_of_host;
        setup.parts.desktop = Arc::new(ClipboardDesktop {
            copied: "x".repeat(COPIED).into(),
            take: Arc::new(drop),
        });
        setup.config.session.policy.uploads = true;
        setup.config.session.policy.downloads = true;
        setup.config.max_connections = max_connections;
    });
    Shared {
        host,
        guests,
        _folders: folders,
    }
}

impl Shared {
    /// Offers a player that never connects.
    async fn offer(&self, who: &str, offer: &str) -> Response {
        request(
            self.host.address,
            "POST",
            "/whep",
            &[SDP, ("authorization", who)],
            offer,
        )
        .await
    }

    /// Offers players that never connect until one is turned away, and returns the number of the others.
    async fn fill(&self, who: &str, offer: &str) -> usize {
        for count in 0..100 {
            let answer = self.offer(who, offer).await;
            match answer.status {
                201 => {}
                503 => return count,
                _ => panic!("{answer:?}"),
            }
        }
        panic!("there is no end");
    }

    /// Opens a socket, and returns the type of the first message.
    async fn join(&self, who: &str) -> (Client, String) {
        let mut client = Client::connect_with(&self.host.ws_url(), &[("authorization", who)]).await;
        let kind = client.receive().await["type"].as_str().unwrap().to_owned();
        (client, kind)
    }

    /// Sends the head of a request, which announces a body.
    async fn send_head(&self, who: &str, head: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.host.address).await.unwrap();
        let head = format!(
            "{head} HTTP/1.1\r\nhost: {}\r\nauthorization: {who}\r\ncontent-length: {length}\r\n\r\n",
            self.host.address
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    async fn upload(&self, who: &str, number: usize, offset: u64, body: &str) -> Response {
        let path = format!("/api/uploads/{number:032x}?name=a&size=4&offset={offset}");
        request(self.host.address, "PUT", &path, &[("authorization", who)], body).await
    }
}

/// Reads the status of the response.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut line = [0; 12];
    soon("a response arrives", stream.read_exact(&mut line))
        .await
        .unwrap();
    std::str::from_utf8(&line).unwrap()[9..].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn players_that_never_connect_leave_room_for_other_guests_and_the_owner_and_go() {
    let shared = start(8, Role::View);
    let [one, other] = &shared.guests;
    let player = Player::new().await;
    assert_eq!(shared.fill(one, &player.offer).await, 4, "half of the places");
    assert_eq!(
        shared.join(one).await.1,
        "error",
        "sockets and players share them"
    );
    let (_second, kind) = shared.join(other).await;
    assert_eq!(kind, "welcome");
    assert_eq!(shared.fill(other, &player.offer).await, 2, "one place is kept");
    let (_owner, kind) = shared.join(OWNER).await;
    assert_eq!(kind, "welcome");
    assert_eq!(shared.offer(OWNER, &player.offer).await.status, 503);
    let mut pace = interval(Duration::from_millis(500));
    soon("the players that never connected have gone", async {
        loop {
            pace.tick().await;
            if shared.offer(one, &player.offer).await.status == 201 {
                return;
            }
        }
    })
    .await;
    player.leave().await;
    shared.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peers_of_one_socket_count_as_viewers() {
    let shared = start(6, Role::View);
    let guest = ("authorization", shared.guests[0].as_str());
    let url = format!("ws://{}/gstwebrtc", shared.host.address);
    let mut client = Client::connect_with(&url, &[guest]).await;
    client.receive_type("welcome").await;
    client.send(json!({"type":"list"})).await;
    let host = client.receive_type("list").await["producers"][0]["id"].clone();
    for _ in 0..6 {
        client.send(json!({"type":"startSession","peerId":host})).await;
        client.receive_type("sessionStarted").await;
    }
    let refused = client.receive_type("error").await;
    assert!(
        refused["details"].as_str().unwrap().contains("no room"),
        "{refused}"
    );
    let (_owner, kind) = shared.join(OWNER).await;
    assert_eq!(kind, "welcome");
    let (_other, kind) = shared.join(&shared.guests[1]).await;
    assert_eq!(kind, "welcome", "half of the places are left");
    shared.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_uploads_of_a_guest_leave_room_for_others() {
    let shared = start(100, Role::Control);
    let [one, other] = &shared.guests;
    let mut begun = 0;
    while shared.upload(one, begun, 0, "x").await.status == 204 {
        begun += 1;
        assert!(begun < 32, "all places are taken");
    }
    assert_eq!(shared.upload(one, begun, 0, "x").await.status, 503);
    assert_eq!(shared.upload(other, 100, 0, "x").await.status, 204);
    assert_eq!(shared.upload(OWNER, 101, 0, "x").await.status, 204);
    assert_eq!(shared.upload(one, 0, 1, "yyy").await.status, 201, "it goes on");
    assert_eq!(shared.upload(one, begun, 0, "x").await.status, 204);
    shared.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_come_leave_room_for_others_and_end() {
    let shared = start(100, Role::Control);
    let [one, other] = &shared.guests;
    for head in [
        "PUT /api/uploads/0123456789abcdef0123456789abcdef?name=a&size=4&offset=0",
        "PUT /api/clipboard",
        "POST /whep",
    ] {
        let kind = match head {
            "PUT /api/clipboard" => "\r\ncontent-type: text/plain",
            "POST /whep" => "\r\ncontent-type: application/sdp",
            _ => "",
        };
        let mut slow = Vec::new();
        for _ in 0..17 {
            slow.push(shared.send_head(&format!("{one}{kind}"), head, 4).await);
        }
        // Of these, one is refused, and it may be any of them.
        let mut statuses = Vec::new();
        let answers = slow.iter_mut().map(|stream| Box::pin(status(stream)));
        let (first, _, rest) = futures_util::future::select_all(answers).await;
        assert_eq!(first, 503, "{head}");
        drop(rest);
        assert_eq!(shared.upload(other, 100, 0, "x").await.status, 204, "{head}");
        assert_eq!(shared.upload(OWNER, 101, 0, "x").await.status, 204, "{head}");
        for number in [100, 101] {
            assert_eq!(shared.upload(OWNER, number, 1, "yyy").await.status, 201, "{head}");
        }
        for stream in &mut slow[1..] {
            let mut answer = [0; 512];
            let read = soon("it is answered", stream.read(&mut answer))
                .await
                .unwrap_or(0);
            statuses.push(String::from_utf8_lossy(&answer[..read]).into_owned());
        }
        let timed_out = statuses.iter().filter(|answer| answer.contains(" 408 ")).count();
        assert!(timed_out >= 15, "{head}: {statuses:?}");
    }
    shared.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_drops_ends() {
    let shared = start(100, Role::Control);
    let head = "PUT /api/uploads/0123456789abcdef0123456789abcdef?name=a&size=4000&offset=0";
    let mut slow = shared.send_head(&shared.guests[0], head, 4_000).await;
    let mut pace = interval(Duration::from_millis(100));
    let mut answer = [0; 12];
    let answered = soon("it is answered", async {
        loop {
            tokio::select! {
                read = slow.read_exact(&mut answer) => return read,
                _ = pace.tick() => {}
            }
            let _ = slow.write_all(b"x").await;
        }
    });
    answered.await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    shared.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_and_not_read_leaves_room_for_others_and_ends() {
    for head in ["GET /api/downloads/large", "GET /api/clipboard"] {
        let shared = start(100, Role::Control);
        let [one, other] = &shared.guests;
        let mut stalled = Vec::new();
        loop {
            let mut stream = shared.send_head(one, head, 0).await;
            match status(&mut stream).await {
                200 => stalled.push(stream),
                503 => break,
                other => panic!("{head}: {other}"),
            }
            assert!(stalled.len() < 64, "{head}: all places are taken");
        }
        for who in [other, OWNER] {
            assert_eq!(
                status(&mut shared.send_head(who, head, 0).await).await,
                200,
                "{head}"
            );
        }
        let mut pace = interval(Duration::from_millis(500));
        soon("those that nobody reads have ended", async {
            loop {
                pace.tick().await;
                if status(&mut shared.send_head(one, head, 0).await).await == 200 {
                    return;
                }
            }
        })
        .await;
        shared.host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_content_of_the_clipboard_arrives() {
    let shared = start(100, Role::Control);
    let owner = [("authorization", OWNER)];
    let answer = request(shared.host.address, "GET", "/api/clipboard", &owner, "").await;
    assert_eq!(answer.header("content-length"), Some(&*COPIED.to_string()));
    assert!(answer.body.len() == COPIED && answer.body.bytes().all(|byte| byte == b'x'));
    shared.host.stop().await;
}
