//! Requests, sockets and players in flight when the right to them ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use deskbeam::access::{Access, Mode, Secret, Share, Shares};
use deskbeam::files::{Downloads, Uploads};
use deskbeam::protocol::role::Role;
use deskbeam::web::Folders;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{BEARER, TOKEN, cookie, login, secret, state};
use crate::support::host::TestHost;
use crate::support::http::request;
use crate::support::player::Player;
use crate::support::signaling::Client;
use crate::support::soon;

const UPLOAD: &str = "/api/uploads/0123456789abcdef0123456789abcdef?name=a.txt&size=6&offset=0";
/// More than the buffers of a connection hold.
const LARGE: u64 = 256 * 1024 * 1024;

/// A host with folders for files, and a link for control.
struct Meeting {
    host: TestHost,
    link: Secret,
    share: Share,
    shares: Shares,
    uploads: tempfile::TempDir,
    cut_off: Arc<Notify>,
    _places: [tempfile::TempDir; 2],
}

impl Meeting {
    fn begin() -> Self {
        let (place, state) = state();
        let (uploads, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let large = std::fs::File::create(downloads.path().join("large")).unwrap();
        large.set_len(LARGE).unwrap();
        let shares = Shares::new(state.clone());
        let now_ms = deskbeam::clock::now_ms();
        let (share, link) = shares.add(Role::Control, now_ms + 3_600_000, now_ms).unwrap();
        let cut_off = Arc::new(Notify::new());
        let host = TestHost::start_custom(|setup| {
            setup.parts.access =
                Access::new(Mode::Token(secret(TOKEN)), Some(Shares::new(state)), Vec::new());
            setup.parts.disconnect_all = Arc::clone(&cut_off);
            setup.parts.serving.folders = Folders {
                uploads: Some(Arc::new(Uploads::open(uploads.path(), 100).unwrap())),
                downloads: Some(Arc::new(Downloads::open(downloads.path()).unwrap())),
            };
            setup.config.session.policy.uploads = true;
            setup.config.session.policy.downloads = true;
        });
        Self {
            host,
            link,
            share,
            shares,
            uploads,
            cut_off,
            _places: [place, downloads],
        }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.link.expose())
    }

    fn revoke(&self) {
        let id = self.share.id.to_string();
        assert!(self.shares.revoke(&id, deskbeam::clock::now_ms()).unwrap());
    }

    /// Ends all access, and waits until that is done.
    async fn cut_off(&self) {
        let mut witness = Client::connect_with(&self.host.ws_url(), &[BEARER]).await;
        witness.receive().await;
        self.cut_off.notify_one();
        assert!(witness.closed().await.is_some());
    }
}

/// A request whose body of six bytes is sent by half.
struct HalfSent(TcpStream);

impl HalfSent {
    /// Sends the half, once the host reads the body.
    async fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nexpect: 100-continue\r\n\
             content-length: 6\r\n{headers}\r\n"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut interim = [0; 25];
        soon("the host reads the body", stream.read_exact(&mut interim))
            .await
            .unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"abc").await.unwrap();
        Self(stream)
    }

    /// Sends the other half, and returns the response.
    async fn finish(mut self) -> String {
        // The host may have closed the connection.
        let _ = self.0.write_all(b"def").await;
        self.answer().await
    }

    async fn answer(mut self) -> String {
        let mut answer = String::new();
        let reading = self.0.read_to_string(&mut answer);
        soon("the response arrives", reading).await.unwrap();
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_half_sent_when_its_right_ended_is_not_done() {
    for is_cut_off in [false, true] {
        let meeting = Meeting::begin();
        let (address, bearer) = (meeting.host.address, meeting.bearer());
        let guest = ("authorization", bearer.as_str());
        let text = ("content-type", "text/plain");
        let offer = ("content-type", "application/sdp");
        let started = [
            HalfSent::send(address, "PUT", UPLOAD, &[guest]).await,
            HalfSent::send(address, "PUT", "/api/clipboard", &[guest, text]).await,
            HalfSent::send(address, "POST", "/whep", &[guest, offer]).await,
        ];
        match is_cut_off {
            true => meeting.cut_off().await,
            false => meeting.revoke(),
        }
        for half in started {
            let answer = half.finish().await;
            assert!(
                answer.starts_with("HTTP/1.1 401 ") && answer.contains("access has ended"),
                "{answer}"
            );
        }
        assert_eq!(std::fs::read_dir(meeting.uploads.path()).unwrap().count(), 0);
        let whole = HalfSent::send(address, "PUT", UPLOAD, &[BEARER]).await;
        let answer = whole.finish().await;
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        meeting.host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_body_is_answered_when_its_right_ends() {
    let meeting = Meeting::begin();
    let bearer = meeting.bearer();
    let half = HalfSent::send(meeting.host.address, "PUT", UPLOAD, &[("authorization", &bearer)]).await;
    meeting.revoke();
    let answer = half.answer().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    meeting.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_go_on_is_not_waited_for() {
    let meeting = Meeting::begin();
    let half = HalfSent::send(meeting.host.address, "PUT", UPLOAD, &[BEARER]).await;
    let answer = half.answer().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(std::fs::read_dir(meeting.uploads.path()).unwrap().count(), 0);
    meeting.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_breaks_off_when_its_right_ends() {
    for is_cut_off in [false, true] {
        let meeting = Meeting::begin();
        let head = format!(
            "GET /api/downloads/large HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\n\r\n",
            meeting.host.address,
            meeting.bearer()
        );
        let mut stream = TcpStream::connect(meeting.host.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = vec![0; 1024 * 1024];
        soon("the download begins", stream.read_exact(&mut bytes))
            .await
            .unwrap();
        assert!(bytes.starts_with(b"HTTP/1.1 200 "));
        match is_cut_off {
            true => meeting.cut_off().await,
            false => meeting.revoke(),
        }
        let mut received = bytes.len() as u64;
        soon("the connection ends", async {
            while let Ok(count @ 1..) = stream.read(&mut bytes).await {
                received += count as u64;
            }
        })
        .await;
        assert!(received < LARGE, "it ran to its end");
        meeting.host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_and_players_of_a_session_end_when_it_is_signed_out() {
    let meeting = Meeting::begin();
    let address = meeting.host.address;
    let signed_in = cookie(&login(address, TOKEN).await);
    // A page that is opened again signs in again, and keeps its session.
    let headers = [super::JSON, ("cookie", signed_in.as_str())];
    let body = serde_json::json!({ "secret": TOKEN }).to_string();
    let again = request(address, "POST", "/api/login", &headers, &body).await;
    assert_eq!(cookie(&again), signed_in);
    let session = [("cookie", signed_in.as_str())];
    let mut socket = Client::connect_with(&meeting.host.ws_url(), &session).await;
    socket.receive().await;
    let mut other = Client::connect_with(&meeting.host.ws_url(), &[BEARER]).await;
    other.receive().await;
    let player = Player::new().await;
    let sdp = [session[0], ("content-type", "application/sdp")];
    let answer = request(address, "POST", "/whep", &sdp, &player.offer).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let location = answer.header("location").unwrap();
    let half = HalfSent::send(address, "PUT", UPLOAD, &session).await;
    let answer = request(address, "POST", "/api/logout", &session, "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        socket.closed().await.map(|frame| u16::from(frame.code)),
        Some(1008)
    );
    let answer = half.finish().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let trickle = [BEARER, ("content-type", "application/trickle-ice-sdpfrag")];
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    soon("the player is closed", async {
        while request(address, "PATCH", location, &trickle, "").await.status != 404 {
            pace.tick().await;
        }
    })
    .await;
    other.send(serde_json::json!({"type":"ping"})).await;
    assert_eq!(other.receive_type("pong").await["type"], "pong");
    player.leave().await;
    meeting.host.stop().await;
}
